"""The words of a grid, from a file, a name of the registry or flags, and where each of them was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simzoo.cards import Grid
from simzoo.catalog import Catalog
from simzoo.errors import SimzooError, UsageError
from simzoo.registries import grid_file
from simzoo.tomlfile import line_of, read


@dataclass(frozen=True)
class Words:
    """What a grid says. `path` is its file, if it has one, and `flags` are the words that were given beside it."""

    grid: Grid
    path: Path | None = None
    flags: frozenset[str] = frozenset()

    def where(self, *place: int | str, value: Any = None) -> str:
        """Say where a word was written: the file, the line and the key, or the flag."""
        key = str(place[0])
        if self.path is None or key in self.flags:
            return f"--{key.replace('_', '-')}"
        line = line_of(self.path.read_text(encoding="utf-8"), place, value)
        return f"{self.path.name}, line {line}, {key}"

    @contextmanager
    def blamed(self, *place: int | str, value: Any = None) -> Iterator[None]:
        """Name the place in every error that comes out of the block."""
        try:
            yield
        except SimzooError as error:
            what = f"{self.where(*place, value=value)}: {error.what}"
            raise type(error)(what, expected=error.expected, got=error.got, next_step=error.next_step) from error


def words(source: str | Path | None, flags: dict[str, Any], shelves: Catalog) -> Words:
    """Return the words of a grid file, or of a grid of the registry by name, with those given beside it laid over.

    Without a source the words given are the grid. Words that are None count as not given.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    if source is None:
        if "models" not in given:
            raise UsageError(
                "a grid needs models",
                expected="a grid file, the name of a grid, or --models A,B",
                got="neither",
                next_step="simzoo list grids, or simzoo grid run --models resnet18-init,vit-init",
            )
        return Words(_checked({"version": 1, "name": _name_of(given["models"]), **given}), None, frozenset(given))
    path = Path(source).expanduser()
    if not (path.suffix == ".toml" or path.is_file()):
        path = grid_file(str(source), shelves)
    grid = read(path, Grid)
    return Words(_checked({**grid.model_dump(exclude_unset=True), **given}), path, frozenset(given))


def _checked(given: dict[str, Any]) -> Grid:
    try:
        return Grid.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"--{str(first['loc'][0]).replace('_', '-')} cannot be so",
            expected="one name or more" if first["type"] == "too_short" else first["msg"],
            got=repr(first.get("input"))[:80],
            next_step="simzoo grid run --help",
        ) from error


def _name_of(models: Any) -> str:
    return "-".join([models] if isinstance(models, str) else models)
