"""What the sections ask of a table: its models, conditions, layer-by-layer matrices, summaries and accuracies."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from simzoo.report.words import label, real
from simzoo.table.schema import Table

ACCURACY = "knn_accuracy"
DEBIASED = {"cka": "cka_unbiased"}
SUMMARIES = ("match", "lag")
KINDS = ("odd", "even", "block", "other", "final", "logits")
_CONDITION = ("data", "split", "augmentation", "strength", "draw", "params")


Score = tuple[float, float | None, float | None]


@dataclass(frozen=True)
class Accuracy:
    """The kNN accuracy of a model and of the same network untrained, as (value, low, high); None where not measured."""

    model: str
    trained: Score | None
    untrained: Score | None
    chance: float | None
    condition: str = ""


@dataclass(frozen=True)
class Matrix:
    """One measure between the taps of two models, in depth order.

    `cells` has a row for each pair of taps with their places `i` and `j`, `value`, `low`, `high`, `null`, `p`, a
    `note` where there is no value, and `top`: whether the value is its row's most alike one.
    """

    measure: str
    model: str
    model_b: str
    condition: str
    taps: pd.DataFrame
    taps_b: pd.DataFrame
    cells: pd.DataFrame
    distance: bool

    @property
    def kinds(self) -> list[str]:
        """The kinds of tap that both models have at least two of."""
        counts, counts_b = self.taps["kind"].value_counts(), self.taps_b["kind"].value_counts()
        return [kind for kind in KINDS if min(counts.get(kind, 0), counts_b.get(kind, 0)) >= 2]

    def only(self, *kinds: str) -> Matrix:
        """Return the part of the matrix where both taps are of the kinds named."""
        keep, keep_b = (side[side["kind"].isin(kinds)] for side in (self.taps, self.taps_b))
        cells = self.cells[self.cells["i"].isin(keep.index) & self.cells["j"].isin(keep_b.index)].copy()
        cells["i"] = cells["i"].map({old: new for new, old in enumerate(keep.index)})
        cells["j"] = cells["j"].map({old: new for new, old in enumerate(keep_b.index)})
        taps, taps_b = keep.reset_index(drop=True), keep_b.reset_index(drop=True)
        return replace(self, taps=taps, taps_b=taps_b, cells=_with_tops(cells, self.distance))


def is_distance(table: Table, measure: str) -> bool:
    """Whether larger values of a similarity mean less alike."""
    return bool(table.sheets.get(measure, {}).get("larger") == "less alike")


def bounds(table: Table, measure: str) -> tuple[float | None, float | None]:
    """Return the ends of a measure's declared range, None where there is none."""
    low, high = table.sheets.get(measure, {}).get("range") or (None, None)
    return real(low), real(high)


def models(table: Table) -> list[str]:
    """Return the models a report is about, in the order given; untrained twins only where they were asked for."""
    rows = table.rows[table.rows["measure"] != ACCURACY]
    seen = [str(name) for column in ("model", "model_b") for name in rows[column].dropna().unique() if name]
    twins = {facts.get("untrained") for facts in table.models.values()}
    wanted = set(seen) or set(table.models) - twins
    return [name for name in table.models if name in wanted] + [
        name for name in dict.fromkeys(seen) if name not in table.models
    ]


def similarities(table: Table) -> list[str]:
    """Return the measures of two representations, in table order, CKA before its debiased form."""
    named = [str(name) for name in table.rows.loc[table.rows["model_b"].notna(), "measure"].unique()]
    return sorted(named, key=lambda name: _asked_place(name, named))


def spoken(table: Table) -> list[str]:
    """Return the similarities that sentences are made of: the debiased form where there is one."""
    named = similarities(table)
    return list(dict.fromkeys(DEBIASED[name] if DEBIASED.get(name) in named else name for name in named))


