"""What has no value and why, and the images that could not be used."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from simzoo.report.reading import problems
from simzoo.report.section import Block, DataView, Text
from simzoo.report.words import counted, label, pair_words
from simzoo.table.schema import Table

MEANING = {
    "undefined": "the measure's declared domain excludes this input; this is not a failure",
    "failed": "an error stopped this value",
    "skipped": "it was not computed",
}


def render(table: Table) -> list[Block]:
    """Return nothing when everything asked for has a value and every image was used."""
    rows = problems(table)
    left_out = table.context.get("data", {}).get("left_out") or []
    blocks: list[Block] = []
    if len(rows):
        counts = rows["status"].value_counts()
        words = [f"{counted(int(counts[status]), 'value')} {status}: {MEANING[status]}." for status in counts.index]
        blocks += [Text(tuple(words)), DataView(_listed(rows), "Values that are missing, and why.")]
    if left_out:
        images = pd.DataFrame([(str(name), str(reason)) for name, reason in left_out], columns=["image", "reason"])
        blocks.append(DataView(images, f"{counted(len(images), 'image')} left out."))
    return blocks


def _listed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one line for each reason, models and measure, with the layers it concerns."""
    parts = rows.assign(
        measure=rows["measure"].map(label) + rows["field"].map(lambda name: "" if name == "value" else f" ({name})"),
        models=[_pair(row, "model", "") for row in rows.to_dict("records")],
        layers=[_pair(row, "tap", "whole model") for row in rows.to_dict("records")],
        reason=rows["reason"].fillna("no reason was given"),
    )
    columns = ["status", "measure", "models", "reason"]
    together = parts.groupby(columns, sort=False)["layers"].agg(list).reset_index()
    together["values"] = together["layers"].map(len)
    together["layers"] = together["layers"].map(_shortened)
    return together[["status", "measure", "models", "values", "layers", "reason"]]


def _pair(row: dict[Hashable, Any], column: str, absent: str) -> str:
    one, other = row[column], row[f"{column}_b"]
    return pair_words(str(one), str(other)) if isinstance(other, str) else one if isinstance(one, str) else absent


def _shortened(layers: list[str]) -> str:
    shown = ", ".join(layers[:4])
    return shown if len(layers) <= 4 else f"{shown} and {len(layers) - 4:,} more"
