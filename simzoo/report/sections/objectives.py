"""Objectives layer by layer: the three figures of the study of supervised and self-supervised networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

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
    profiles,
    spread_over_seeds,
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
    "What Grigg et al. 2021 found of supervised and self-supervised ResNets on CIFAR-10, and whether it holds here. "
    "Odd layers are a block's branch before the addition, even ones what stands after it. Ceiling: the same objective "
    "from another seed; floor: a trained network and an untrained one. Of pairs of seeds the mean, the least and the "
    "largest are given; one group is larger than another where all its pairs are (a rule of ours: such pairs are few "
    "and share seeds). Clean images; of several augmentations, strengths, draws or options the first."
)


def render(table: Table) -> list[Block]:
    """Return findings and figures for each backbone trained with labels and without; nothing where none was."""
    named = spoken(table)
    measure = next((name for name in MEASURES if name in named), None)
    blocks: list[Block] = []
    drawn: dict[tuple[str, ...], Chart] = {}
    several = len(table.rows["data"].dropna().unique()) > 1
    for family in families(table) if measure else ():
        name = f"{family.backbone}: {family.asked}" + (f", {family.data}" if several else "")
        said = accuracy_words(table, family)
        figures = _figures(table, family, str(measure), said)
        if figures:
            blocks += [
                Text((f"{name}. {said}".strip(),)),
                Text(tuple(findings(table, family, str(measure))), "list"),
            ]
            drawn |= {(name, title): chart for title, chart in figures.items()}
    if not drawn:
        return []
    files = [Chart(one.chart, one.caption, f"objectives {' '.join(key)}", on_page=False) for key, one in drawn.items()]
    return [Text((RULES,), role="note"), *blocks, Choice(("Models", "Figure"), drawn), *files]


def _figures(table: Table, family: Family, measure: str, said: str) -> dict[str, Chart]:
    layers, of_layers = equal_layers(table, family, measure), profiles(table, family)
    if not set(RESIDUAL) <= set(layers.loc[layers["role"] == family.asked, "kind"]):
        return {}
    words = sentence(label(measure))
    found = _first_of_each_role(table, family, measure)
    figures = {}
    seeds = [(role, found[role]) for role in family.ceilings if role in found]
    if seeds:
        panels = [heatmap(table, matrix.only(*RESIDUAL), role, SIDE, (0, 1)) for role, matrix in seeds]
        figures["1 seeds"] = Chart(
            alt.hconcat(*panels, spacing=24),
            f"{words} of all layers of two networks that differ in their seed. White dot: the most alike layer. {said}",
        )
    pair = found[family.asked]
    figures["2 objectives"] = Chart(
        beside(table, pair, RESIDUAL),
        f"{words} of {pair.model} (rows) and {pair.model_b} (columns), odd and even layers apart. White dot: the most "
        f"alike layer of each row; left of the dashed line it lies earlier. {said}",
    )
    roles = [*family.ceilings, family.asked, *family.floors]
    figures["2 equal layers, floor and ceiling"] = Chart(
        _panels(spread_over_seeds(layers[layers["role"].isin(roles)]), "kind", roles, words),
        f"{words} of the same layer in two networks. Ceiling: other seeds; floor (dashed): trained and untrained. "
        f"Bands: from the least to the largest pair of seeds. {said}",
    )
    shown = of_layers[of_layers["kind"].isin(["even", "final"])]
    if not shown.empty:
        states = [name for name in (SUPERVISED, family.objective, UNTRAINED) if name in set(shown["role"])]
        debiased = "Debiased CKA" if shown["field"].str.contains("unbiased").all() else "CKA"
        figures["3 augmentations and classes"] = Chart(
            _panels(spread_over_seeds(shown), "what", states, debiased).resolve_scale(y="independent"),
            f"{debiased} of two draws of augmentations of the same images, and with the one-hot labels; even layers "
            f"and the final one. Bands: from the least to the largest seed. {said}",
        )
    return figures


def _first_of_each_role(table: Table, family: Family, measure: str) -> dict[str, Matrix]:
    """Return a matrix of clean images for each role of pairs, its layers named by their groups."""
    rows = table.rows
    own = rows["model"].isin(list(family.state)) & rows["model_b"].isin(list(family.state))
    clean = rows[own & (rows["augmentation"] == "none") & (rows["data"] == family.data)]
    found: dict[str, Matrix] = {}
    for matrix in matrices(Table(clean, table.sheets, table.models, {}), measure):
        if matrix.model != matrix.model_b:
            sides = [taps.assign(tap=taps["tap"].map(_group)) for taps in (matrix.taps, matrix.taps_b)]
            found.setdefault(family.role(matrix.model, matrix.model_b), replace(matrix, taps=sides[0], taps_b=sides[1]))
    return found


def _panels(rows: pd.DataFrame, panel: str, series: list[str], words: str) -> alt.HConcatChart:
    """Return curves over layers: a panel for each value of a column, a line for each role; floors are dashed."""
    floors = [name for name in series if name.endswith(f" and {UNTRAINED}")]
    lines = [name for name in series if name not in floors]
    hues = [GREY if name == UNTRAINED else MODELS[(floors if name in floors else lines).index(name)] for name in series]
    legend = alt.Legend(title=None, orient="bottom", columns=3, labelLimit=300, symbolType="stroke", symbolOpacity=1)
    colour = alt.Color("role:N", scale=alt.Scale(domain=series, range=hues), legend=legend)
    dashes = alt.Scale(domain=series, range=[[4, 3] if name in floors else [1, 0] for name in series])
    charts: list[Any] = []
    for title, part in rows.groupby(panel, sort=False):
        ordered = part.sort_values("depth", kind="stable")
        named = ordered.assign(layer=ordered["layer"].map(_block))
        base = alt.Chart(inline(named[["layer", "role", "value", "low", "high", "seeds"]])).encode(
            x=alt.X("layer:N", sort=list(dict.fromkeys(named["layer"])), title=None, axis=alt.Axis(labelAngle=-60)),
            color=colour,
        )
        y = alt.Y("value:Q", title=words, scale=alt.Scale(zero=True))
        tooltip = ["role:N", "layer:N", *(alt.Tooltip(f"{end}:Q", format=".3~f") for end in ("value", "low", "high"))]
        band = base.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title=words), y2="high:Q")
        line = base.mark_line(strokeWidth=1.8).encode(
            y=y, strokeDash=alt.StrokeDash("role:N", scale=dashes, legend=legend)
        )
        dots = base.mark_circle(size=24, opacity=1).encode(y=y, tooltip=tooltip)
        heading = alt.TitleParams(f"{title} layers" if panel == "kind" else str(title), anchor="start")
        charts.append(alt.layer(band, line, dots).properties(width=WIDE, height=HIGH, title=heading))
    figure: alt.HConcatChart = alt.hconcat(*charts, spacing=26).resolve_scale(y="shared")
    return figure


def _group(layer: str) -> str:
    """Return a layer's name with its bottleneck group, as the study writes it: `layer2.1.even` is BG2.1.even."""
    return layer.replace("layer", "BG").removeprefix("blocks.")


def _block(layer: str) -> str:
    return _group(layer).removesuffix(".odd").removesuffix(".even")
