"""Curves over depth of a grid: a panel for each setting, a line for each model, a band over its seeds."""

from __future__ import annotations

from simzoo.report.facets import PANELS, depth_curves
from simzoo.report.grid import bases, facet_groups, settings
from simzoo.report.reading import KINDS
from simzoo.report.section import Block, Chart, Choice, Text
from simzoo.report.sections.overview import FILES
from simzoo.report.singles import by_variant, singles
from simzoo.report.words import counted
from simzoo.table.schema import Table

MOST = 18  # lines that a panel can hold


def depths(table: Table) -> list[Block]:
    """Return a chooser of measures and layers; the first of each measure also as files."""
    options: dict[tuple[str, ...], Chart] = {}
    names = bases(table)
    for variant, measure, rows in by_variant(singles(table)):
        if rows.groupby("model")["tap"].nunique().max() < 2:
            continue
        for kind in [kind for kind in KINDS if kind not in {"final", "logits"} and kind in set(rows["kind"])]:
            kept = rows[rows["kind"].isin([kind, "final"]) & rows["model"].isin(names[:MOST])]
            held = set(kept["setting"])
            for group, shown in facet_groups(table, [name for name in settings(table) if name in held], PANELS).items():
                chart = depth_curves(table, kept, names[:MOST], shown)
                options[variant, kind, group] = Chart(
                    chart, _caption(table, measure, variant, bool(kept["low"].notna().any()))
                )
    if not options:
        return []
    blocks: list[Block] = [Choice(("Measure", "Layers", "Setting"), options)]
    if len(names) > MOST:
        left = counted(len(names) - MOST, "model")
        blocks.append(Text((f"The first {MOST} models are drawn; in the table below: {left} more.",)))
    firsts = {key[0]: key for key in reversed(list(options))}
    for key in list(reversed(firsts.values()))[:FILES]:
        one = options[key]
        blocks.append(Chart(one.chart, one.caption, f"depth {key[0]} {key[1]}", on_page=False))
    return blocks


def _caption(table: Table, measure: str, variant: str, intervals: bool) -> str:
    sheet = table.sheets.get(measure, {})
    larger = f" Larger: {sheet['larger']}." if sheet.get("larger") else ""
    band = "Bands: intervals, over seeds where there are several." if intervals else "No interval was computed."
    summary = str(sheet.get("summary") or "")
    return f"{variant}. {summary}{larger} Diamonds: the final layer. {band} Marks at the foot: no value, and why."
