"""Measures of single representations in a grid: one row for all seeds and draws, gaps included; and their rankings."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from simzoo.report.alike import GAPS
from simzoo.report.grid import bases, laid_out, together
from simzoo.report.reading import ACCURACY
from simzoo.table.query import last_layers
from simzoo.table.schema import Table

_ABOUT = ["variant", "measure", "model", "tap", "kind", "depth", "setting", "augmentation", "strength"]


def singles(table: Table) -> pd.DataFrame:
    """Return the rows of one representation each, as `alike` does those of pairs; what has no value says why."""
    one = table.rows[table.rows["model_b"].isna() & table.rows["tap"].notna()]
    found = laid_out(table, together(table, one)).assign(status="ok", note="")
    columns = [*_ABOUT, "value", "low", "high", "chance", "seeds", "status", "note"]
    bad = laid_out(table, one[one["status"] != "ok"])
    bad = bad.assign(rank=bad["status"].map(GAPS.index)).sort_values("rank", kind="stable")
    note = bad["status"] + ": " + bad["reason"].fillna("no reason was given")
    bad = bad.assign(note=note, value=math.nan, low=math.nan, high=math.nan, seeds=0)
    numbers = dict.fromkeys(("depth", "strength", "value", "low", "high", "chance", "seeds"), "float64")
    both = pd.concat([part[columns].astype(numbers) for part in (found, bad)])
    return both.drop_duplicates(_ABOUT).reset_index(drop=True)


def last(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each model's final layer; models that lack one another has are `absent`."""
    found = last_layers(rows.assign(model_b=None), ["variant", "model"])
    asked = (
        found[["variant", "measure", "setting"]]
        .drop_duplicates()
        .merge(pd.DataFrame({"model": bases(table)}), how="cross")
    )
    whole = asked.merge(found.drop(columns=["model_b"]), on=["variant", "measure", "setting", "model"], how="left")
    ever = set(found[found["status"] == "ok"][["variant", "model"]].itertuples(index=False, name=None))
    keep = [key in ever for key in whole[["variant", "model"]].itertuples(index=False, name=None)]
    whole = whole[pd.Series(keep, index=whole.index) | whole["status"].notna()]
    return whole.assign(status=whole["status"].fillna("absent"), note=whole["note"].fillna("absent: not in this table"))


def by_variant(rows: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Go through the variants of measures, kNN accuracy first: (variant, measure, rows)."""
    groups = list(rows.groupby(["variant", "measure"], sort=False))
    for (variant, measure), part in sorted(groups, key=lambda group: group[0][1] != ACCURACY):
        yield str(variant), str(measure), part


def ranked(rows: pd.DataFrame) -> list[str]:
    """Return the models by their mean value over settings, largest first; those without any value last."""
    means = rows.groupby("model", sort=False)["value"].mean().sort_values(ascending=False, na_position="last")
    return [str(name) for name in means.index]
