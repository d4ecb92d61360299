"""Figures of a grid: a panel for each setting, of models by models, curves over depth or strength, and rankings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from simzoo.report.figures import FINAL_AT, inline
from simzoo.report.marks import gap_marks
from simzoo.report.palette import MODELS
from simzoo.report.reading import bounds, is_distance
from simzoo.report.words import label
from simzoo.table.schema import Table

PANELS, COLUMNS, WIDE = 9, 3, 250
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
_ENDS = ("value", "low", "high")


def models_by_models(
    table: Table, measure: str, cells: pd.DataFrame, names: Sequence[str], shown: list[str]
) -> ChartType:
    """Return a square of models for each setting, coloured by likeness, with marks where there is no value.

    `cells` come from `alike.square`; `names` are the models in order.
    """
    side = max(16, min(52, 200 // len(names)))
    low, high = bounds(table, measure)
    values = cells["value"].dropna()
    least, most = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    ends = [low if low is not None and low >= 0 else min(0.0, least), high if high is not None else most]
    ends = ends if ends[1] > ends[0] else [ends[0], ends[0] + 1.0]
    size = 10 if len(names) <= 8 else 9
    axis = alt.Axis(labelFontSize=size, labelLimit=120, ticks=False, domain=False, title=None)
    order = list(names)
    base = alt.Chart().encode(
        x=alt.X("model_b:N", sort=order, axis=_tilted(size), title=None),
        y=alt.Y("model:N", sort=order, axis=axis, title=None),
    )
    columns = ["setting", "model", "model_b", *_ENDS, "null", "p", "seeds", "status", "note"]
    kept = cells.loc[cells["setting"].isin(shown), columns]
    kept = kept.round({"value": 4, "low": 4, "high": 4, "null": 4, "p": 4})
    numbers = [alt.Tooltip(f"{name}:Q", title=_SAID[name], format=".3~f") for name in _SAID if kept[name].notna().any()]
    about: list[Any] = ["setting:N", "model:N", alt.Tooltip("model_b:N", title="with")]
    scale = alt.Scale(domain=ends, scheme="viridis", reverse=is_distance(table, measure), clamp=True)
    legend = alt.Legend(
        title=label(measure), titleLimit=140, gradientLength=120, gradientThickness=12, format="~g", orient="right"
    )
    colour = alt.Color("value:Q", scale=scale, legend=legend)
    filled = base.transform_filter("datum.status == 'ok'")
    layers: list[Any] = [filled.mark_rect().encode(color=colour, tooltip=[*about, *numbers])]
    present = list(kept["status"].unique())
    layers += gap_marks(base, present, [*about, alt.Tooltip("note:N", title="no value")], side)
    if side >= 32:
        turn = (ends[0] + ends[1]) / 2
        dark = f"datum.value {'<' if is_distance(table, measure) else '>'} {turn}"
        text = filled.mark_text(fontSize=11).encode(
            text=alt.Text("value:Q", format=".2f"),
            color=alt.condition(dark, alt.value("#16181b"), alt.value("#ffffff")),
        )
        layers.append(text)
    panel = alt.layer(*layers).properties(width=side * len(names), height=side * len(names))
    return _faceted(panel, kept, shown, columns=max(1, min(COLUMNS, 840 // (side * len(names) + 20))))


def depth_curves(table: Table, rows: pd.DataFrame, models: Sequence[str], shown: list[str]) -> ChartType:
    """Return curves over depth, a panel for each setting: a line a model, its band, the final layer as a diamond.

    A layer without a value leaves a gap in its line and a mark at the foot of the panel.
    """
    place = rows["depth"].where(rows["kind"] != "final", FINAL_AT)
    ticks = alt.Axis(values=[0, 0.5, 1, FINAL_AT], labelExpr="datum.value > 1 ? 'final' : toString(datum.value)")
    domain = [0, FINAL_AT + 0.03]
    x = alt.X("depth:Q", title="relative depth", scale=alt.Scale(domain=domain, nice=False), axis=ticks)
    return _curves(table, rows.assign(depth=place, series=rows["model"]), models, shown, x)


def strength_curves(table: Table, rows: pd.DataFrame, series: Sequence[str], shown: list[str]) -> ChartType:
    """Return curves over the strength of an augmentation: a panel for each augmentation, a line for each series."""
    x = alt.X("strength:Q", title="strength", axis=alt.Axis(tickCount=5, format="~g"))
    return _curves(table, rows, series, shown, x)


def ranking(table: Table, rows: pd.DataFrame, order: Sequence[str], shown: list[str]) -> ChartType:
    """Return a dot and its interval for each model, best first, a panel for each setting; chance is dashed."""
    words, scale = _axis_of(table, rows)
    columns = ["setting", "model", *_ENDS, "seeds", "chance", "status", "note"]
    kept = rows.loc[rows["setting"].isin(shown), columns]
    base = alt.Chart().encode(
        y=alt.Y("model:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=190, grid=True))
    )
    tooltip: list[Any] = [
        "setting:N",
        "model:N",
        *(alt.Tooltip(f"{name}:Q", format=".3~f") for name in _ENDS),
        "seeds:Q",
    ]
    layers: list[Any] = [
        base.mark_rule(strokeWidth=2.5, color=MODELS[0], opacity=0.55).encode(x="low:Q", x2="high:Q", tooltip=tooltip),
        base.transform_filter("datum.status == 'ok'")
        .mark_circle(size=75, opacity=1, color=MODELS[0])
        .encode(x=alt.X("value:Q", title=words, scale=scale, axis=alt.Axis(tickCount=5)), tooltip=tooltip),
        *_foot(base, kept, ["setting:N", "model:N", alt.Tooltip("note:N", title="no value")], x=alt.value(8)),
    ]
    if kept["chance"].notna().any():
        layers.append(alt.Chart().mark_rule(strokeDash=[4, 3], color="#777").encode(x="max(chance):Q"))
    panel = alt.layer(*layers).properties(width=WIDE - 30, height=alt.Step(20))
    return _faceted(panel, kept, shown)


def _curves(table: Table, rows: pd.DataFrame, series: Sequence[str], shown: list[str], x: alt.X) -> ChartType:
    words, scale = _axis_of(table, rows)
    at = str(x.shorthand).split(":")[0]
    names = [str(name) for name in series]
    legend = alt.Legend(title=None, orient="bottom", labelLimit=300, columns=4, symbolType="stroke", symbolOpacity=1)
    dashes = [_DASHES[place // len(MODELS) % len(_DASHES)] for place in range(len(names))]
    colours = [MODELS[place % len(MODELS)] for place in range(len(names))]
    colour = alt.Color("series:N", scale=alt.Scale(domain=names, range=colours), legend=legend)
    columns = ["setting", "series", "kind", "tap", at, *_ENDS, "seeds", "status", "note"]
    kept = rows.loc[rows["setting"].isin(shown), columns].drop_duplicates(["setting", "series", "tap", at])
    tooltip: list[Any] = ["setting:N", alt.Tooltip("series:N", title="model"), "tap:N"]
    numbers = [*tooltip, *(alt.Tooltip(f"{name}:Q", format=".3~f") for name in (at, *_ENDS)), "seeds:Q"]
    base = alt.Chart().encode(x=x, color=colour)
    inner = base.transform_filter("datum.kind != 'final'") if at == "depth" else base
    y = alt.Y("value:Q", title=words, scale=scale, axis=alt.Axis(titleLimit=220))
    dashed = alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes), legend=legend)
    line = inner.mark_line(strokeWidth=1.8, invalid="break-paths-show-domains").encode(y=y)
    layers: list[Any] = [line.encode(strokeDash=dashed) if len(names) > len(MODELS) else line]
    sound = inner.transform_filter("datum.status == 'ok'")
    layers.append(sound.mark_circle(size=20, opacity=1).encode(y=y, tooltip=numbers))
    if kept["low"].notna().any():
        layers.insert(0, inner.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title=words, scale=scale), y2="high:Q"))
    if at == "depth" and (kept["kind"] == "final").any():
        last = base.transform_filter("datum.kind == 'final' && datum.status == 'ok'")
        layers.append(last.mark_point(shape="diamond", filled=True, size=70, opacity=1).encode(y=y, tooltip=numbers))
    bare = alt.Chart().encode(x=x)
    layers += _foot(bare, kept, [*tooltip, alt.Tooltip("note:N", title="no value")], y=alt.value(HIGH - 6))
    return _faceted(alt.layer(*layers).properties(width=WIDE, height=HIGH), kept, shown)


def _axis_of(table: Table, rows: pd.DataFrame) -> tuple[str, alt.Scale]:
    """Return the title and scale of the values of one variant of a measure: its whole range where that is bounded."""
    low, high = bounds(table, str(rows["measure"].iloc[0]))
    bounded = low is not None and high is not None
    return str(rows["variant"].iloc[0]), alt.Scale(domain=[low, high]) if bounded else alt.Scale(zero=False)


def _foot(base: alt.Chart, rows: pd.DataFrame, tooltip: list[Any], **place: Any) -> list[alt.Chart]:
    """Return the marks of what has no value, at the edge of the panel, without the grounds that cells have."""
    marks = gap_marks(base.encode(**place), list(rows["status"].unique()), tooltip, 13)
    return marks[-1:]


def _faceted(panel: Any, rows: pd.DataFrame, shown: list[str], columns: int = COLUMNS) -> ChartType:
    data = inline(rows)
    if len(shown) == 1:
        only: ChartType = panel.properties(data=data, title=alt.TitleParams(shown[0], anchor="start"))
        return only
    header = alt.Header(title=None, labelFontWeight=600, labelFontSize=12, labelAnchor="start", labelLimit=WIDE)
    facet = alt.Facet("setting:N", sort=shown, header=header)
    figure: ChartType = panel.facet(facet, columns=columns, data=data, spacing=18)
    return figure


def _tilted(size: int) -> alt.Axis:
    return alt.Axis(labelFontSize=size, labelLimit=120, ticks=False, domain=False, labelAngle=-40, labelAlign="right")


HIGH = 170
_SAID = {
    "value": "value",
    "low": "interval from",
    "high": "to",
    "null": "null mean",
    "p": "p",
    "seeds": "seeds or pairs",
}
