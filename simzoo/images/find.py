"""From a data set's name to its images: a catalog's data set, a name under `SIMZOO_DATA`, or a path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from simzoo.catalog import Catalog, Entry, catalog
from simzoo.errors import DataError, NameClashError, unknown_name
from simzoo.images.imageset import ImageSet, missing_split

HELD_OUT = ("test", "validation")


def open_data(name: str, split: str, shelves: Catalog | None = None) -> ImageSet:
    """Open one split of the data set of that name.

    Args:
        name: a data set of the catalog (`digits`), a folder or Parquet file under `SIMZOO_DATA`, or a path to one.
        split: one of `splits(name)`.
        shelves: where to look for data sets; what is installed by default.
    """
    found = _find(name, shelves)
    known = _splits(found)
    if split not in known:
        raise missing_split(name, split, known)
    if isinstance(found, Entry):
        opened: ImageSet = found.part(split)
        return opened
    own = name if found == _under_home(name) else None
    if _is_parquet(found):
        from simzoo.images.parquet import open_parquet

        return open_parquet(found, split, own)
    from simzoo.images.folder import open_folder

    return open_folder(found, split, own)


def splits(name: str, shelves: Catalog | None = None) -> tuple[str, ...]:
    """Return the splits of a data set."""
    return _splits(_find(name, shelves))


def evaluation_split(name: str, shelves: Catalog | None = None) -> str:
    """Return the split that models are compared on: test, else validation, else the only one there is."""
    known = splits(name, shelves)
    for split in HELD_OUT:
        if split in known:
            return split
    if len(known) == 1:
        return known[0]
    raise missing_split(name, "test", known)


def known_data(shelves: Catalog | None = None) -> list[str]:
    """Return every name that `open_data` knows without a path, in order."""
    names = set((shelves or catalog()).datasets)
    home = _home()
    if home and home.is_dir():
        names |= {entry.name for entry in home.iterdir() if entry.name[0] != "." and _is_data(entry)}
    return sorted(names)


def data_facts(name: str, shelves: Catalog | None = None) -> dict[str, Any]:
    """Return what `simzoo list data` and `simzoo show` print: name, source, splits with counts, classes, pixel size.

    `pixel_size` is (width, height) of the first image of the smallest split, or None where it does not decode.
    """
    found = _find(name, shelves)
    counts = _counts(name, found, shelves)
    images = open_data(name, min(counts, key=counts.__getitem__), shelves)
    facts: dict[str, Any] = {"name": images.name, "splits": counts, "classes": list(images.classes)}
    try:
        facts["pixel_size"] = images.image(0).size if len(images) else None
    except (DataError, OSError):
        facts["pixel_size"] = None
    if isinstance(found, Entry):
        sheet = found.sheet.as_dict()
        about = {"source": sheet.get("source", found.source), "reference": sheet["reference"], "plugin": found.plugin}
        return {**facts, **about, "summary": sheet["summary"]}
    return {**facts, "source": str(found)}


def _find(name: str, shelves: Catalog | None) -> Entry | Path:
    shelf = (shelves or catalog()).datasets
    under_home, path = _under_home(name), Path(name).expanduser()
    if name in shelf.entries:
        if under_home:
            raise NameClashError(
                f"two data sets are named {name!r}",
                expected="one source for each name",
                got=f"{shelf.entries[name].source} and {under_home}",
                next_step=f"rename {under_home}",
            )
        return shelf[name]
    if under_home:
        return under_home
    if path.exists():
        if not _is_data(path):
            raise DataError(
                f"{path} is not a data set",
                expected="a folder of class folders, a Parquet file, or a folder of Parquet files",
                got=f"a {path.suffix or 'nameless kind of'} file",
                next_step="simzoo list data",
            )
        return path
    raise unknown_name("data", name, known_data(shelves), _advice())


def _advice() -> str:
    home = _home()
    if home is None:
        return "simzoo list data; set SIMZOO_DATA to the folder where your data sets lie, or give a path"
    if not home.is_dir():
        return f"SIMZOO_DATA is {home}, which is not a folder: set it to the folder where your data sets lie"
    return f"simzoo list data; put the set into {home} (SIMZOO_DATA), or give a path"


def _splits(found: Entry | Path) -> tuple[str, ...]:
    if isinstance(found, Entry):
        return tuple(found.sheet.facts.get("splits", ("train", "test")))
    if _is_parquet(found):
        from simzoo.images.parquet import parquet_splits

        return tuple(parquet_splits(found))
    from simzoo.images.folder import folder_splits

    return tuple(folder_splits(found))


def _counts(name: str, found: Entry | Path, shelves: Catalog | None) -> dict[str, int]:
    if isinstance(found, Path) and _is_parquet(found):
        from simzoo.images.parquet import parquet_counts

        return parquet_counts(found)
    return {split: len(open_data(name, split, shelves)) for split in _splits(found)}


def _home() -> Path | None:
    folder = os.environ.get("SIMZOO_DATA")
    return Path(folder).expanduser() if folder else None


def _under_home(name: str) -> Path | None:
    home = _home()
    path = home / name if home and name not in ("", ".") else None
    return path if path and not Path(name).is_absolute() and path.exists() and _is_data(path) else None


def _is_data(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".parquet"


def _is_parquet(path: Path) -> bool:
    return path.is_file() or any(path.glob("*.parquet"))