def by_condition(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Split the rows of one measure by data, augmentation, draw and options, with words for what differs."""
    varying = [column for column in _CONDITION if len(rows[column].drop_duplicates()) > 1]
    if not varying:
        yield "", rows
        return
    for values, group in rows.groupby(varying, dropna=False, sort=False):
        words = [_words(column, value) for column, value in zip(varying, values, strict=True)]
        yield ", ".join(word for word in words if word), group


def matrices(table: Table, measure: str) -> list[Matrix]:
    """Return the layer-by-layer matrices of a measure, pairs of different models first."""
    rows = table.rows
    cells = rows[(rows["measure"] == measure) & rows["tap"].notna() & rows["tap_b"].notna()]
    found = [
        _matrix(table, measure, (str(pair[0]), str(pair[1])), condition, group)
        for condition, part in by_condition(cells)
        for pair, group in part.groupby(["model", "model_b"], sort=False)
    ]
    return sorted(found, key=lambda matrix: matrix.model == matrix.model_b)


def summaries(table: Table, measure: str, field: str) -> pd.DataFrame:
    """Return the summary rows (`match` or `lag`) of a measure between different models."""
    rows = table.rows
    keep = (rows["measure"] == measure) & (rows["field"] == field) & rows["tap"].isna() & rows["model_b"].notna()
    return rows[keep & (rows["model"] != rows["model_b"])]


def per_tap(table: Table) -> pd.DataFrame:
    """Return the defined rows of single-representation measures, one for each tap."""
    rows = table.rows
    return rows[rows["model_b"].isna() & rows["tap"].notna() & (rows["measure"] != ACCURACY) & (rows["status"] == "ok")]


def last_values(table: Table) -> dict[str, dict[str, tuple[str, Score]]]:
    """Return each measure's value at the last tap of each model: {measure or measure.field: {model: (tap, score)}}."""
    found: dict[str, dict[str, tuple[str, Score]]] = {}
    for row in per_tap(table).to_dict("records"):
        name = str(row["measure"]) if row["field"] == "value" else f"{row['measure']}.{row['field']}"
        value, low, high = (real(row[end]) for end in ("value", "low", "high"))
        if value is not None:
            found.setdefault(name, {})[str(row["model"])] = (str(row["tap"]), (value, low, high))
    return found


def accuracies(table: Table) -> list[Accuracy]:
    """Return each model's kNN accuracy beside its untrained twin's."""
    rows = table.rows
    rows = rows[(rows["measure"] == ACCURACY) & (rows["tap"] == "final") & (rows["status"] == "ok")]
    found = []
    for condition, group in by_condition(rows):
        measured = {str(row["model"]): row for row in group.to_dict("records")}
        for name in models(table):
            twin = table.models.get(name, {}).get("untrained")
            own, other = measured.get(name), measured.get(str(twin)) if twin != name else None
            if own or other:
                chance = real((own or other or {}).get("chance"))
                found.append(Accuracy(name, _score(own), _score(other), chance, condition))
    return found


def datasets(table: Table) -> list[dict[str, Any]]:
    """Return what is known of the data sets: of all that a grid names, or of the one that a comparison does."""
    one = table.context.get("data") or {}
    return list(table.context.get("datasets") or ([one] if one else []))


def left_out_images(table: Table) -> list[tuple[str, str]]:
    """Return the images that could not be used, and why."""
    return [(str(name), str(reason)) for data in datasets(table) for name, reason in data.get("left_out") or ()]


def problems(table: Table) -> pd.DataFrame:
    """Return the rows that hold no value."""
    return table.rows[table.rows["status"] != "ok"]


def _score(row: dict[Hashable, Any] | None) -> Score | None:
    value = real(row["value"]) if row else None
    return None if row is None or value is None else (value, real(row["low"]), real(row["high"]))


def _asked_place(name: str, named: list[str]) -> float:
    plain = next((plain for plain, debiased in DEBIASED.items() if debiased == name), None)
    return named.index(plain) + 0.5 if plain in named else named.index(name)


def _words(column: str, value: Any) -> str:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - NaN is what differs from itself
        return ""
    if column == "params":
        return ", ".join(f"{key} {option}" for key, option in json.loads(value).items()) or "default options"
    return str(value) if column in {"data", "split"} else f"{column} {value}"


def _taps(rows: pd.DataFrame, side: str) -> pd.DataFrame:
    taps = rows[[f"tap{side}", f"kind{side}", f"depth{side}"]].drop_duplicates(f"tap{side}")
    taps = taps.set_axis(["tap", "kind", "depth"], axis=1)
    last = taps["kind"].isin(["final", "logits"])
    order = taps.assign(last=last, rank=taps["kind"].map({kind: place for place, kind in enumerate(KINDS)}))
    return order.sort_values(["last", "depth", "rank"], kind="stable").reset_index(drop=True)[["tap", "kind", "depth"]]


def _matrix(table: Table, measure: str, pair: tuple[str, str], condition: str, rows: pd.DataFrame) -> Matrix:
    model, model_b = pair
    taps, taps_b = _taps(rows, ""), _taps(rows, "_b")
    place, place_b = ({name: at for at, name in enumerate(side["tap"])} for side in (taps, taps_b))
    numeric = {"value": "value", "low": "low", "high": "high", "null_mean": "null", "p": "p"}
    cells = rows[list(numeric)].rename(columns=numeric).astype("float64")
    cells["note"] = (rows["status"] + ": " + rows["reason"].fillna("")).where(rows["status"] != "ok", "").astype(object)
    cells["i"], cells["j"] = rows["tap"].map(place).astype(int), rows["tap_b"].map(place_b).astype(int)
    cells = cells[["i", "j", *numeric.values(), "note"]]
    if model == model_b and table.sheets.get(measure, {}).get("symmetric"):
        # half of a symmetric matrix may be all that was computed
        mirrored = cells.rename(columns={"i": "j", "j": "i"})
        cells = pd.concat([cells, mirrored[list(cells.columns)]])
    cells = cells.drop_duplicates(["i", "j"]).sort_values(["i", "j"]).reset_index(drop=True)
    distance = is_distance(table, measure)
    return Matrix(measure, model, model_b, condition, taps, taps_b, _with_tops(cells, distance), distance)


def _with_tops(cells: pd.DataFrame, distance: bool) -> pd.DataFrame:
    """Mark each row's most alike value; the first of equals, as an argmax does."""
    known = cells[cells["value"].notna()]
    best = known.groupby("i")["value"].agg("idxmin" if distance else "idxmax")
    return cells.assign(top=cells.index.isin(best))


def title_of(table: Table, measure: str, condition: str = "") -> str:
    """Return a measure's words, with the condition where there is more than one."""
    sense = " (smaller: more alike)" if is_distance(table, measure) else ""
    return label(measure) + sense + (f", {condition}" if condition else "")
