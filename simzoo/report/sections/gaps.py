"""What has no value and why, and the images that could not be used."""

from __future__ import annotations

import pandas as pd

from simzoo.report.reading import problems
from simzoo.report.section import Block, DataView, Text
from simzoo.report.words import counted, label
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
        models=rows["model"] + rows["model_b"].map(lambda name: f" – {name}", na_action="ignore").fillna(""),
        layers=rows["tap"].fillna("whole model") + rows["tap_b"].map(lambda tap: f" – {tap}", na_action="ignore").fillna(""),
        reason=rows["reason"].fillna("no reason was given"),
    )
    columns = ["status", "measure", "models", "reason"]
    together = parts.groupby(columns, sort=False)["layers"].agg(list).reset_index()
    together["values"] = together["layers"].map(len)
    together["layers"] = together["layers"].map(_shortened)
    return together[["status", "measure", "models", "values", "layers", "reason"]]


def _shortened(layers: list[str]) -> str:
    shown = ", ".join(layers[:4])
    return shown if len(layers) <= 4 else f"{shown} and {len(layers) - 4:,} more"
