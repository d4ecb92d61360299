"""What has no value and why, and the images that could not be used."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from simzoo.report.alike import alike
from simzoo.report.grid import is_grid, laid_out
from simzoo.report.reading import left_out_images, problems
from simzoo.report.section import Block, DataView, Text
from simzoo.report.words import counted, label, pair_words
from simzoo.table.schema import Table

MEANING = {
    "undefined": "the measure's declared domain excludes this input; this is not a failure",
    "failed": "an error stopped this value",
    "skipped": "not computed in this run",
}


def render(table: Table) -> list[Block]:
    """Return nothing when everything asked for has a value and every image was used."""
    rows = problems(table)
    left_out = left_out_images(table)
    blocks: list[Block] = []
    if len(rows):
        counts = rows["status"].value_counts()
        words = [f"{counted(int(counts[status]), 'value')} {status}: {MEANING[status]}." for status in counts.index]
        blocks += [Text(tuple(words)), DataView(_listed(table, rows), "Values that are missing, and why.")]
    if is_grid(table) and len(absent := _absent(table)):
        blocks.append(DataView(absent, "Measured elsewhere in this grid, and not in this table: no row says why."))
    if left_out:
        images = pd.DataFrame(left_out, columns=["image", "reason"])
        blocks.append(DataView(images, f"{counted(len(images), 'image')} left out."))
    return blocks


def _absent(table: Table) -> pd.DataFrame:
    cells = alike(table)
    cells = cells[cells["status"] == "absent"].drop_duplicates(["variant", "model", "model_b", "setting"])
    models = [pair_words(str(a), str(b)) for a, b in zip(cells["model"], cells["model_b"], strict=True)]
    parts = pd.DataFrame({"measure": cells["variant"], "models": models, "setting": cells["setting"]})
    together = parts.groupby(["measure", "models"], sort=False)["setting"].agg(list).reset_index()
    return together.assign(setting=together["setting"].map(_shortened))


def _listed(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one line for each reason, models and measure, with the layers (in a grid also settings) it concerns."""
    rows = laid_out(table, rows) if is_grid(table) else rows
    parts = rows.assign(
        measure=rows["measure"].map(label) + rows["field"].map(lambda name: "" if name == "value" else f" ({name})"),
        models=[_pair(row, "model", "") for row in rows.to_dict("records")],
        layers=[_pair(row, "tap", "whole model") for row in rows.to_dict("records")],
        reason=rows["reason"].fillna("no reason was given"),
    )
    columns, listed = ["status", "measure", "models", "reason"], [*(["setting"] if is_grid(table) else []), "layers"]
    groups = parts.groupby(columns, sort=False)[listed].agg(list)
    together = groups.map(_shortened).assign(values=groups["layers"].map(len)).reset_index()
    return together[["status", "measure", "models", "values", *listed, "reason"]]


def _pair(row: dict[Hashable, Any], column: str, absent: str) -> str:
    one, other = row[column], row[f"{column}_b"]
    return pair_words(str(one), str(other)) if isinstance(other, str) else one if isinstance(one, str) else absent


def _shortened(layers: list[str]) -> str:
    layers = list(dict.fromkeys(layers))
    shown = ", ".join(layers[:4])
    return shown if len(layers) <= 4 else f"{shown} and {len(layers) - 4:,} more"
