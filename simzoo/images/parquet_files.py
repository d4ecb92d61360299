"""Where the Parquet files of a data set lie, by split, from their names alone."""

from __future__ import annotations

import re
from pathlib import Path

from simzoo.errors import DataError
from simzoo.images.imageset import WHOLE

SPLITS = ("train", "validation", "test")
_SPLIT = re.compile(r"(train|test|validation)(-.*)?")


def is_parquet(path: Path) -> bool:
    """Whether a path is a Parquet file, or a folder that holds Parquet files as the hub lays them out."""
    return path.suffix == ".parquet" if path.is_file() else bool(_listed(path))


def parquet_splits(path: Path) -> dict[str, tuple[Path, ...]]:
    """Return the files of each split, in the order train, validation, test; a file that names none is `all`."""
    if path.is_file():
        match = _SPLIT.fullmatch(path.stem)
        return {match[1] if match else WHOLE: (path,)}
    found: dict[str, list[Path]] = {split: [] for split in SPLITS}
    for file in _listed(path):
        if match := _SPLIT.fullmatch(file.stem) or _SPLIT.fullmatch(file.parent.name):
            found[match[1]].append(file)
    splits = {split: tuple(files) for split, files in found.items() if files}
    if not splits:
        raise DataError(
            f"{path.name} holds Parquet files, but none that belongs to a split",
            expected="train-*.parquet, test-*.parquet, validation-*.parquet",
            got=", ".join(sorted(file.name for file in path.glob("*.parquet"))[:3]),
            next_step="rename the files, or name one of them instead of the folder",
        )
    return splits


def _listed(path: Path) -> list[Path]:
    """Return the Parquet files of a folder, else of its `data/`, else of folders named as splits."""
    for files in (path.glob("*.parquet"), path.glob("data/*.parquet")):
        if found := sorted(files):
            return found
    return [file for split in SPLITS for file in sorted(path.glob(f"{split}/*.parquet"))]
