"""From a data set's name to its images: the catalog's, one under `SIMZOO_DATA`, a path, or `hf:OWNER/NAME`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from simzoo.catalog import Catalog, Entry, catalog
from simzoo.errors import DataError, NameClashError, UsageError, unknown_name
from simzoo.images import torchvision_files
from simzoo.images.division import Division, parse
from simzoo.images.folder import Folder
from simzoo.images.imageset import ImageSet, missing_split
from simzoo.images.parquet_files import is_parquet, parquet_splits
from simzoo.images.tar import is_tar, open_tar
from simzoo.images.tree import Tree, open_tree, tree_splits

HELD_OUT = ("test", "validation")
HUB, TORCHVISION = "hf:", "torchvision:"
KINDS = "a folder of images or of class folders, a tar of one, a Parquet file, or a folder of Parquet files"


@dataclass(frozen=True)
class Found:
    """What a name leads to: its splits, how one is opened, where it lies; `divided` where simzoo makes the splits."""

    splits: tuple[str, ...]
    open: Callable[[str], ImageSet]
    source: str
    divided: bool = False
    entry: Entry | None = None
    counts: Callable[[], dict[str, int]] | None = None


def open_data(name: str, split: str, shelves: Catalog | None = None) -> ImageSet:
    """Open one split of the data set of that name.

    Args:
        name: a data set of the catalog (`digits`), a folder, tar or Parquet set under `SIMZOO_DATA`, a path to one, a
            set of torchvision whose files lie under `SIMZOO_DATA`, or `hf:OWNER/NAME[:CONFIG]`; a set without splits of
            its own is divided as `+split-seed=N` and `+group-by=PATTERN` behind the name say.
        split: one of `splits(name)`.
        shelves: where to look for data sets; what is installed by default.
    """
    found = _find(name, shelves)
    if split not in found.splits:
        raise missing_split(name, split, found.splits)
    return found.open(split)


def splits(name: str, shelves: Catalog | None = None) -> tuple[str, ...]:
    """Return the splits of a data set."""
    return _find(name, shelves).splits


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
        known = {name: torchvision_files.files_under(home, name) for name in torchvision_files.LAYOUTS}
        theirs = {place for place in known.values() if place}
        names |= {name for name, place in known.items() if place}
        names |= {
            entry.name for entry in home.iterdir() if entry.name[0] != "." and entry not in theirs and _is_data(entry)
        }
    return sorted(names)


def data_facts(name: str, shelves: Catalog | None = None) -> dict[str, Any]:
    """Return what `simzoo list data` and `simzoo show` print: name, source, splits with counts, classes, pixel size.

    `pixel_size` is (width, height) of the first image of the smallest split, or None where it does not decode.
    """
    found = _find(name, shelves)
    counts = found.counts() if found.counts else {split: len(found.open(split)) for split in found.splits}
    images = found.open(min(counts, key=counts.__getitem__))
    facts: dict[str, Any] = {"name": name, "splits": counts, "classes": list(images.classes)}
    try:
        facts["pixel_size"] = images.image(0).size if len(images) else None
    except (DataError, OSError):
        facts["pixel_size"] = None
    if found.entry:
        sheet = found.entry.sheet.as_dict()
        about = {"source": sheet.get("source", found.source), "reference": sheet["reference"]}
        return {**facts, **about, "plugin": found.entry.plugin, "summary": sheet["summary"]}
    return {**facts, "source": found.source}


def _find(name: str, shelves: Catalog | None) -> Found:
    source, division = parse(name)
    found = _named(source, division, shelves or catalog())
    if division is not None and not found.divided:
        raise UsageError(
            f"{source} is not divided by simzoo, so it takes no --split-seed or --group-by",
            expected="a folder or tar of class folders without train and test",
            got=f"a set with its own {' and '.join(found.splits)}"
            if len(found.splits) > 1
            else f"one undivided split, {found.splits[0]!r}",
            next_step=f"--data {source}",
        )
    return found


def _named(name: str, division: Division | None, shelves: Catalog) -> Found:
    home, shelf = _home(), shelves.datasets
    under_home, path = _under_home(name, home), Path(name).expanduser()
    if name.startswith(HUB):
        from simzoo.images.hub import hub_folder

        return _parquet(hub_folder(name), name)
    if name.startswith(TORCHVISION):
        return _torchvision(name.removeprefix(TORCHVISION), home)
    theirs = torchvision_files.files_under(home, name)
    _one_source(name, shelves, under_home, theirs)
    if name in shelf.entries:
        entry = shelf[name]
        known = tuple(entry.sheet.facts.get("splits", ("train", "test")))
        return Found(known, entry.part, entry.source, entry=entry)
    if theirs:
        return _torchvision(name, home)
    if under_home:
        return _at(under_home, name, division)
    if path.exists():
        if not _is_data(path):
            raise DataError(
                f"{path} is not a data set",
                expected=KINDS,
                got=f"a {path.suffix or 'nameless kind of'} file",
                next_step="simzoo list data",
            )
        return _at(path, None, division)
    raise unknown_name("data", name, known_data(shelves), _advice(name, home))


def _one_source(name: str, shelves: Catalog, under_home: Path | None, theirs: Path | None) -> None:
    """Refuse a name that stands for two data sets: their numbers would be another's."""
    if under_home and theirs and under_home.samefile(theirs):
        return  # `mnist` is also `MNIST/` where the file system does not tell capitals apart
    entry = shelves.datasets.entries.get(name)
    sources = [entry.source] if entry else []
    sources += [str(place) for place in (under_home, theirs) if place]
    if len(sources) > 1:
        ways = f", or say --data {TORCHVISION}{name} or --data {under_home}" if theirs and under_home else ""
        raise NameClashError(
            f"two data sets are named {name!r}",
            expected="one source for each name",
            got=" and ".join(sources),
            next_step=f"rename {under_home or theirs}{ways}",
        )


