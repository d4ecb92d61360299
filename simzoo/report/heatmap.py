"""Heat maps of layers by layers: interactive on the page, static for papers, from one altair definition."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from altair.typing import ChartType
from PIL import Image

from simzoo.report.figures import inline
from simzoo.report.marks import gap_marks
from simzoo.report.palette import levels, viridis
from simzoo.report.reading import Matrix, title_of
from simzoo.report.scales import domain
from simzoo.report.words import numbers, real
from simzoo.table.schema import Table

DENSE = 20_000  # cells above which a heat map is one picture: as many single marks make a page slow and an SVG huge
SIDE, BESIDE, LARGEST_CELL = 560, 370, 30  # pixels: one heat map, two side by side, one cell

_ONE = inline(pd.DataFrame({"at": [0]}))
_Drawn = tuple[alt.InlineData, list[alt.Chart]]  # the data of all layers that have none of their own, and the layers


def heatmap(
    table: Table, matrix: Matrix, title: str = "", side: float = SIDE, ends: tuple[float, float] | None = None
) -> ChartType:
    """Return one heat map: a row for each tap of the first model, from its first layer at the bottom to its last.

    White dots mark each row's most alike layer, a dashed line equal depth; cells without a value have a mark that
    says why. Above `DENSE` cells it is drawn as a picture. `ends` are those of the colour scale, else the matrix's.
    """
    dense = len(matrix.cells) > DENSE
    wide, high = _extent(matrix, side)
    ends = ends or domain(table, matrix)
    data, layers = _picture(matrix, wide, high, ends) if dense else _cells(matrix, wide, high, ends)
    heading = alt.TitleParams(title, subtitle=_subtitle(matrix), anchor="start") if title else alt.Undefined
    return alt.layer(*layers, data=data, width=wide, height=high, title=heading)


def beside(table: Table, matrix: Matrix, kinds: Sequence[str]) -> ChartType:
    """Return heat maps of the given kinds of layers side by side, on one colour scale."""
    ends = domain(table, matrix)
    panels = [heatmap(table, matrix.only(kind), f"{kind} layers", BESIDE, ends) for kind in kinds]
    return alt.hconcat(*panels, spacing=28)


def pair_figure(table: Table, found: Sequence[Matrix]) -> ChartType:
    """Return the figure of one pair for paper: a row for each measure (biased, debiased), odd and even apart."""
    rows: list[Any] = []
    for matrix in found:
        kinds = [kind for kind in matrix.kinds if kind in {"odd", "even", "block"}]
        apart = bool(kinds) and matrix.model != matrix.model_b
        side = BESIDE if apart else SIDE
        panels = [(kind, matrix.only(kind)) for kind in kinds] if apart else [("all", matrix)]
        named = title_of(table, matrix.measure, matrix.condition)
        rows.append(
            alt.hconcat(*(heatmap(table, part, f"{named}, {kind} layers", side) for kind, part in panels), spacing=28)
        )
    figure: ChartType = alt.vconcat(*rows, spacing=24).resolve_scale(color="independent")
    return figure


def _cells(matrix: Matrix, wide: float, high: float, ends: tuple[float, float]) -> _Drawn:
    shown = matrix.cells.assign(top=matrix.cells["top"].astype(int))
    cells = shown.round({"value": 4, "low": 3, "high": 3, "null": 3, "p": 4}).dropna(axis=1, how="all")
    gaps = [str(status) for status in cells["note"].str.split(":").str[0].unique() if status]
    cells = (
        cells.assign(status=cells["note"].str.split(":").str[0].replace("", "ok"))
        if gaps
        else cells.drop(columns="note")
    )
    base = (
        alt.Chart()
        .transform_calculate(tap=f"{_list(matrix.taps)}[datum.i]", tap_b=f"{_list(matrix.taps_b)}[datum.j]")
        .encode(x=_axis("j", matrix.taps_b, matrix.model_b), y=_axis("i", matrix.taps, matrix.model, up=True))
    )
    tooltip = [alt.Tooltip("tap:N", title=matrix.model), alt.Tooltip("tap_b:N", title=matrix.model_b)]
    names = {"value": "value", "low": "interval from", "high": "to", "null": "null mean", "p": "p"}
    values = [alt.Tooltip(f"{name}:Q", title=names[name], format=".3~f") for name in names if name in cells]
    layers = [base.mark_rect().encode(color=_colour(matrix, ends), tooltip=[*tooltip, *values])]
    if "note" in cells:
        layers += gap_marks(base, gaps, [*tooltip, alt.Tooltip("note:N", title="no value")], wide / len(matrix.taps_b))
    dots = base.transform_filter("datum.top == 1").mark_circle(
        color="white", stroke="#222", strokeWidth=0.6, opacity=1, size=_dot(wide / len(matrix.taps_b))
    )
    if matrix.model != matrix.model_b:
        layers.append(_diagonal(matrix, wide, high))
    return inline(cells), [*layers, dots.encode(tooltip=[*tooltip, *values])]


def _picture(matrix: Matrix, wide: float, high: float, ends: tuple[float, float]) -> _Drawn:
    """Draw all cells as one picture under axes and legend, which come from an invisible layer."""
    values = np.full((len(matrix.taps), len(matrix.taps_b)), np.nan)
    values[matrix.cells["i"], matrix.cells["j"]] = matrix.cells["value"]
    pixels = viridis(levels(values, ends, reverse=matrix.distance))[::-1]
    pixels = pixels.repeat(-(-800 // pixels.shape[0]), 0).repeat(-(-800 // pixels.shape[1]), 1)  # so none is smoothed
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    picture = alt.Chart(_ONE).mark_image(url=url, width=wide, height=high, aspect=False)
    steps = np.arange(max(len(matrix.taps), len(matrix.taps_b)))
    places = pd.DataFrame({"i": steps % len(matrix.taps), "j": steps % len(matrix.taps_b), "value": ends[0]})
    frame = alt.Chart().mark_rect(opacity=0)
    tops = matrix.cells.loc[matrix.cells["top"], ["i", "j"]]
    dots = alt.Chart(inline(tops)).mark_circle(color="white", stroke="#222", strokeWidth=0.4, opacity=1, size=8)
    across, up = _axis("j", matrix.taps_b, matrix.model_b), _axis("i", matrix.taps, matrix.model, up=True)
    layers = [
        picture.encode(x=alt.value(wide / 2), y=alt.value(high / 2)),
        frame.encode(x=across, y=up, color=_colour(matrix, ends)),
        dots.encode(x=across, y=up),
    ]
    return inline(places), layers


def _colour(matrix: Matrix, ends: tuple[float, float]) -> alt.Color:
    scale = alt.Scale(domain=list(ends), scheme="viridis", reverse=matrix.distance, clamp=True)
    legend = alt.Legend(title=None, gradientLength=160, gradientThickness=12, format="~g")
    return alt.Color("value:Q", scale=scale, legend=legend)


def _axis(field: str, taps: pd.DataFrame, model: str, *, up: bool = False) -> Any:
    size = 9 if len(taps) <= 40 else 7
    axis = alt.Axis(
        labelExpr=f"{_list(taps)}[datum.value]",
        labelFontSize=size,
        labelLimit=110,
        labelAngle=0 if up else -60,
        labelAlign="right",
        labelOverlap="greedy" if len(taps) > 60 else False,
        titleLimit=SIDE,
        ticks=False,
        domain=False,
    )
    channel = alt.Y if up else alt.X
    scale = alt.Scale(reverse=up, paddingInner=0, paddingOuter=0)
    return channel(f"{field}:O", title=f"{model} →", axis=axis, scale=scale)


def _list(taps: pd.DataFrame) -> str:
    """Return the tap names as an array of the expression language; JSON's escapes are its escapes."""
    return json.dumps([str(name) for name in taps["tap"]])


def _diagonal(matrix: Matrix, wide: float, high: float) -> alt.Chart:
    """Return a line from the middle of the first layers' cell to that of the last layers'."""
    right, up = wide / len(matrix.taps_b) / 2, high / len(matrix.taps) / 2
    line = alt.Chart(_ONE).mark_rule(color="white", opacity=0.55, strokeDash=[4, 4])
    drawn: alt.Chart = line.encode(
        x=alt.value(right), y=alt.value(high - up), x2=alt.value(wide - right), y2=alt.value(up)
    )
    return drawn


def _extent(matrix: Matrix, side: float) -> tuple[float, float]:
    cell = min(LARGEST_CELL, side / max(len(matrix.taps), len(matrix.taps_b), 1))
    cell = int(cell) if cell >= 1 else cell  # whole pixels, so that no seams show between cells
    return max(cell * len(matrix.taps_b), 60), max(cell * len(matrix.taps), 60)


def _dot(cell: float) -> float:
    return max(8.0, min(46.0, (0.42 * cell) ** 2))


def _subtitle(matrix: Matrix) -> str:
    null = real(matrix.cells["null"].mean())
    return "" if null is None else f"null mean {numbers(null, 1.0)[0]}"
