"""Objectives layer by layer: the three figures of the study of supervised and self-supervised networks."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from simzoo.report.figures import inline
from simzoo.report.heatmap import beside, heatmap
from simzoo.report.objectives import (
    RESIDUAL,
    SUPERVISED,
    UNTRAINED,
    Family,
    accuracy_words,
    equal_layers,
    families,
    findings,
    over_seeds,
    profiles,
)
from simzoo.report.palette import MODELS
from simzoo.report.palette import UNTRAINED as GREY
from simzoo.report.reading import Matrix, matrices, spoken
from simzoo.report.section import Block, Chart, Choice, Text
from simzoo.report.words import label, sentence
from simzoo.table.schema import Table

MEASURES = ("cka_unbiased", "cka")
SIDE, WIDE, HIGH = 330, 340, 210  # pixels: a heat map of seeds, a panel of curves
RULES = (
    "Odd layers are a block's branch before the addition, even ones what stands after it. Ceiling: the same objective "
    "from another seed; floor: a trained network and an untrained one. Of pairs of seeds the mean, the least and the "
    "largest are given; one group is larger than another where all its pairs are (a rule of ours: such pairs are few "
    "and share seeds)."
)


def render(table: Table) -> list[Block]:
    """Return findings and figures for each backbone trained with labels and without; nothing where none was."""
    named = spoken(table)
    measure = next((name for name in MEASURES if name in named), None)
    if measure is None:
        return []
    blocks: list[Block] = []
    drawn: dict[tuple[str, ...], Chart] = {}
    for family in families(table):
        name = f"{family.backbone}, {family.objective}"
        figures = _figures(table, family, measure)
        if figures:
            blocks += [
                Text((f"{name}. {accuracy_words(table, family)}",)),
                Text(tuple(findings(table, family, measure)), "list"),
            ]
            drawn |= {(name, title): chart for title, chart in figures.items()}
    if not drawn:
        return []
    files = [Chart(one.chart, one.caption, f"objectives {' '.join(key)}", on_page=False) for key, one in drawn.items()]
    return [Text((RULES,), role="note"), *blocks, Choice(("Backbone", "Figure"), drawn), *files]


def _figures(table: Table, family: Family, measure: str) -> dict[str, Chart]:
    layers, of_layers = equal_layers(table, family, measure), profiles(table, family)
    asked = f"{SUPERVISED} and {family.objective}"
    if not set(RESIDUAL) <= set(layers.loc[layers["role"] == asked, "kind"]):
        return {}
    said, words = accuracy_words(table, family), sentence(label(measure))
    found = _first_of_each_role(table, family, measure)
    figures = {}
    seeds = [(role, found[role]) for role in family.roles[:2] if role in found]
    if seeds:
        panels = [heatmap(table, matrix.only(*RESIDUAL), role, SIDE, (0, 1)) for role, matrix in seeds]
        figures["1 seeds"] = Chart(
            alt.hconcat(*panels, spacing=24),
            f"{words} of all layers of two networks that differ in their seed. White dot: the most alike layer. {said}",
        )
    figures["2 objectives"] = Chart(
        beside(table, found[asked], RESIDUAL),
        f"{words} of {found[asked].model} (rows) and {found[asked].model_b} (columns), odd and even layers apart. "
        f"White dot: the most alike layer of each row; left of the dashed line it lies earlier. {said}",
    )
    figures["2 floor and ceiling"] = Chart(
        _panels(over_seeds(layers), "kind", family.roles, words),
        f"{words} of the same layer in two networks. Ceiling: other seeds; floor: trained and untrained. Bands: from "
        f"the least to the largest pair of seeds. {said}",
    )
    if not of_layers.empty:
        named = [name for name in (SUPERVISED, family.objective, UNTRAINED) if name in set(of_layers["role"])]
        shown = of_layers[of_layers["kind"].isin(["even", "final"])]
        figures["3 augmentations and classes"] = Chart(
            _panels(over_seeds(shown), "what", named, "CKA"),
            "Left: CKA between two draws of augmentations of the same images; right: CKA with the one-hot labels; even "
            f"layers and the final one. Bands: from the least to the largest seed. {said}",
        )
    return figures


def _first_of_each_role(table: Table, family: Family, measure: str) -> dict[str, Matrix]:
    rows = table.rows
    own = rows["model"].isin(list(family.state)) & rows["model_b"].isin(list(family.state))
    found: dict[str, Matrix] = {}
    for matrix in matrices(
        Table(rows[own & (rows["augmentation"] == "none")], table.sheets, table.models, {}), measure
    ):
        if matrix.model != matrix.model_b:
            found.setdefault(family.role(matrix.model, matrix.model_b), matrix)
    return found


def _panels(rows: pd.DataFrame, panel: str, series: list[str], words: str) -> ChartType:
    """Return curves over layers: a panel for each value of a column, a line for each role."""
    colours = [GREY if name == UNTRAINED else MODELS[at % len(MODELS)] for at, name in enumerate(series)]
    scale = alt.Scale(domain=series, range=colours)
    legend = alt.Legend(title=None, orient="bottom", columns=3, labelLimit=300, symbolType="stroke", symbolOpacity=1)
    charts: list[Any] = []
    for title, part in rows.groupby(panel, sort=False):
        named = part.sort_values("depth", kind="stable").assign(layer=part["layer"].map(_group))
        order = list(dict.fromkeys(named["layer"]))
        base = alt.Chart(inline(named[["layer", "role", "value", "low", "high", "seeds"]])).encode(
            x=alt.X("layer:N", sort=order, title=None, axis=alt.Axis(labelAngle=-60, labelOverlap=False)),
            color=alt.Color("role:N", scale=scale, legend=legend),
        )
        y = alt.Y("value:Q", title=words, scale=alt.Scale(zero=True))
        tooltip = ["role:N", "layer:N", *(alt.Tooltip(f"{end}:Q", format=".3~f") for end in ("value", "low", "high"))]
        band = base.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title=words), y2="high:Q")
        line = base.mark_line(strokeWidth=1.8).encode(y=y)
        dots = base.mark_circle(size=24, opacity=1).encode(y=y, tooltip=tooltip)
        heading = alt.TitleParams(f"{title} layers" if panel == "kind" else str(title), anchor="start")
        charts.append(alt.layer(band, line, dots).properties(width=WIDE, height=HIGH, title=heading))
    figure: ChartType = alt.hconcat(*charts, spacing=26).resolve_scale(y="shared")
    return figure


def _group(layer: str) -> str:
    """Return a layer's name with its bottleneck group, as the study writes it: `layer2.1.even` is BG2.1."""
    stem = layer.rsplit(".", 1)[0] if layer.endswith((".odd", ".even")) else layer
    return stem.replace("layer", "BG").removeprefix("blocks.")
