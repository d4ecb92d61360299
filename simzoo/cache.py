"""What lies in the store, whether it is sound, and how to make room: for `simzoo cache ls`, `verify` and `prune`."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import Timeout

from simzoo.errors import DamagedFileError, SimzooError, damaged
from simzoo.storage import (
    Shelf,
    home,
    read_sealed,
    remove,
    representations_shelf,
    scripts_shelf,
    sealed_facts,
    weights_shelf,
)
from simzoo.table.store import ResultStore

Kind = Literal["weights", "representations", "script", "checkpoint", "results", "download", "damaged", "unfinished"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DEFAULT: tuple[Kind, ...] = ("representations",)
REMAKE: tuple[Kind, ...] = (
    "representations",
    "script",
    "checkpoint",
    "damaged",
    "unfinished",
)  # all that costs only time

_KEY = re.compile(r"(?<![0-9a-f])[0-9a-f]{20}(?![0-9a-f])")
DAY = 24 * 60 * 60
SHOWN = 3  # damaged blocks that a message lists


@dataclass(frozen=True)
class Item:
    """One thing in the store: its files, their size and age, and what its header says it is."""

    kind: Kind
    name: str
    files: tuple[Path, ...] = field(repr=False)
    bytes: int
    days: float
    key: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**asdict(self), "files": [str(path) for path in self.files]}


def contents() -> list[Item]:
    """Return everything in the store, by kind, the largest first within each; headers are read, payloads are not."""
    kinds: dict[Kind, list[Item]] = {kind: [] for kind in KINDS}
    for item in _items():
        kinds[item.kind].append(item)
    return [item for items in kinds.values() for item in sorted(items, key=lambda item: -item.bytes)]


def verify() -> list[dict[str, Any]]:
    """Check every checksum of the store; return what is damaged, each with `file` and `reason`. Nothing is changed."""
    found: list[dict[str, Any]] = []
    for item in contents():
        try:
            _check(item)
        except (DamagedFileError, OSError) as error:
            found.append({"kind": item.kind, "name": item.name, "file": str(item.files[0]), "reason": _reason(error)})
    return found


def prune(
    kinds: Collection[Kind] = DEFAULT, older_than: float = 0.0, *, dry_run: bool = False
) -> tuple[list[Item], list[Item]]:
    """Remove what is of these kinds and at least `older_than` days old; return what went and what is in use.

    What another process holds the lock of is in use and stays. Results are never removed.
    """
    gone: list[Item] = []
    in_use: list[Item] = []
    for item in contents():
        if item.kind not in kinds or item.kind == "results" or item.days < older_than:
            continue
        try:
            with _lock(item):
                if not dry_run:
                    remove(*item.files)
            gone.append(item)
        except Timeout:
            in_use.append(item)
    return gone, in_use


def _items() -> Iterator[Item]:
    for shelf, kind in _shelves():
        taken: set[Path] = set()
        for key in shelf.keys():  # noqa: SIM118 - a shelf is no mapping
            files = tuple(path for path in (shelf.path(key), shelf.folder / f"{key}.json") if path.exists())
            taken |= set(files)
            yield _item(kind, _name(files[-1]), *files)
        for path in _files(shelf.folder):
            if path in taken or path.suffix == ".lock":
                continue
            if path.suffix == ".ckpt":
                yield _item("checkpoint", _checkpoint_name(path), path)
            else:
                yield _item("damaged" if path.suffix == ".damaged" else "unfinished", path.name, path)
    for path in _files(home() / "downloads"):
        yield _item("unfinished" if path.suffix == ".part" else "download", path.name, path)
    database = home() / "results.sqlite"
    if database.exists():
        yield _item("results", database.name, *sorted(home().glob("results.sqlite*")))
    for path in _files(home()):
        if path.suffix in {".part", ".damaged"}:
            yield _item("unfinished" if path.suffix == ".part" else "damaged", path.name, path)


def _shelves() -> tuple[tuple[Shelf, Kind], ...]:
    return ((weights_shelf(), "weights"), (representations_shelf(), "representations"), (scripts_shelf(), "script"))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _item(kind: Kind, name: str, *files: Path) -> Item:
    facts = []
    for path in files:
        try:
            facts.append(path.stat())
        except FileNotFoundError:  # another process has just finished or removed it
            continue
    age = time.time() - max((fact.st_mtime for fact in facts), default=time.time())
    match = _KEY.search(files[0].name)
    size = sum(fact.st_size for fact in facts)
    return Item(kind, name, files, size, max(age, 0.0) / DAY, match[0] if match else "")


def _name(header: Path) -> str:
    """Return what a header, not yet checked, says its artifact is."""
    try:
        facts = json.loads(header.read_text())["facts"]
        if "data" not in facts or "taps" not in facts:
            return str(facts["name"])
        seed = "" if facts.get("augmentation", "none") == "none" else f", {facts['augmentation']}"
        return f"{facts['model']} on {facts['data']} ({facts['split']}, {len(facts['ids'])} images{seed})"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return header.name


def _checkpoint_name(path: Path) -> str:
    try:
        facts = sealed_facts(path)
        return f"{facts['name']} after {facts['epochs']} epochs"
    except (DamagedFileError, KeyError, TypeError, OSError):
        return path.name


def _check(item: Item) -> None:
    if item.kind == "results":
        _check_results(item)
    elif item.kind == "checkpoint":
        read_sealed(item.files[0])
    elif item.kind in {"weights", "representations", "script"}:
        shelf = next(shelf for shelf, kind in _shelves() if kind == item.kind)
        in_writing = _lock(item) if os.access(shelf.folder, os.W_OK) else nullcontext()  # none writes where none can
        try:
            with in_writing:
                shelf.read(item.files[-1].stem)
        except Timeout:
            return  # being written


def _reason(error: DamagedFileError | OSError) -> str:
    return f"{error.what} ({error.got})" if isinstance(error, DamagedFileError) else str(error)


def _check_results(item: Item) -> None:
    try:
        odd = ResultStore(item.files[0]).damaged()
    except DamagedFileError:
        raise
    except SimzooError as error:
        raise damaged(error.what, error.got or "") from error
    if odd:
        listed = ", ".join(odd[:SHOWN]) + (", ..." if len(odd) > SHOWN else "")
        raise damaged(f"{len(odd)} blocks do not match their checksums", listed)


def _lock(item: Item) -> Any:
    """Return the lock under which an item is made, to be had at once or not at all."""
    return Shelf(item.files[0].parent, "").lock(item.key or "cache", timeout=0)
