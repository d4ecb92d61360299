"""How alike the models of a grid are: squares of models by models for each measure, a panel for each setting."""

from __future__ import annotations

import pandas as pd

from simzoo.report.alike import alike, square
from simzoo.report.facets import PANELS, models_by_models
from simzoo.report.grid import bases, facet_groups, is_grid, settings
from simzoo.report.section import Block, Chart, Choice, Text
from simzoo.report.verdict import SPOKEN_KINDS
from simzoo.report.words import counted
from simzoo.table.schema import Table

WIDEST = 40  # models up to which squares can be read
CAPTION = (
    "Each cell is a pair of models: {what}. Both halves show the one value measured; the diagonal is how alike the "
    "seeds of one model are. Means over seeds and draws. Marks: no value, and why."
)
MATCH = "for each layer of the first the most alike layer of the second, averaged"


def render(table: Table) -> list[Block]:
    """Return a chooser of measures, layers and, where they do not fit into one figure, settings; some also as files."""
    if not is_grid(table) or not table.rows["model_b"].notna().any():
        return []
    names, cells = bases(table), alike(table)
    shown, left = names[:WIDEST], len(names) - WIDEST
    options: dict[tuple[str, ...], Chart] = {}
    for (variant, measure), part in cells.groupby(["variant", "measure"], sort=False):
        for kind in _ordered(part):
            own = part[part["kind"] == kind]
            for group, held in _groups(table, own, len(shown)).items():
                chart = models_by_models(table, str(measure), square(own, shown, held), shown, held)
                said = MATCH if kind in SPOKEN_KINDS else "the mean over all pairs of their layers"
                said = "the value between their final layers" if kind == "final" else said
                options[str(variant), kind, group] = Chart(chart, CAPTION.format(what=said))
    blocks: list[Block] = [Choice(("Measure", "Layers", "Setting"), options)] if options else []
    if left > 0:
        blocks.append(Text((f"The first {WIDEST} models are drawn; in the table: {counted(left, 'model')} more.",)))
    first = {variant: key for key in reversed(options) for variant in [key[0]]}
    for variant, key in list(reversed(first.items()))[:FILES]:
        blocks.append(Chart(options[key].chart, options[key].caption, f"models {variant} {key[1]}", on_page=False))
    return blocks


def _groups(table: Table, cells: pd.DataFrame, models: int) -> dict[str, list[str]]:
    held = set(cells["setting"])
    most = max(1, min(PANELS, 4_000 // models**2))
    names = [name for name in settings(table) if name in held]
    return facet_groups(table, names, most) if most > 1 else {name: [name] for name in names}


def _ordered(cells: pd.DataFrame) -> list[str]:
    held = list(dict.fromkeys(str(kind) for kind in cells["kind"]))
    return sorted(held, key=lambda kind: SPOKEN_KINDS.index(kind) if kind in SPOKEN_KINDS else len(SPOKEN_KINDS))


FILES = 8  # figures of one section that are also written for paper
