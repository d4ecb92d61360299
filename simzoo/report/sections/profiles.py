"""Invariance profiles: what each strength of an augmentation does to each layer of one model."""

from __future__ import annotations

import pandas as pd

from simzoo.report.facets import PANELS, depth_curves
from simzoo.report.grid import bases, is_grid
from simzoo.report.reading import KINDS
from simzoo.report.section import Block, Chart, Choice, Text
from simzoo.report.sections.overview import FILES
from simzoo.report.sections.strengths import over_strength
from simzoo.report.singles import by_variant, singles
from simzoo.report.words import counted
from simzoo.table.schema import Table

MOST = 12  # models that a page draws profiles of
READING = (
    "A line is a strength of the augmentation (1: the named setting), over the depth of the model. Several models at "
    "one strength are drawn together under Over depth, and their final layers against strength under Over strength."
)


def render(table: Table) -> list[Block]:
    """Return a chooser of measures of views, models and layers, a panel an augmentation; nothing without a sweep."""
    if not is_grid(table):
        return []
    given = {name: {*sheet.get("needs", ()), *sheet.get("takes", ())} for name, sheet in table.sheets.items()}
    asked = [name for name, inputs in given.items() if "views" in inputs]
    rows = over_strength(table, singles(table))
    options: dict[tuple[str, ...], Chart] = {}
    names = [name for name in bases(table) if name in set(rows["model"])]
    for variant, measure, part in by_variant(rows[rows["measure"].isin(asked)]):
        for model in names[:MOST]:
            own = part[part["model"] == model]
            if len(own["tap"].drop_duplicates()) < 2:
                continue
            for kind in [kind for kind in KINDS if kind not in {"final", "logits"} and kind in set(own["kind"])]:
                options[variant, model, kind] = _profile(table, measure, own[own["kind"].isin([kind, "final"])])
    if not options:
        return []
    blocks: list[Block] = [Text((READING,), role="note"), Choice(("Measure", "Model", "Layers"), options)]
    if len(names) > MOST:
        left = counted(len(names) - MOST, "model")
        blocks.append(Text((f"The first {MOST} models are drawn; in the table: {left} more.",)))
    firsts = {key[1]: key for key in reversed(list(options))}
    for key in list(reversed(firsts.values()))[:FILES]:
        one = options[key]
        blocks.append(Chart(one.chart, one.caption, f"profile {key[0]} {key[1]} {key[2]}", on_page=False))
    return blocks


def _profile(table: Table, measure: str, rows: pd.DataFrame) -> Chart:
    lines = rows.sort_values("strength", kind="stable")
    lines = lines.assign(model="strength " + lines["strength"].map("{:g}".format))
    shown = list(dict.fromkeys(rows["setting"]))[:PANELS]
    larger = str(table.sheets.get(measure, {}).get("larger") or "")
    text = f"{rows['variant'].iloc[0]} of {rows['model'].iloc[0]} over its depth, a line for each strength."
    caption = text + (f" Larger: {larger}." if larger else "") + " Diamonds: the final layer. Bands: intervals."
    return Chart(depth_curves(table, lines, list(dict.fromkeys(lines["model"])), shown), caption)
