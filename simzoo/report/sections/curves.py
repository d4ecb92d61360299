"""Measures of single representations, as curves over depth."""

from __future__ import annotations

import pandas as pd

from simzoo.report.figures import curves
from simzoo.report.grid import is_grid
from simzoo.report.reading import models, per_tap
from simzoo.report.section import Block, Chart, DataView
from simzoo.report.sections.depths import depths
from simzoo.report.words import label, real, sentence, with_interval
from simzoo.table.schema import Table


def render(table: Table) -> list[Block]:
    """Return a figure for each measure with several taps, and a table of those with one tap a model."""
    if is_grid(table):
        return depths(table)
    rows = per_tap(table)
    blocks: list[Block] = []
    single: list[pd.DataFrame] = []
    for name, group in rows.groupby("measure", sort=False):
        if group.groupby("model")["tap"].nunique().max() < 2:
            single.append(group)
            continue
        summary = str(table.sheets.get(str(name), {}).get("summary") or "")
        larger = str(table.sheets.get(str(name), {}).get("larger") or "")
        caption = f"{sentence(label(str(name)))}. {summary}".strip()
        caption += f" Larger: {larger}." if larger else ""
        band = " Bands: intervals." if group["low"].notna().any() else " No interval was computed."
        chart = curves(table, str(name), group, models(table))
        blocks.append(Chart(chart, f"{caption} Diamonds: the final layer.{band}", f"depth-{name}"))
    if single:
        blocks.append(DataView(_values(pd.concat(single)), "Measures of one layer a model."))
    return blocks


def _values(rows: pd.DataFrame) -> pd.DataFrame:
    def row(record: dict[str, object]) -> dict[str, str]:
        field = "" if record["field"] == "value" else f" ({record['field']})"
        shown = with_interval(*(real(record[name]) for name in _ENDS))
        return {
            "model": str(record["model"]),
            "layer": str(record["tap"]),
            "measure": f"{label(str(record['measure']))}{field}",
            "value": shown,
        }

    return pd.DataFrame([row({str(key): cell for key, cell in record.items()}) for record in rows.to_dict("records")])


_ENDS = ("value", "low", "high")
