"""Check a plugin, installed or a folder that is not: does it load, are its hooks sound, do its parts conform?"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, EntryPoint, entry_points
from os import PathLike
from pathlib import Path
from typing import Any

from simzoo import hookspecs
from simzoo.catalog import Catalog, Entry, Shelf
from simzoo.errors import PluginError, UsageError, unknown_name
from simzoo.plugins import load_plugins
from simzoo.registries import cards, recipes
from simzoo.testing.conformance import KINDS, Result, conformance

SHELVES = ("measures", "objectives", "backbones", "datasets", "augmentations", "executors")


@dataclass(frozen=True)
class PartResults:
    """The results of one part; `subject` is `plugin NAME` or `KIND NAME`."""

    subject: str
    results: list[Result]

    @property
    def ok(self) -> bool:
        """Whether every check passes or is waived."""
        return all(result.ok for result in self.results)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"subject": self.subject, "ok": self.ok, "checks": [asdict(result) for result in self.results]}


def check_plugin(plugin: str | Path) -> list[PartResults]:
    """Check a plugin, by the folder of its pyproject.toml or by its installed name, and every part it brings."""
    folder = Path(plugin).expanduser()
    if folder.is_dir():
        with _importable(folder) as points:
            return _check(points)
    installed = entry_points(group=hookspecs.PROJECT)
    points = [p for p in installed if plugin in {p.name, p.dist.name if p.dist else p.name}]
    if not points:
        known = {point.name for point in installed}
        raise unknown_name("plugin", str(plugin), known, "simzoo list plugins, or name a folder with a pyproject.toml")
    return _check(points)


def _check(points: Sequence[EntryPoint]) -> list[PartResults]:
    names = {point.name for point in points}
    beside = [point for point in entry_points(group=hookspecs.PROJECT) if point.name not in names]
    # those of simzoo and of others too, so that clashes of names come out
    shelves = Catalog(load_plugins([*points, *beside]))
    return [found for point in points for found in _check_one(point.name, shelves)]


def _check_one(name: str, shelves: Catalog) -> Iterator[PartResults]:
    filled: list[Shelf] = [getattr(shelves, shelf) for shelf in SHELVES]
    brought = [entry for shelf in filled for entry in shelf.entries.values() if entry.plugin == name]
    clashes = [error for shelf in filled for error in shelf.clashes.values() if f"{name} (" in str(error.got)]
    folders = [folder for plugin, folder in shelves.card_folders if plugin == name]
    sections = [section for section in shelves.report_sections if _of(section, name, shelves)]
    cards(shelves), recipes(shelves)
    broken = shelves.host.broken.get(name)
    count = len(brought) + len(folders) + len(sections)
    results = [
        Result("it is not disabled", name not in shelves.host.disabled, "SIMZOO_DISABLE_PLUGINS names it"),
        Result("it loads and its hooks return what they should", broken is None, str(broken or "")),
        Result("its names are its own", not clashes, "\n".join(map(str, clashes))),
    ]
    if broken is None and not clashes:
        nothing = PluginError(
            f"plugin {name!r} brings nothing",
            expected="a part, a folder of cards or a report section from one of its hooks",
            got="empty lists, or no function with @simzoo.hookimpl",
            next_step="return a part from one of its hooks (docs/plugins.md)",
        )
        results.append(Result("it brings something", count > 0, str(nothing)))
    yield PartResults(f"plugin {name}", results)
    for entry in brought:
        yield _check_part(entry)


def _check_part(entry: Entry) -> PartResults:
    kind = entry.sheet.kind
    results = conformance(entry.part) if kind in KINDS else []
    return PartResults(f"{kind} {entry.name}", results)


def _of(section: Any, name: str, shelves: Catalog) -> bool:
    return any(plugin == name and part is section for plugin, part in shelves.host.call("simzoo_report_sections"))


@contextmanager
def _importable(folder: Path) -> Iterator[list[EntryPoint]]:
    """Make a folder's modules importable for a while, in place of installed ones of the same name."""
    distribution = _Folder(folder)
    points = [point for point in distribution.entry_points if point.group == hookspecs.PROJECT]
    if not points:
        raise UsageError(
            f"{folder} is not a plugin of simzoo",
            expected='[project.entry-points.simzoo] with NAME = "MODULE" in its pyproject.toml',
            got="no such table",
            next_step="simzoo plugin new NAME writes one",
        )
    tops = {point.module.partition(".")[0] for point in points}
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}
    for name in kept:
        del sys.modules[name]
    path, bytecode = sys.path[:], sys.dont_write_bytecode
    sys.path[:0] = [str(folder.resolve()), str((folder / "src").resolve())]
    sys.dont_write_bytecode = True
    try:
        yield points
    finally:
        sys.path[:], sys.dont_write_bytecode = path, bytecode
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
        sys.modules.update(kept)


class _Folder(Distribution):
    """What a pyproject.toml says of a distribution that is not installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "pyproject.toml"
        try:
            self.project: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{folder} is not a plugin of simzoo",
                expected="a folder with a readable pyproject.toml",
                got=f"{type(error).__name__}: {error}",
                next_step="simzoo plugin new NAME writes one",
            ) from error

    def read_text(self, filename: str) -> str | None:
        """Return the metadata as an installation would hold them."""
        project = self.project
        if filename == "METADATA":
            head = f"Name: {project.get('name', self.folder.name)}\nVersion: {project.get('version', '0')}\n"
            return head + "".join(f"Requires-Dist: {needed}\n" for needed in project.get("dependencies", ()))
        if filename == "entry_points.txt":
            points = project.get("entry-points", {}).get(hookspecs.PROJECT, {})
            return f"[{hookspecs.PROJECT}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        return None

    def locate_file(self, path: str | PathLike[str]) -> Path:
        """Return where a file of the distribution lies."""
        return self.folder / path
