"""From a table to models as points: by a signature of many numbers, or by how alike they are two by two."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial.distance import pdist, squareform

from simzoo.prediction.signature import FIELDS as SIGNATURE
from simzoo.report.words import counted, joined, label
from simzoo.table.schema import Table

Matrix = npt.NDArray[np.float64]
FEWEST = 3  # models that a map is of, at least


@dataclass(frozen=True)
class Points:
    """Models and how far apart they lie: (m, m) distances, and those on each half-sample of the images.

    `raw` are the numbers that made the distances and `signature` the same z-scored over the models (None where a
    similarity made them), `method` how a tree of them is built, `about` what went in, `left_out` what did not and why.
    """

    title: str
    names: list[str]
    distances: Matrix
    halves: list[Matrix]
    raw: pd.DataFrame | None
    signature: pd.DataFrame | None
    method: Literal["ward", "average"]
    about: str
    left_out: list[str]


def points_of(table: Table) -> list[Points]:
    """Return the maps that a table holds the numbers for: one for each data set, and for each setting of the options.

    By the measures that `context["map"]` names; of other tables by the manifold graph metrics, where they have those of
    three models or more.
    """
    named = list((table.context.get("map") or {}).get("measures") or SIGNATURE)
    rows = table.rows[table.rows["measure"].isin(named) & table.rows["tap"].notna()]
    found = []
    for data, part in rows.groupby("data", sort=False):
        for options, own in _variants(part):
            title = ", ".join(word for word in (" and ".join(map(label, named)), str(data), options) if word)
            pairs = own["model_b"].notna()
            made = _by_pairs(table, own[pairs], title) if pairs.any() else _by_signature(table, own, title)
            found += [made] if made is not None else []
    return found


def _variants(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Split rows by the options of the first measure that has several."""
    counts = rows.groupby("measure", sort=False)["params"].nunique()
    swept = [name for name in counts.index if counts[name] > 1]
    if not swept:
        yield "", rows
        return
    own = rows["measure"] == swept[0]
    for params in rows.loc[own, "params"].unique():
        words = ", ".join(f"{name} {value}" for name, value in json.loads(params).items())
        yield words, rows[~own | (rows["params"] == params)]


def _last(rows: pd.DataFrame, side: str = "") -> pd.DataFrame:
    """Return the rows of each model's final layer, or of its deepest where it has none."""
    order = rows.assign(_last=rows[f"kind{side}"] == "final").sort_values(["_last", f"depth{side}"], kind="stable")
    taps = order.drop_duplicates(f"model{side}", keep="last")[[f"model{side}", f"tap{side}"]]
    return rows.merge(taps, on=[f"model{side}", f"tap{side}"])


def _by_signature(table: Table, rows: pd.DataFrame, title: str) -> Points | None:
    rows = _last(rows)
    fields = rows["measure"].map(lambda name: SIGNATURE.get(str(name), ()))
    kept = [not wanted or field in wanted for wanted, field in zip(fields, rows["field"], strict=True)]
    rows = rows[pd.Series(kept, index=rows.index)]
    named = rows.assign(column=[_column(table, row) for row in rows.to_dict("records")])
    values = named.pivot_table(
        index="model", columns="column", values="value", aggfunc="mean", sort=False, dropna=False
    ).astype("float64")
    left_out, values = _complete(values, named)
    if len(values) < FEWEST or values.shape[1] == 0:
        return None
    varying = values.std(ddof=0) > 1e-12 * values.abs().max()
    constant = [str(name) for name in values.columns[~varying]]
    left_out += [f"the same for all models: {joined(constant)}"] if constant else []
    values = values.loc[:, varying]
    if values.shape[1] == 0:
        return None
    scored = (values - values.mean()) / values.std(ddof=0)
    halves = [distances_of(_scored(half).to_numpy()) for half in _halves(table, rows, values)]
    about = f"{counted(values.shape[1], 'number')} of each model, z-scored over the models; {_sizes(rows)}"
    names = [str(name) for name in values.index]
    return Points(title, names, distances_of(scored.to_numpy()), halves, values, scored, "ward", about, left_out)


def _column(table: Table, row: Mapping[Any, Any]) -> str:
    sheet = table.sheets.get(str(row["measure"]), {})
    setting = str(row["augmentation"])
    if setting == "none" and "labels" in (sheet.get("takes") or ()):
        setting = "semantic"
    strength = "" if pd.isna(row["strength"]) or row["strength"] == 1 else f" {row['strength']:g}"
    of = str(row["field"]).replace("_", " ") if row["field"] != "value" else label(str(row["measure"]))
    return f"{of}, {setting}{strength}"


def _complete(values: pd.DataFrame, rows: pd.DataFrame) -> tuple[list[str], pd.DataFrame]:
    """Leave out numbers that no model has, then models that lack half of the others, then what is not of all."""
    empty = values.isna().all()
    why = rows[rows["value"].isna()].drop_duplicates("column").set_index("column")["reason"]
    left_out = [
        f"{name}: no model has it ({str(why.get(name)).partition('; ')[0].splitlines()[0]})"
        for name in values.columns[empty]
    ]
    values = values.loc[:, ~empty]
    few = values.isna().mean(axis=1) > 0.5
    left_out += [f"{name}: lacks most of the numbers" for name in values.index[few]]
    values = values[~few]
    partly = values.isna().any()
    left_out += [f"{name}: not of every model" for name in values.columns[partly]]
    return left_out, values.loc[:, ~partly]


