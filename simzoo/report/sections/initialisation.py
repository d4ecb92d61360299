"""Untrained against trained: the shape of the final layer of each backbone before and after training."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from simzoo.report.figures import inline
from simzoo.report.map_figures import group_colours
from simzoo.report.section import Block, Chart, DataView, Text
from simzoo.report.starts import SHAPE, start_sentences, starts
from simzoo.report.words import real, with_interval
from simzoo.table.schema import Table

PANEL, STEP, COLUMNS = 250, 18, 2
READING = (
    "The question is the published study's: does a ResNet start from a collapsed representation, so that training"
    " repels, and a ViT not, so that training attracts? Collapse is read here as narrow manifolds of classes: the"
    " mean diameter of the NNK polytopes within a class, features of norm 1, so that 0 is a class in one point "
    "and 2 the most there can be. Beside it stand anisotropy (1: all features point the same way) and effective "
    "rank. This reading, the models, the data and the rule (two values differ where their intervals lie apart; "
    "intervals are over seeds where there are several, else over half-samples of the images) are ours and not the"
    " study's."
)
ZERO = (
    "zeroinit is timm's own default for the untrained network: the last norm of each residual branch starts at zero, "
    "so that every branch adds exactly nothing; the other untrained networks, and all trainings, start without it."
)


def render(table: Table) -> list[Block]:
    """Return the shapes before and after training; nothing where no backbone has both."""
    found = starts(table)
    if found.empty:
        return []
    notes = (READING, ZERO) if found["model"].str.contains("zeroinit").any() else (READING,)
    caption = "Final layers on clean images: a dot and an interval for each model, the untrained in grey. " + _sizes(
        table
    )
    return [
        Text(notes, role="note"),
        Text(tuple(start_sentences(table)), role="list"),
        Chart(_figure(found), caption, "initialisation"),
        DataView(_listed(found), "The same as numbers."),
    ]


def _sizes(table: Table) -> str:
    rows = table.rows[(table.rows["augmentation"] == "none") & table.rows["n"].notna()]
    counts = rows.groupby("data", sort=False)["n"].max()
    return "Images: " + ", ".join(f"{data} {int(n):,}" for data, n in counts.items()) + "."


def _figure(found: pd.DataFrame) -> ChartType:
    several = len(found["data"].drop_duplicates()) > 1
    shown = found.assign(panel=found["what"] + (", " + found["data"] if several else ""))
    panels = [_panel(rows, str(name)) for name, rows in shown.groupby("panel", sort=False)]
    figure: Any = alt.concat(*panels, columns=COLUMNS, spacing=26)
    whole: ChartType = figure.resolve_scale(x="independent", color="shared")
    return whole


def _panel(rows: pd.DataFrame, title: str) -> ChartType:
    names, states = list(dict.fromkeys(rows["model"])), list(dict.fromkeys(rows["state"]))
    base = alt.Chart(inline(rows.drop(columns=["panel", "what"]).rename(columns={"state": "group"}))).encode(
        y=alt.Y("model:N", sort=names, title=None, axis=alt.Axis(labelLimit=260, grid=True)),
        color=group_colours(states, "paradigm", alt.Legend(orient="bottom")),
        tooltip=["model:N", "group:N", *(alt.Tooltip(f"{name}:Q", format=".3~f") for name in ("value", "low", "high"))],
    )
    interval = base.mark_rule(strokeWidth=2.5, opacity=0.6).encode(x="low:Q", x2="high:Q")
    dot = base.mark_circle(size=80, opacity=1).encode(x=alt.X("value:Q", title=None, scale=alt.Scale(zero=False)))
    panel = alt.layer(interval, dot)
    return panel.properties(width=PANEL, height=alt.Step(STEP), title=alt.TitleParams(title, anchor="start"))


def _listed(found: pd.DataFrame) -> pd.DataFrame:
    ends = found[["value", "low", "high"]].itertuples(index=False, name=None)
    shown = [with_interval(*map(real, row)) for row in ends]
    wide = found.assign(shown=shown).pivot_table(
        index=["data", "backbone", "model", "state"], columns="what", values="shown", aggfunc="first", sort=False
    )
    order = [what for _, _, what in SHAPE if what in wide.columns]
    return wide[order].reset_index().rename_axis(columns=None)