def _at(path: Path, name: str | None, division: Division | None) -> Found:
    if is_parquet(path):
        return _parquet(path, name)
    tree: Tree = open_tar(path) if path.is_file() else Folder(path)
    folders = tree_splits(tree)
    divided = set(folders.values()) == {""} and len(folders) > 1
    return Found(tuple(folders), partial(_open_tree, tree, name, division), str(path), divided)


def _open_tree(tree: Tree, name: str | None, division: Division | None, split: str) -> ImageSet:
    return open_tree(tree, split, name, division)


def _parquet(path: Path, name: str | None) -> Found:
    def opened(split: str) -> ImageSet:
        from simzoo.images.parquet import open_parquet

        return open_parquet(path, split, name)

    def counts() -> dict[str, int]:
        from simzoo.images.parquet import parquet_counts

        return parquet_counts(path)

    return Found(tuple(parquet_splits(path)), opened, str(path), counts=counts)


def _torchvision(name: str, home: Path | None) -> Found:
    place = torchvision_files.files_under(home, name)
    if home and place:
        return Found(torchvision_files.SPLITS, partial(torchvision_files.open_torchvision, home, name), str(place))
    if name not in torchvision_files.LAYOUTS:
        raise unknown_name(
            "data", f"{TORCHVISION}{name}", [f"{TORCHVISION}{known}" for known in torchvision_files.LAYOUTS]
        )
    raise DataError(
        f"the files of {name} are not there",
        expected=f"{torchvision_files.LAYOUTS[name].marker} in the folder that SIMZOO_DATA names",
        got=f"SIMZOO_DATA={home}, without it" if home else "no SIMZOO_DATA",
        next_step=torchvision_files.how_to_fetch(name, home),
    )


def _advice(name: str, home: Path | None) -> str:
    if name in torchvision_files.LAYOUTS:
        return f"simzoo never downloads data by itself: {torchvision_files.how_to_fetch(name, home)}"
    if home is None:
        return "simzoo list data; set SIMZOO_DATA to the folder where your data sets lie, or give a path"
    if not home.is_dir():
        return f"SIMZOO_DATA is {home}, which is not a folder: set it to the folder where your data sets lie"
    return f"simzoo list data; put the set into {home} (SIMZOO_DATA), or give a path"


def _home() -> Path | None:
    folder = os.environ.get("SIMZOO_DATA")
    return Path(folder).expanduser() if folder else None


def _under_home(name: str, home: Path | None) -> Path | None:
    path = home / name if home and name not in ("", ".") else None
    return path if path and not Path(name).is_absolute() and path.exists() and _is_data(path) else None


def _is_data(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".parquet" or is_tar(path)
