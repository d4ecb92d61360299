"""Images in class folders, of a directory or an archive: `cat/1.jpg`, `train/cat/1.jpg`, or no classes at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from PIL import Image

from simzoo.errors import DataError
from simzoo.images.division import Division, divide
from simzoo.images.imageset import UNLABELLED, WHOLE, decode, missing_split

EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm"})
LAYOUT = "FOLDER/CLASS/IMAGE or FOLDER/{train,test}/CLASS/IMAGE, images being " + " ".join(sorted(EXTENSIONS))


class Tree(Protocol):
    """Files by their path below a root, with forward slashes; `below` is such a path, or empty for the root."""

    @property
    def name(self) -> str:
        """What the set is called where nobody named it."""

    @property
    def source(self) -> str:
        """Where it lies."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of it, such as members that were ignored."""

    def folders(self, below: str) -> list[str]:
        """Return the names of the folders directly below, without hidden ones, in order."""

    def images(self, below: str, *, deep: bool = True) -> list[str]:
        """Return the paths of the images below, at any depth or directly, in order."""

    def read(self, path: str) -> bytes:
        """Return a file's content."""

    def hash(self, path: str) -> str:
        """Return the SHA-256 of a file's content, read once."""


@dataclass(frozen=True)
class TreeImages:
    """One split of a tree; `ids` are paths below its root."""

    name: str
    split: str
    classes: tuple[str, ...]
    tree: Tree = field(repr=False)
    ids: tuple[str, ...] = field(repr=False)
    labels: tuple[int, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of each file; every file is read once."""
        return tuple(self.tree.hash(image_id) for image_id in self.ids)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of every id with its file's content."""
        digest = hashlib.sha256()
        for image_id, content in zip(self.ids, self.hashes, strict=True):
            digest.update(f"{image_id}\0{content}\n".encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.ids)

    def id(self, i: int) -> str:
        """Return the path below the root."""
        return self.ids[i]

    def image(self, i: int) -> Image.Image:
        """Read and decode one file."""
        return decode(self.tree.read(self.ids[i]))

    def label(self, i: int) -> int:
        """Return the place of the image's class folder, or -1 where there are no class folders."""
        return self.labels[i]


def tree_splits(tree: Tree) -> dict[str, str]:
    """Return the folder of each split; the empty name is the root itself, divided by hash, or whole without classes.

    `train` is a split, and not a class of trains, when it holds folders; `val` is the test split where there is
    no `test`.
    """
    names = {"train": "train", "validation": "val", "test": "test"}
    top = tree.folders("")
    found = {split: folder for split, folder in names.items() if folder in top and tree.folders(folder)}
    if not found:
        flat = not top and tree.images("", deep=False)
        return {WHOLE: ""} if flat else {"train": "", "test": ""}
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    for folder in names.values():
        if folder in top and folder not in found.values():
            raise _layout(tree, f"{folder}/ without class folders")
    return found


def open_tree(tree: Tree, split: str, name: str | None = None, division: Division | None = None) -> TreeImages:
    """Open one split of a tree; without split folders `division` says how its classes are divided.

    A set that is divided carries the rule in its name, so that it stands in every row.
    """
    plain, division = name or tree.name, division or Division()
    splits = tree_splits(tree)
    if split not in splits:
        raise missing_split(plain, split, tuple(splits))
    if split == WHOLE:
        whole = tuple(tree.images("", deep=False))
        said = _said(plain, [*tree.notes, "images without class folders have no labels"])
        return TreeImages(plain, split, (), tree, whole, (UNLABELLED,) * len(whole), said)
    classes = tuple(sorted({folder for below in splits.values() for folder in tree.folders(below)}))
    if not classes:
        raise _layout(tree, "no class folders")
    below, here = splits[split], set(tree.folders(splits[split]))
    prefix = f"{below}/" if below else ""
    members = {kind: _members(tree, prefix + kind) for kind in classes if kind in here}
    notes = [*tree.notes, *_beside(tree, below)]
    if not below:
        parts = divide(plain, members, division)
        members = {
            kind: [image_id for image_id in ids if (image_id in parts.test) == (split == "test")]
            for kind, ids in members.items()
        }
        notes += parts.notes
    pairs = [(image_id, label) for label, kind in enumerate(classes) for image_id in members.get(kind, ())]
    ids, labels = tuple(image_id for image_id, _ in pairs), tuple(label for _, label in pairs)
    return TreeImages(plain if below else f"{plain}{division}", split, classes, tree, ids, labels, _said(plain, notes))


def _members(tree: Tree, folder: str) -> list[str]:
    if ids := tree.images(folder):
        return ids
    raise _layout(tree, f"no image in {folder}/")


def _beside(tree: Tree, below: str) -> list[str]:
    loose = tree.images(below, deep=False)
    count = (
        "1 image beside the class folders is"
        if len(loose) == 1
        else f"{len(loose):,} images beside the class folders are"
    )
    return [f"{count} not used: {loose[0]}"] if loose else []


def _said(name: str, notes: list[str]) -> tuple[str, ...]:
    return tuple(f"{name}: {note}" for note in notes)


def _layout(tree: Tree, got: str) -> DataError:
    return DataError(
        f"{tree.name} is not a folder of class folders", expected=LAYOUT, got=got, next_step=f"rearrange {tree.source}"
    )
