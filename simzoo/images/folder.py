"""A folder of class folders, split by a hash of the ids (`pets/cat/1.jpg`) or by folders (`pets/train/cat/1.jpg`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from PIL import Image

from simzoo.errors import DataError
from simzoo.images.imageset import decode, file_hash, hash_of, missing_split

EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm"})
LAYOUT = "FOLDER/CLASS/IMAGE or FOLDER/{train,test}/CLASS/IMAGE, images being " + " ".join(sorted(EXTENSIONS))
TEST_SHARE = 0.2


@dataclass(frozen=True)
class FolderImages:
    """One split of a folder; `ids` are paths below `root`, with forward slashes."""

    name: str
    split: str
    classes: tuple[str, ...]
    root: Path
    ids: tuple[str, ...] = field(repr=False)
    labels: tuple[int, ...] = field(repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of every id with its file's content; every file is read once."""
        digest = hashlib.sha256()
        for image_id in self.ids:
            digest.update(f"{image_id}\0{file_hash(self.root / image_id)}\n".encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.ids)

    def id(self, i: int) -> str:
        """Return the path below the folder."""
        return self.ids[i]

    def image(self, i: int) -> Image.Image:
        """Read and decode one file."""
        return decode((self.root / self.ids[i]).read_bytes())

    def label(self, i: int) -> int:
        """Return the place of the image's class folder."""
        return self.labels[i]


def folder_splits(path: Path) -> dict[str, str]:
    """Return the folder of each split; the empty name is the folder itself, split by hash.

    `train` is a split, and not a class of trains, when it holds folders; `val` is the test split where there is
    no `test`.
    """
    names = {"train": "train", "validation": "val", "test": "test"}
    found = {split: folder for split, folder in names.items() if _folders(path / folder)}
    if not found:
        return {"train": "", "test": ""}
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    for folder in names.values():
        if (path / folder).is_dir() and folder not in found.values():
            raise _layout(path, f"{folder}/ without class folders")
    return found


def open_folder(path: Path, split: str, name: str | None = None, *, split_seed: int = 0) -> FolderImages:
    """Open one split of a folder of class folders.

    Without split folders, a fifth of each class is the test split: the images whose ids have the smallest hashes
    (of id and `split_seed`), so a file added or removed moves at most one other.
    """
    name = name or path.absolute().name
    splits = folder_splits(path)
    if split not in splits:
        raise missing_split(name, split, tuple(splits))
    classes = tuple(sorted({entry.name for folder in splits.values() for entry in _folders(path / folder)}))
    if not classes:
        raise _layout(path, "no class folders")
    ids, labels = [], []
    for label, class_name in enumerate(classes):
        if not (path / splits[split] / class_name).is_dir():
            continue
        members = _images(path, path / splits[split] / class_name)
        kept = members if splits[split] else _part(members, split, split_seed)
        ids += kept
        labels += [label] * len(kept)
    return FolderImages(name, split, classes, path, tuple(ids), tuple(labels))


def _part(members: list[str], split: str, seed: int) -> list[str]:
    """Return the members of one class that belong to `split`; a class of two images or more has both."""
    size = max(round(TEST_SHARE * len(members)), 1) if len(members) > 1 else 0
    test = set(sorted(members, key=lambda image_id: hash_of(image_id, f"split {seed}"))[:size])
    return [image_id for image_id in members if (image_id in test) == (split == "test")]


def _folders(path: Path) -> list[Path]:
    return [entry for entry in path.iterdir() if entry.is_dir() and entry.name[0] != "."] if path.is_dir() else []


def _images(root: Path, folder: Path) -> list[str]:
    found = (file for file in folder.rglob("*") if file.suffix.lower() in EXTENSIONS and file.name[0] != ".")
    if ids := sorted(file.relative_to(root).as_posix() for file in found if file.is_file()):
        return ids
    raise _layout(root, f"no image in {folder.relative_to(root).as_posix()}/")


def _layout(path: Path, got: str) -> DataError:
    return DataError(
        f"{path.name} is not a folder of class folders", expected=LAYOUT, got=got, next_step=f"rearrange {path}"
    )
