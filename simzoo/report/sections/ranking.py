"""Rankings of the models of a grid: a dot and an interval for each, by every measure of one representation."""

from __future__ import annotations

from simzoo.report.facets import PANELS, ranking
from simzoo.report.grid import facet_groups, is_grid, settings
from simzoo.report.section import Block, Chart, Choice, Text
from simzoo.report.sections.overview import FILES
from simzoo.report.singles import by_variant, last, ranked, singles
from simzoo.report.words import counted
from simzoo.table.schema import Table

MOST = 60  # models up to which a ranking can be read


def render(table: Table) -> list[Block]:
    """Return a chooser of measures; the first of them also as files, unless a map is what is to be looked at."""
    if not is_grid(table) or "candidates" in table.context:  # candidates are compared with their seeds apart
        return []
    options: dict[tuple[str, ...], Chart] = {}
    hidden = 0
    for variant, measure, rows in by_variant(last(table, singles(table))):
        order, held = ranked(rows), set(rows["setting"])
        hidden = max(hidden, len(order) - MOST)
        kept = rows[rows["model"].isin(order[:MOST])]
        for group, shown in facet_groups(table, [name for name in settings(table) if name in held], PANELS).items():
            chart = ranking(table, kept, order[:MOST], shown)
            larger = str(table.sheets.get(measure, {}).get("larger") or "")
            caption = f"{variant} of the final layer, models in order of their mean over settings. Lines: intervals."
            options[variant, group] = Chart(chart, caption + (f" Larger: {larger}." if larger else ""))
    if not options:
        return []
    blocks: list[Block] = [Choice(("Measure", "Setting"), options)]
    if hidden > 0:
        blocks.append(
            Text((f"The first {MOST} models of each measure are drawn; left out: {counted(hidden, 'model')}.",))
        )
    for key, one in list(options.items())[: 0 if "map" in table.context else FILES]:
        blocks.append(Chart(one.chart, one.caption, f"ranking {key[0]} {key[1]}", on_page=False))
    return blocks
