"""Curves over the strength of an augmentation, where a grid sweeps one."""

from __future__ import annotations

import pandas as pd

from simzoo.report.alike import WHOLE, alike
from simzoo.report.facets import PANELS, strength_curves
from simzoo.report.grid import SETTING, bases, is_grid, laid_out
from simzoo.report.section import Block, Chart, Choice
from simzoo.report.sections.overview import FILES
from simzoo.report.singles import by_variant, last, singles
from simzoo.report.verdict import SPOKEN_KINDS
from simzoo.report.words import pair_words
from simzoo.table.schema import Table

MOST = 18  # lines that a panel can hold


def render(table: Table) -> list[Block]:
    """Return a chooser of measures, those of one representation first, then of pairs; nothing without a sweep."""
    if not is_grid(table) or not (swept := _swept(table)):
        return []
    options: dict[tuple[str, ...], Chart] = {}
    for variant, _, rows in by_variant(_panels(last(table, singles(table)), swept)):
        names = [name for name in bases(table) if name in set(rows["model"])]
        text = f"{variant} of the final layer against the strength of the augmentation. Bands: intervals."
        options[variant,] = _chart(table, rows.assign(series=rows["model"]), names, text)
    cells = alike(table)
    cells = cells[cells["model"] != cells["model_b"]].assign(tap="")
    for variant, _, part in by_variant(_panels(_with_strength(table, cells), swept)):
        for kind in [kind for kind in (*SPOKEN_KINDS, WHOLE) if kind in set(part["kind"])][:1]:
            rows = part[part["kind"] == kind]
            rows = rows.assign(series=[pair_words(a, b) for a, b in zip(rows["model"], rows["model_b"], strict=True)])
            text = f"{variant} of pairs of models ({kind} layers) against the strength of the augmentation."
            options[f"{variant}, pairs",] = _chart(table, rows, list(dict.fromkeys(rows["series"])), text)
    if not options:
        return []
    files = [Chart(one.chart, one.caption, f"strength {key[0]}", on_page=False) for key, one in options.items()]
    return [Choice(("Measure",), options), *files[:FILES]]


def over_strength(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of augmentations that are swept, with the augmentation (and data set) as their setting."""
    return _panels(rows, _swept(table))


def _swept(table: Table) -> list[str]:
    strengths = table.rows[["augmentation", "strength"]].dropna().drop_duplicates()
    counts = strengths["augmentation"].value_counts(sort=False)
    return [str(name) for name in counts.index if counts[name] > 1]


def _panels(rows: pd.DataFrame, swept: list[str]) -> pd.DataFrame:
    """Return the rows of swept augmentations, a panel for each augmentation and, where they differ, data set."""
    kept = rows[rows["augmentation"].isin(swept) & rows["strength"].notna()]
    return kept.assign(setting=kept["setting"].str.rsplit(" ", n=1).str[0])


def _chart(table: Table, rows: pd.DataFrame, series: list[str], text: str) -> Chart:
    shown = list(dict.fromkeys(rows["setting"]))[:PANELS]
    kept = rows[rows["series"].isin(series[:MOST])]
    left = f" The first {MOST} of {len(series)} lines are drawn." if len(series) > MOST else ""
    return Chart(strength_curves(table, kept, series[:MOST], shown), text + left)


def _with_strength(table: Table, cells: pd.DataFrame) -> pd.DataFrame:
    seen = table.rows.loc[table.rows[list(SETTING)].drop_duplicates().index]
    words = laid_out(table, seen)[["setting", "augmentation", "strength"]]
    return cells.merge(words.astype({"strength": "float64"}), on="setting", how="left")