def _halves(table: Table, rows: pd.DataFrame, values: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the signature on each half-sample, where every number of every model was measured on each."""
    wanted = set(rows[["model", "tap", "params"]].itertuples(index=False, name=None))
    cells: dict[tuple[str, str], Sequence[float]] = {}
    for part in table.context.get("half_samples") or ():
        fits = part["data"] == rows["data"].iloc[0] and part["measure"] in set(rows["measure"])
        if fits and (part["model"], part["tap"], part["params"]) in wanted:
            cells[part["model"], _column(table, part)] = part["values"]
    keys = [(str(model), str(column)) for model in values.index for column in values.columns]
    if any(key not in cells for key in keys):
        return []
    count = min(len(cells[key]) for key in keys)
    return [
        pd.DataFrame(np.array([cells[key][at] for key in keys]).reshape(values.shape), values.index, values.columns)
        for at in range(count)
    ]


def distances_of(values: Matrix) -> Matrix:
    """Return the Euclidean distances between rows."""
    distances: Matrix = squareform(pdist(values))
    return distances


def _scored(values: pd.DataFrame) -> pd.DataFrame:
    spread = values.std(ddof=0)
    return (values - values.mean()) / spread.where(spread > 0, 1.0)


def _sizes(rows: pd.DataFrame) -> str:
    """Say of how many images, and with which options, the numbers are."""
    counts = rows.dropna(subset=["n"]).groupby("augmentation", sort=False)["n"].first()
    shown = ", ".join(f"{name} {int(n):,}" for name, n in counts.items())
    options = "; ".join(
        f"{label(str(name))}: {', '.join(f'{key} {value}' for key, value in json.loads(params).items())}"
        for name, params in rows[["measure", "params"]].drop_duplicates().itertuples(index=False, name=None)
        if params != "{}"
    )
    return f"images: {shown}" + (f"; {options}" if options else "")


def _by_pairs(table: Table, rows: pd.DataFrame, title: str) -> Points | None:
    """Return distances from a similarity: how much less alike two are than each is with itself, or a distance as is."""
    rows = _last(_last(rows[rows["field"] == "value"]), "_b")
    measure = str(rows["measure"].iloc[0]) if len(rows) else ""
    names = [str(name) for name in dict.fromkeys([*rows["model"], *rows["model_b"]])]
    values = pd.DataFrame(np.nan, index=names, columns=names)
    for row in rows.to_dict("records"):
        if not pd.isna(row["value"]):
            values.loc[row["model"], row["model_b"]] = values.loc[row["model_b"], row["model"]] = float(row["value"])
    known = values.notna().all(axis=1)
    left_out = [f"{name}: not measured with every other model" for name in values.index[~known]]
    values = values.loc[known, known]
    if len(values) < FEWEST:
        return None
    distance = table.sheets.get(measure, {}).get("larger") == "less alike"
    halves = [_apart(half, distance=distance) for half in _pair_halves(table, rows, list(values.index))]
    taps = joined(list(dict.fromkeys(str(tap) for tap in rows["tap"])))
    about = f"{label(measure)} of each two models at {taps}; {_sizes(rows)}"
    distances = _apart(values.to_numpy(), distance=distance)
    return Points(title, list(values.index), distances, halves, None, None, "average", about, left_out)


def _apart(values: Matrix, *, distance: bool) -> Matrix:
    own = np.diag(values)
    apart = np.clip(values if distance else (own[:, None] + own) / 2 - values, 0, None)
    np.fill_diagonal(apart, 0)
    return apart


def _pair_halves(table: Table, rows: pd.DataFrame, names: Sequence[str]) -> list[Matrix]:
    """Return the similarities on each half-sample, where that of every pair was kept."""
    wanted = set(
        rows[["model", "tap", "model_b", "tap_b", "params", "data", "augmentation"]].itertuples(index=False, name=None)
    )
    place = {name: at for at, name in enumerate(names)}
    cells: dict[tuple[int, int], Sequence[float]] = {}
    for part in table.context.get("half_samples") or ():
        key = tuple(part[name] for name in ("model", "tap", "model_b", "tap_b", "params", "data", "augmentation"))
        if (
            key in wanted
            and part["measure"] == rows["measure"].iloc[0]
            and {part["model"], part["model_b"]} <= set(names)
        ):
            a, b = place[part["model"]], place[part["model_b"]]
            cells[a, b] = cells[b, a] = part["values"]
    if len(cells) < len(names) ** 2:
        return []
    found = np.empty((min(map(len, cells.values())), len(names), len(names)))
    for (a, b), given in cells.items():
        found[:, a, b] = given[: len(found)]
    return list(found)
