"""Published downstream results: the tables of the registries, each row with its source, joined to cards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from simzoo.catalog import Catalog, catalog
from simzoo.errors import DataError
from simzoo.registries import cards

COLUMNS = ("model", "task", "dataset", "metric", "value", "ci95", "source", "note")
_NUMBERS = ("value", "ci95")
_KEY = ["model", "task", "dataset", "metric"]


def downstream(shelves: Catalog | None = None) -> pd.DataFrame:
    """Return every published result of the registries, one a row.

    Columns: those of the files (`model`, `task`, `dataset`, `metric`, `value`, `ci95`, `source`, `note`), `study` (the
    file's name) and `card`, the name of the model's card, or none where no card has that name or alias.
    """
    shelves = shelves or catalog()
    return _together(shelves).copy()


@cache
def _together(shelves: Catalog) -> pd.DataFrame:
    files = (file for _, folder in shelves.card_folders for file in sorted((folder / "downstream").glob("*.csv")))
    tables = [read_results(file).assign(study=file.stem) for file in files]
    rows = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*COLUMNS, "study"])
    return rows.assign(card=rows["model"].map(card_names(shelves)))


def card_names(shelves: Catalog | None = None) -> Mapping[str, str]:
    """Return the name of the card that each name or alias stands for."""
    known = cards(shelves)
    aliases = {alias: name for name, card in known.items() for alias in card.aliases}
    return {**aliases, **{name: name for name in known}}


def read_results(path: Path) -> pd.DataFrame:
    """Read and check one file of results."""
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as error:  # pandas' own errors and those of decoding are ValueErrors
        raise _damaged(path, "a CSV file in UTF-8", f"{type(error).__name__}: {error}".strip()) from error
    if tuple(rows.columns) != COLUMNS:
        raise _damaged(path, f"the columns {', '.join(COLUMNS)}", ", ".join(map(str, rows.columns)))
    for name in _NUMBERS:
        numbers = pd.to_numeric(rows[name], errors="coerce")
        wrong = numbers.isna() & ((rows[name] != "") | (name == "value"))
        if wrong.any():
            raise _damaged(path, f"a number as {name}", repr(rows.loc[wrong, name].iloc[0]), _line(wrong))
        rows[name] = numbers.astype("float64")
    for name in (*_KEY, "source"):
        empty = rows[name].str.strip() == ""
        if empty.any():
            raise _damaged(path, f"a {name} in every row", "none", _line(empty))
    twice = rows.duplicated(_KEY)
    if twice.any():
        got = ", ".join(rows.loc[twice, _KEY].iloc[0])
        raise _damaged(path, "each result once", f"a second value of {got}", _line(twice))
    return rows


def _line(wrong: pd.Series) -> str:
    return f", line {int(wrong.to_numpy().argmax()) + 2}"


def _damaged(path: Path, expected: str, got: str, where: str = "") -> DataError:
    return DataError(
        f"{path.name}{where}, is not a table of downstream results" if where else f"{path.name} cannot be used",
        expected=expected,
        got=got,
        next_step=f"correct {path} (columns: {', '.join(COLUMNS)})",
    )
