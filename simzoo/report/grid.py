"""A table of many settings: what counts as one, its settings in words, and seeds and draws taken together."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd

from simzoo.report.reading import ACCURACY, bounds, models
from simzoo.report.words import label
from simzoo.table.query import over_seeds, without_seed
from simzoo.table.schema import COLUMNS, RUN_COLUMNS, Table

SETTING = ("data", "split", "augmentation", "strength")
MANY = 8  # models above which pages made for a few of them no longer serve
_FOUND = ("value", "low", "high", "null_mean", "p")
_Words = Callable[[tuple[Any, ...]], str]


def is_grid(table: Table) -> bool:
    """Whether a table spans several settings or many models, or says itself that it is a grid's."""
    rows = table.rows[table.rows["measure"] != ACCURACY]
    several = len(rows[[*SETTING, "draw"]].drop_duplicates()) > 1
    return "grid" in table.context or several or len(models(table)) > MANY


def laid_out(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with `setting` and `variant` (measure, field and options) in words, and models without their seed."""
    found = without_seeds(rows)
    found["setting"] = _mapped(found, SETTING, _setting_words(table))
    found["variant"] = _mapped(found, ("measure", "field", "params"), _variant_words(table))
    return found


def without_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with `resnet50-sl#1` as `resnet50-sl`."""
    return rows.assign(**{name: _mapped_names(rows[name]) for name in ("model", "model_b")})


def _mapped_names(names: pd.Series) -> pd.Series:
    bare = {name: without_seed(name) for name in names.dropna().unique()}
    return names.map(bare).astype(names.dtype)


def together(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for all seeds and draws of a thing: the mean, its interval, its null, and how many went in.

    Draws of one seed are averaged first; the interval is then over seeds, or a single seed's own. `p` is the largest.
    Student's interval over few seeds knows no bounds: it is cut where the measure's range ends.
    A model with itself is left out: what stands for it is how its seeds agree among themselves.
    """
    sound = rows[(rows["status"] == "ok") & (rows["model"] != rows["model_b"]).fillna(value=True)]
    about = [name for name in COLUMNS if name not in {*_FOUND, "status", "reason", *RUN_COLUMNS}]
    if len(sound["draw"].dropna().drop_duplicates()) > 1:
        drawn = sound.groupby([name for name in about if name != "draw"], dropna=False, sort=False)
        sound = drawn[list(_FOUND)].mean().reset_index().assign(draw=0, status="ok")
    keys = [name for name in about if name not in {"seed", "seed_b", "draw"}]
    own = without_seeds(sound).groupby(keys, dropna=False, sort=False)
    known = own.agg(own_low=("low", "mean"), own_high=("high", "mean"), null_mean=("null_mean", "mean"), p=("p", "max"))
    found = over_seeds(sound).drop(columns="draw").merge(known.reset_index(), on=keys, how="left")
    for end in ("low", "high"):
        found[end] = found[end].where(found["seeds"] > 1, found[f"own_{end}"])
    for measure, part in found[found["field"] != "lag"].groupby("measure", sort=False):
        found.loc[part.index, ["low", "high"]] = part[["low", "high"]].clip(*bounds(table, str(measure)))
    return found.drop(columns=["own_low", "own_high"])


def settings(table: Table) -> list[str]:
    """Return the settings in words: data sets and augmentations as they come, each in order of strength."""
    words = _setting_words(table)
    return list(dict.fromkeys(words(row) for row in _ordered(table)))


def facet_groups(table: Table, names: list[str], most: int) -> dict[str, list[str]]:
    """Return settings in groups that fit into one figure: all of them, or one data set and augmentation each."""
    if len(names) <= most:
        return {"all": names}
    groups: dict[str, list[str]] = {}
    words = _setting_words(table)
    for row in _ordered(table):
        if words(row) in names:
            groups.setdefault(words((*row[:3], None)), []).append(words(row))
    return {name: held[:most] for name, held in groups.items()}


def main_setting(table: Table, rows: pd.DataFrame) -> str:
    """Return the setting of the rows that sentences are made of: images as they are, or else the first."""
    held = set(rows["setting"])
    plain = set(rows.loc[rows["augmentation"] == "none", "setting"]) if "augmentation" in rows else set()
    found = [name for name in settings(table) if name in held]
    return next((name for name in found if name in plain or name.split(", ")[-1] == "none"), found[0] if found else "")


def bases(table: Table) -> list[str]:
    """Return the models without their seeds."""
    named = models(table) or [str(name) for name in table.rows["model"].dropna().unique()]
    return list(dict.fromkeys(without_seed(name) for name in named))


def _ordered(table: Table) -> list[tuple[Any, ...]]:
    seen = table.rows[list(SETTING)].drop_duplicates()
    for name in ("data", "split", "augmentation"):
        place = {value: at for at, value in enumerate(dict.fromkeys(seen[name]))}
        seen[f"_{name}"] = seen[name].map(place)
    by = ["_data", "_split", "_augmentation", "strength"]
    return list(seen.sort_values(by, na_position="first")[list(SETTING)].itertuples(index=False, name=None))


def _mapped(rows: pd.DataFrame, columns: tuple[str, ...], words: _Words) -> pd.Series:
    """Return words for combinations of columns, made once for each."""
    numbers = rows.groupby(list(columns), dropna=False, sort=False).ngroup()
    seen = rows[list(columns)].drop_duplicates().itertuples(index=False, name=None)
    return numbers.map({at: words(row) for at, row in enumerate(seen)}).astype(object)


def _setting_words(table: Table) -> _Words:
    varying = [len(table.rows[name].dropna().drop_duplicates()) > 1 for name in ("data", "split")]

    def words(row: tuple[Any, ...]) -> str:
        places = [str(name) for name, differs in zip(row[:2], varying, strict=True) if differs]
        strength = "" if row[3] is None or pd.isna(row[3]) else f" {row[3]:g}"
        return ", ".join([*places, f"{row[2]}{strength}"])

    return words


def _variant_words(table: Table) -> _Words:
    several = table.rows.drop_duplicates(["measure", "params"])["measure"].value_counts() > 1

    def words(row: tuple[Any, ...]) -> str:
        measure, field, params = (str(part) for part in row)
        said = [] if field in {"value", "match"} else [field]
        if several.get(measure, False):
            said += [f"{key} {value}" for key, value in json.loads(params).items()] or ["default options"]
        return label(measure) + (f" ({', '.join(said)})" if said else "")

    return words
