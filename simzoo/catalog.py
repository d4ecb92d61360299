"""From a name to a part: catalogs are values built from a plugin host, one shelf for each kind of part."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from simzoo.errors import NameClashError, PluginError, unknown_name
from simzoo.facts import MeasureSheet, PartSheet
from simzoo.plugins import PluginHost, load_plugins


@dataclass(frozen=True)
class Entry:
    """One part on a shelf and the plugin it came from."""

    name: str
    part: Any
    plugin: str
    source: str

    @property
    def sheet(self) -> Any:
        """The part's fact sheet."""
        return self.part.sheet


@dataclass
class Shelf(Mapping[str, Entry]):
    """The parts of one kind by name. Iterating gives usable parts; naming a clash or a broken part raises."""

    kind: str
    entries: dict[str, Entry] = field(default_factory=dict)
    clashes: dict[str, NameClashError] = field(default_factory=dict)
    broken: Mapping[str, PluginError] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Put a part on the shelf; a second part of the same name makes the name unusable."""
        if (first := self.entries.get(entry.name)) is None:
            self.entries[entry.name] = entry
            return
        self.clashes[entry.name] = NameClashError(
            f"two plugins bring a {self.kind} named {entry.name!r}",
            expected="one source for each name",
            got=f"{first.plugin} ({first.source}) and {entry.plugin} ({entry.source})",
            next_step=f"set SIMZOO_DISABLE_PLUGINS={entry.plugin}, or rename one of them",
        )

    def __getitem__(self, name: str) -> Entry:
        """Return the entry, or raise an error that says what is known."""
        if name in self.clashes:
            raise self.clashes[name]
        if name not in self.entries:
            broken = f"simzoo list plugins (broken, and might have brought it: {', '.join(self.broken)})"
            raise unknown_name(self.kind, name, self, broken if self.broken else _LIST.get(self.kind))
        return self.entries[name]

    def __contains__(self, name: object) -> bool:
        """Whether a part of that name exists and is usable."""
        return name in self.entries and name not in self.clashes

    def __iter__(self) -> Iterator[str]:
        """Iterate over the usable names, in order."""
        return iter(sorted(set(self.entries) - set(self.clashes)))

    def __len__(self) -> int:
        """Count the usable names."""
        return len(set(self.entries) - set(self.clashes))


_LIST = {"dataset": "simzoo list data"}


class Catalog:
    """All shelves of one plugin host; each is filled when first asked for."""

    def __init__(self, host: PluginHost) -> None:
        """Keep the host; no hook is called yet."""
        self.host = host

    @cached_property
    def measures(self) -> Shelf:
        """Similarities, geometries and transferability scores."""
        return self._shelf("measure", "simzoo_measures")

    @cached_property
    def objectives(self) -> Shelf:
        """Training objectives."""
        return self._shelf("objective", "simzoo_objectives")

    @cached_property
    def backbones(self) -> Shelf:
        """Backbones that are not timm's."""
        return self._shelf("backbone", "simzoo_backbones")

    @cached_property
    def datasets(self) -> Shelf:
        """Data sets with a loader of their own."""
        return self._shelf("dataset", "simzoo_datasets")

    @cached_property
    def augmentations(self) -> Shelf:
        """Augmentations."""
        return self._shelf("augmentation", "simzoo_augmentations")

    @cached_property
    def executors(self) -> Shelf:
        """What can run the blocks of a plan."""
        return self._shelf("executor", "simzoo_executors")

    def with_dataset(self, part: Any) -> Catalog:
        """Return a catalog with one more data set (images that were given in Python); this one stays as it is."""
        shelf = self.datasets
        entry = Entry(part.sheet.name, part, "python", "given in Python")
        other = copy(self)
        other.__dict__["datasets"] = replace(shelf, entries={**shelf.entries, entry.name: entry})
        return other

    @cached_property
    def card_folders(self) -> list[tuple[str, Path]]:
        """Registry folders, each with the plugin that brings it."""
        folders = self._sound("simzoo_cards", "folders that exist", _is_folder)
        return [(plugin, Path(folder)) for plugin, folder in folders]

    @cached_property
    def report_sections(self) -> list[Any]:
        """Sections of a report, in their order."""
        found = self._sound("simzoo_report_sections", "simzoo.report.Section objects", _has_order)
        return sorted((part for _, part in found), key=lambda part: part.order)

    def _shelf(self, kind: str, hook: str) -> Shelf:
        shelf = Shelf(kind, broken=self.host.broken)
        expected = f"parts with the fact sheet of a {kind}, made with simzoo's decorators"
        for plugin, part in self._sound(hook, expected, lambda part: _is_declared(part, kind)):
            shelf.add(Entry(part.sheet.name, part, plugin, self.host.sources.get(plugin, plugin)))
        return shelf

    def _sound(self, hook: str, expected: str, is_sound: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
        """Yield what a hook brought, less what is not of its kind: that marks its plugin as broken."""
        for plugin, part in self.host.call(hook):
            if is_sound(part):
                yield plugin, part
                continue
            self.host.broken[plugin] = PluginError(
                f"plugin {plugin!r} is broken: {hook} returned something else",
                expected=expected,
                got=repr(part)[:80],
                next_step=f"mend or uninstall it, or set SIMZOO_DISABLE_PLUGINS={plugin}",
            )


def _is_declared(part: Any, kind: str) -> bool:
    sheet = getattr(part, "sheet", None)
    if kind == "measure":
        return isinstance(sheet, MeasureSheet)
    return isinstance(sheet, PartSheet) and sheet.kind == kind


def _is_folder(part: Any) -> bool:
    return isinstance(part, str | os.PathLike) and Path(part).is_dir()


def _has_order(part: Any) -> bool:
    return isinstance(getattr(part, "order", None), int | float)


@cache
def catalog() -> Catalog:
    """Return the catalog of what is installed, built once for each process."""
    return Catalog(load_plugins())
