"""Figures of a map of models: the tree beside the numbers that made it, and the models in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType
from scipy.cluster.hierarchy import dendrogram

from simzoo.report.arrangement import Arrangement
from simzoo.report.figures import inline
from simzoo.report.palette import MODELS, UNTRAINED
from simzoo.report.points import Matrix
from simzoo.table.query import without_seed

ROW, TREE, CELL, PLANE = 24, 200, 15, 460
CHARACTER, SWATCH = 6.3, 14  # pixels that a letter of a name takes, and the mark before it
FAR = 2.5  # standard deviations at which the colours of a signature end
PLAIN = ("untrained", "unknown")


def tree(found: Arrangement, groups: Sequence[str], fact: str) -> ChartType:
    """Return the tree with the cut dashed, the models coloured by a fact, and each one's signature or distances."""
    height = ROW * len(found.order)
    y = alt.Y("place:Q", scale=alt.Scale(domain=[len(found.order) - 0.5, -0.5], nice=False), axis=None)
    panels = [_branches(found, y, height), _names(found, groups, fact, y, height), _cells(found, y)]
    figure: Any = alt.hconcat(*panels, spacing=4)
    coloured: ChartType = figure.resolve_scale(color="independent")
    return coloured


def plane(found: Arrangement, groups: Sequence[str], fact: str) -> ChartType:
    """Return the models in the plane, coloured by a fact, shaped by cluster, joined by the shortest spanning tree."""
    points, sides = found.points, found.plane
    community = {model: str(at) for at, part in enumerate(found.communities, start=1) for model in part}
    frame = pd.DataFrame(
        {
            "model": points.names,
            "x": sides[:, 0],
            "y": sides[:, 1],
            "group": list(groups),
            "cluster": [str(number) for number in found.clusters],
            "community": [community[at] for at in range(len(points.names))],
        }
    )
    reach = float(abs(sides).max()) * 1.25 or 1.0
    named = _named(frame).assign(below=lambda rows: _below(rows[["x", "y"]].to_numpy() / reach))
    joined = pd.DataFrame(
        [
            {"edge": number, "x": sides[model, 0], "y": sides[model, 1], "distance": apart}
            for number, (a, b, apart) in enumerate(found.spanning)
            for model in (a, b)
        ]
    )
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    axis = alt.Axis(labels=False, ticks=False, grid=False)
    base = alt.Chart(inline(frame)).encode(
        x=alt.X("x:Q", title="first axis", scale=scale, axis=axis),
        y=alt.Y("y:Q", title="second axis", scale=scale, axis=axis),
    )
    lines = alt.Chart(inline(joined)).mark_line(color="#aab0b8", strokeWidth=1.5)
    edges = lines.encode(x="x:Q", y="y:Q", detail="edge:N", tooltip=[alt.Tooltip("distance:Q", format=".3~f")])
    marks = base.mark_point(filled=True, size=130, opacity=1).encode(
        color=group_colours(groups, fact),
        shape=alt.Shape("cluster:N", title="cluster of the tree"),
        tooltip=["model:N", alt.Tooltip("group:N", title=fact), "cluster:N", "community:N"],
    )
    names = alt.Chart(inline(named)).encode(x="x:Q", y="y:Q", text="name:N")
    text = [
        names.transform_filter(f"datum.below == {side}").mark_text(
            align="left", dx=9, dy=9 if side else -7, fontSize=10, color="#22262b"
        )
        for side in (0, 1)
    ]
    return alt.layer(edges, marks, *text).properties(width=PLANE, height=PLANE)


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return where names stand: beside each model, or beside the highest of its seeds alone, which mostly lie close."""
    bare = frame["model"].map(without_seed)
    several = bare.map(bare.value_counts()) > 1
    found = frame.assign(name=bare.where(several, frame["model"])).sort_values("y", ascending=False, kind="stable")
    return found.drop_duplicates("name").sort_index()[["name", "x", "y"]]


def _below(places: Matrix) -> list[int]:
    """Return 1 for the models whose names go below their points, because a name above them is near."""
    sides: list[int] = []
    for at, place in enumerate(places):
        near = [abs(place - other) for other, side in zip(places[:at], sides, strict=True) if not side]
        sides.append(int(any(x < 0.35 and y < 0.06 for x, y in near)))
    return sides


def _branches(found: Arrangement, y: alt.Y, height: int) -> ChartType:
    drawn = dendrogram(found.linkage, no_plot=True)
    lines = pd.DataFrame(
        [
            {"branch": number, "at": corner, "height": far, "place": (place - 5) / 10}
            for number, (places, fars) in enumerate(zip(drawn["icoord"], drawn["dcoord"], strict=True))
            for corner, (place, far) in enumerate(zip(places, fars, strict=True))
        ]
    )
    x = alt.X(
        "height:Q", title="height in the tree", scale=alt.Scale(reverse=True), axis=alt.Axis(tickCount=4, grid=False)
    )
    branches = alt.Chart(inline(lines)).mark_line(strokeWidth=1.6, color="#3d434a", strokeJoin="miter")
    layers: list[Any] = [branches.encode(x=x, y=y, detail="branch:N", order="at:O")]
    heights, count = found.linkage[:, 2], max(found.clusters)
    if 1 < count <= len(heights):
        line = pd.DataFrame({"height": [float(heights[-count] + heights[-count + 1]) / 2]})
        layers.append(alt.Chart(inline(line)).mark_rule(strokeDash=[4, 3], color=MODELS[1]).encode(x="height:Q"))
    return alt.layer(*layers).properties(width=TREE, height=height)


def _names(found: Arrangement, groups: Sequence[str], fact: str, y: alt.Y, height: int) -> ChartType:
    names = [found.points.names[leaf] for leaf in found.order]
    frame = pd.DataFrame({"place": range(len(names)), "model": names, "group": [groups[leaf] for leaf in found.order]})
    width = int(CHARACTER * max(map(len, names))) + SWATCH + 8
    base = alt.Chart(inline(frame)).encode(y=y)
    colour = group_colours(
        groups, fact, alt.Legend(orient="bottom", direction="vertical", titleLimit=width, labelLimit=width)
    )
    swatch = base.mark_square(size=90, opacity=1).encode(x=alt.value(6), color=colour, tooltip=["model:N", "group:N"])
    text = base.mark_text(align="left", baseline="middle", fontSize=11, color="#22262b")
    return alt.layer(swatch, text.encode(x=alt.value(SWATCH + 4), text="model:N")).properties(
        width=width, height=height
    )


def _cells(found: Arrangement, y: alt.Y) -> ChartType:
    """Return the signature of each model, or its distances from the others, in the order of the tree."""
    points = found.points
    if points.signature is None:
        columns = [points.names[leaf] for leaf in found.order]
        return _raster(found, columns, points.distances[:, found.order], ("distance", _near), y)
    columns = [str(name) for name in points.signature.columns]
    values = points.signature.to_numpy()
    title = "standard deviations from the mean of the models"
    return _raster(found, columns, values, (title, _spread), y)


def _raster(found: Arrangement, columns: Sequence[str], values: Matrix, words: tuple[str, Any], y: alt.Y) -> ChartType:
    title, scale = words
    frame = pd.DataFrame(
        [
            {"place": place - 0.5, "end": place + 0.5, "model": found.points.names[leaf]}
            | {"column": name, "value": float(values[leaf, at])}
            for place, leaf in enumerate(found.order)
            for at, name in enumerate(columns)
        ]
    )
    legend = alt.Legend(title=title, orient="top", gradientLength=150, gradientThickness=9, titleLimit=320)
    axis = alt.Axis(labelAngle=-60, labelFontSize=9, labelLimit=170, ticks=False, domain=False, title=None)
    cells = alt.Chart(inline(frame)).mark_rect()
    drawn: ChartType = cells.encode(
        x=alt.X("column:N", sort=list(columns), axis=axis),
        y=y,
        y2="end:Q",
        color=alt.Color("value:Q", scale=scale(), legend=legend),
        tooltip=["model:N", "column:N", alt.Tooltip("value:Q", format=".2f")],
    ).properties(width=CELL * len(columns), height=ROW * len(found.order))
    return drawn


def _spread() -> alt.Scale:
    return alt.Scale(scheme="redblue", domain=[-FAR, FAR], reverse=True, clamp=True)


def _near() -> alt.Scale:
    return alt.Scale(scheme="viridis", reverse=True)


def group_colours(groups: Sequence[str], fact: str, legend: alt.Legend | None = None) -> alt.Color:
    """Return the colours of groups: those of no training in grey, the others in turn."""
    names = sorted(set(groups), key=lambda name: (name in PLAIN, name))
    colours = [UNTRAINED if name in PLAIN else MODELS[at % len(MODELS)] for at, name in enumerate(names)]
    scale = alt.Scale(domain=names, range=colours)
    return alt.Color("group:N", title=fact, scale=scale, legend=alt.Undefined if legend is None else legend)
