"""A folder of class folders, divided by a hash of the ids (`pets/cat/1.jpg`) or by folders (`pets/train/cat/1.jpg`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simzoo.images.division import Division
from simzoo.images.imageset import file_hash
from simzoo.images.tree import EXTENSIONS, TreeImages, open_tree, tree_splits


@dataclass(frozen=True)
class Folder:
    """The files of a directory, as a tree."""

    root: Path

    @property
    def name(self) -> str:
        """The directory's own name."""
        return self.root.absolute().name

    @property
    def source(self) -> str:
        """Where it lies."""
        return str(self.root)

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing: every image of a directory is used or told of by its place."""
        return ()

    def folders(self, below: str) -> list[str]:
        """Return the names of the directories directly below, without hidden ones, in order."""
        place = self.root / below
        return sorted(entry.name for entry in place.iterdir() if entry.is_dir() and entry.name[0] != ".")

    def images(self, below: str, *, deep: bool = True) -> list[str]:
        """Return the paths of the images below, at any depth or directly, in order."""
        place = self.root / below
        found = (file for file in (place.rglob("*") if deep else place.iterdir()) if file.name[0] != ".")
        files = (file for file in found if file.suffix.lower() in EXTENSIONS and file.is_file())
        return sorted(file.relative_to(self.root).as_posix() for file in files)

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        return (self.root / path).read_bytes()

    def hash(self, path: str) -> str:
        """Return the SHA-256 of a file, read once a process as long as its size and time stay the same."""
        return file_hash(self.root / path)


def folder_splits(path: Path) -> dict[str, str]:
    """Return the folder of each split (see `simzoo.images.tree.tree_splits`)."""
    return tree_splits(Folder(path))


def open_folder(path: Path, split: str, name: str | None = None, *, division: Division | None = None) -> TreeImages:
    """Open one split of a folder of class folders (see `simzoo.images.tree.open_tree`)."""
    return open_tree(Folder(path), split, name, division)
