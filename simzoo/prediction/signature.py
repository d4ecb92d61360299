"""The signature of a model: its geometry on one named image set as one row of numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from simzoo.errors import UsageError, unknown_name
from simzoo.table.query import last_layers

FIELDS = {"mgm": tuple(f"{of}_{what}" for of in ("diameter", "affinity", "count") for what in ("mean", "sd"))}
NO_STRENGTH = -1.0  # strength of an augmentation that has none, as a key
ACCURACIES = (
    "linear_probe",
    "knn_accuracy",
    "few_shot",
    "nearest_class_mean",
)  # what is predicted, and so never predicts


class Entry(NamedTuple):
    """One number of a signature: which field of which measure, under which augmentation, of how many images."""

    measure: str
    field: str
    params: str
    augmentation: str
    strength: float | None
    n: int

    @property
    def name(self) -> str:
        """How it is called in tables: `mgm.count_mean, crop`; with its strength where that is not 1.

        >>> Entry("mgm", "count_mean", "{}", "crop", 0.5, 100).name
        'mgm.count_mean, crop:0.5'
        """
        strength = "" if self.strength in {None, 1.0} else f":{self.strength:g}"
        field = "" if self.field == "value" else f".{self.field}"
        return f"{self.measure}{field}, {self.augmentation}{strength}"


class Signature(NamedTuple):
    """Signatures of models (models x entries), what each column is, on which images, and what was left out and why."""

    table: pd.DataFrame
    entries: tuple[Entry, ...]
    data: str
    split: str
    left_out: tuple[str, ...]


def signature(
    rows: pd.DataFrame,
    sheets: Mapping[str, Mapping[str, Any]],
    measures: Sequence[str] | None = None,
    data: str | None = None,
) -> Signature:
    """Read the signatures of all models off a table.

    By default of `mgm` where the table has it, else of every measure of one representation that is no accuracy; on the
    data set that has the most of it. The final layer stands for a model (of mgm the 30 numbers of the study). Models
    without every number, and numbers that are the same for all, are left out and named.
    """
    single = last_layers(rows)
    known = _geometry(single, sheets)
    named = list(measures or (["mgm"] if "mgm" in known else known))
    for name in named:
        if name not in known:
            raise unknown_name("measures of this table", name, known, "simzoo table TABLE shows what was measured")
    chosen = single[single["measure"].isin(named) & (single["status"] == "ok") & single["value"].notna()]
    kept = [_wanted(*pair) for pair in zip(chosen["measure"], chosen["field"], strict=True)]
    chosen = chosen[pd.Series(kept, chosen.index, dtype=bool)]
    place = data or (str(chosen["data"].value_counts().index[0]) if len(chosen) else "")
    chosen = chosen[chosen["data"] == place]
    if chosen.empty:
        raise UsageError(
            "the table has no geometry to predict from",
            expected="measures of one representation, such as mgm, of several models on one image set",
            got=f"{', '.join(known) or 'none'}{f' on {data}' if data else ''}",
            next_step="simzoo grid run --models A,B,C,... --measures mgm --augmentations none,augs,crop",
        )
    return _table(chosen, place)


def _wanted(measure: str, field: str) -> bool:
    return measure not in FIELDS or field in FIELDS[measure]


def plain(name: str) -> str:
    """Return a model's name without seed 0, which is the seed of a name that states none.

    >>> plain("vit-sl#0"), plain("vit-sl"), plain("vit-sl#10")
    ('vit-sl', 'vit-sl', 'vit-sl#10')
    """
    return name.removesuffix("#0")


def _geometry(rows: pd.DataFrame, sheets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    names = [str(name) for name in rows["measure"].unique()]
    return [name for name in names if sheets.get(name, {}).get("kind") == "geometry" and name not in ACCURACIES]


def _table(rows: pd.DataFrame, data: str) -> Signature:
    keys = ["measure", "field", "params", "augmentation", "strength"]
    rows = rows.assign(strength=rows["strength"].fillna(NO_STRENGTH))
    sizes = rows.groupby(keys, sort=False)["n"].max()
    entries = tuple(_entry(key, int(n)) for key, n in zip(sizes.index.tolist(), sizes, strict=True))
    titles = dict(zip(sizes.index, _titles(entries), strict=True))
    named = rows.assign(column=[titles[key] for key in zip(*(rows[name] for name in keys), strict=True)])
    values = named.pivot_table(index="model", columns="column", values="value", aggfunc="mean", sort=False)
    values = values.astype("float64").rename_axis(index=None, columns=None)[list(titles.values())]
    whole = values.notna().all(axis=1)
    varying = values[whole].std(ddof=0) > 1e-12 * values[whole].abs().max()
    left_out = [f"{name}: lacks {int(values.loc[name].isna().sum())} numbers" for name in values.index[~whole]]
    left_out += [f"{name}: the same for all models" for name in values.columns[~varying]]
    kept = tuple(entry for entry, title in zip(entries, titles.values(), strict=True) if varying[title])
    split = str(rows["split"].iloc[0])
    return Signature(values.loc[whole, varying], kept, data, split, tuple(left_out))


def _entry(key: tuple[str, str, str, str, float], n: int) -> Entry:
    measure, field, params, augmentation, strength = key
    return Entry(measure, field, params, augmentation, None if strength == NO_STRENGTH else float(strength), n)


def _titles(entries: Sequence[Entry]) -> list[str]:
    """Return the entries' names, with the options where two would be called alike."""
    names = [entry.name for entry in entries]
    return [
        name if names.count(name) == 1 else f"{name} ({_options(entry)})"
        for name, entry in zip(names, entries, strict=True)
    ]


def _options(entry: Entry) -> str:
    return ", ".join(f"{name} {value}" for name, value in json.loads(entry.params).items())
