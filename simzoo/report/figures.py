"""Figures other than heat maps: agreement of pairs, accuracies, curves over depth; and how data enters any figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from simzoo.report.palette import KIND_COLOURS, MODELS, UNTRAINED
from simzoo.report.reading import Accuracy, bounds, by_condition, is_distance
from simzoo.report.words import label
from simzoo.table.schema import Table

WIDTH, PANEL = 560, 380
FINAL_AT = 1.08  # where the final layer's value stands, right of the last block's


def inline(frame: pd.DataFrame) -> alt.InlineData:
    """Return a frame as CSV inside the figure: a third of the size of records, and without altair's row limit."""
    kinds = {
        str(name): "number" if pd.api.types.is_numeric_dtype(kind) else "string" for name, kind in frame.dtypes.items()
    }
    csv = frame.to_csv(index=False, float_format="%.6g")
    return alt.InlineData(values=csv, format=alt.CsvDataFormat(type="csv", parse=kinds))


def agreement(table: Table, matches: pd.DataFrame, pairs: Sequence[str], measure: str) -> ChartType:
    """Return one line for each pair and kind of layers: its mean row maximum, the interval, and its null as a tick.

    `matches` has the columns pair, kind, value, low, high, null; `pairs` gives the order.
    """
    kinds = [kind for kind in ("odd", "even", "block", "other", "final") if kind in set(matches["kind"])]
    y = alt.Y("pair:N", sort=list(pairs), title=None, axis=alt.Axis(labelLimit=320, ticks=False, domain=False))
    base = alt.Chart(inline(matches)).encode(
        y=y,
        yOffset=alt.YOffset("kind:N", sort=kinds),
        color=alt.Color(
            "kind:N",
            sort=kinds,
            scale=alt.Scale(domain=kinds, range=[KIND_COLOURS[kind] for kind in kinds]),
            title="layers",
        ),
    )
    best = "minima" if is_distance(table, measure) else "maxima"
    high = bounds(table, measure)[1]
    values = matches[["value", "low", "high", "null"]].to_numpy(dtype=float, na_value=0.0)
    scale = alt.Scale(zero=True) if high is None else alt.Scale(domain=[min(0.0, float(values.min())), high])
    title = f"{label(measure)}, mean of row {best} (tick: null)"
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=8))
    tooltip = [
        "pair:N",
        "kind:N",
        *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high", "null")),
    ]
    interval = base.mark_rule(strokeWidth=2.5).encode(x="low:Q", x2="high:Q", tooltip=tooltip)
    null = base.mark_tick(thickness=2, size=12, opacity=0.8).encode(x="null:Q", tooltip=tooltip)
    point = base.mark_circle(size=70, opacity=1).encode(x=x, tooltip=tooltip)
    height = alt.Step(18)
    return alt.layer(interval, null, point).properties(width=WIDTH, height=height)


def accuracy_bars(found: Sequence[Accuracy]) -> ChartType:
    """Return each model's accuracy with its interval beside that of the same network untrained; chance is dashed."""
    states = ("trained", "untrained")
    rows = [
        {"model": one.model, "network": state, "value": score[0], "low": score[1], "high": score[2]}
        for one in found
        for state, score in zip(states, (one.trained, one.untrained), strict=True)
        if score
    ]
    order = list(dict.fromkeys(one.model for one in found))
    base = alt.Chart().encode(
        y=alt.Y("model:N", sort=order, title=None, axis=alt.Axis(labelLimit=240, ticks=False, domain=False)),
        yOffset=alt.YOffset("network:N", sort=list(states)),
        tooltip=[
            "model:N",
            "network:N",
            *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high")),
        ],
    )
    colour = alt.Color("network:N", scale=alt.Scale(domain=list(states), range=[MODELS[0], UNTRAINED]), title=None)
    x = alt.X("value:Q", title="kNN accuracy", scale=alt.Scale(domain=[0, 1]))
    layers: list[Any] = [
        base.mark_bar(height=11, cornerRadiusEnd=2).encode(x=x, color=colour),
        base.mark_rule(color="#333", strokeWidth=1.5).encode(x="low:Q", x2="high:Q"),
    ]
    chances = sorted({one.chance for one in found if one.chance is not None})
    if chances:
        ruler = alt.Chart(inline(pd.DataFrame({"value": chances})))
        layers.append(ruler.mark_rule(strokeDash=[4, 3], color="#777").encode(x="value:Q"))
    return alt.layer(*layers, data=inline(pd.DataFrame(rows))).properties(width=WIDTH, height=alt.Step(15))


def curves(table: Table, measure: str, rows: pd.DataFrame, models: Sequence[str]) -> ChartType:
    """Return a measure over depth: a panel for each kind of layers and each field, a line for each model.

    The final layer stands as a diamond right of every panel's curves.
    """
    low, high = bounds(table, measure)
    fixed = low is not None and high is not None
    scale = alt.Scale(domain=[min(low, 0), high]) if low is not None and high is not None else alt.Scale(zero=False)
    kinds = [kind for kind in ("odd", "even", "block", "other") if kind in set(rows["kind"])]
    panels: list[Any] = []
    for field, part in rows.groupby("field", sort=False):
        for condition, group in by_condition(part):
            named = ", ".join(word for word in ("" if field == "value" else str(field), condition) if word)
            panels.append(_panels(group, kinds or ["final"], models, (label(measure), named), scale))
    chart = alt.vconcat(*panels, spacing=16)
    return chart.resolve_scale(y="shared") if fixed else chart


def _panels(
    rows: pd.DataFrame, kinds: list[str], models: Sequence[str], words: tuple[str, str], scale: alt.Scale
) -> ChartType:
    measure, named = words
    columns = ["model", "tap", "kind", "depth", "value", "low", "high"]
    final = rows[rows["kind"] == "final"].assign(depth=FINAL_AT)
    panels: list[Any] = []
    for kind in kinds:
        drawn = pd.concat([rows[rows["kind"] == kind], final])[columns].drop_duplicates(["model", "tap"])
        title = f"{kind} layers" + (f" · {named}" if named else "")
        panels.append(_panel(drawn, models, f"{measure}{f' ({named})' if named else ''}", title, scale))
    figure: ChartType = alt.hconcat(*panels, spacing=24).resolve_scale(y="shared")
    return figure


def _panel(rows: pd.DataFrame, models: Sequence[str], axis: str, title: str, scale: alt.Scale) -> ChartType:
    ends = [str(name) for name in models]
    colour = alt.Color(
        "model:N",
        scale=alt.Scale(domain=ends, range=[MODELS[at % len(MODELS)] for at in range(len(ends))]),
        legend=alt.Legend(title=None, orient="bottom", labelLimit=320, columns=3, symbolType="stroke", symbolOpacity=1),
    )
    depth = alt.Axis(
        values=[0, 0.25, 0.5, 0.75, 1, FINAL_AT], labelExpr="datum.value > 1 ? 'final' : toString(datum.value)"
    )
    x = alt.X("depth:Q", title="relative depth", scale=alt.Scale(domain=[0, FINAL_AT + 0.03], nice=False), axis=depth)
    y = alt.Y("value:Q", title=axis, scale=scale)
    tooltip: list[Any] = [
        "model:N",
        "tap:N",
        *(alt.Tooltip(f"{name}:Q", format=".3~f") for name in ("depth", "value", "low", "high")),
    ]
    base = alt.Chart(inline(rows)).encode(x=x, y=y, color=colour, tooltip=tooltip)
    inner = base.transform_filter("datum.kind != 'final'")
    layers: list[Any] = [
        inner.mark_line(strokeWidth=2),
        inner.mark_circle(size=28, opacity=1),
        base.transform_filter("datum.kind == 'final'").mark_point(shape="diamond", filled=True, size=80, opacity=1),
    ]
    if rows["low"].notna().any():
        layers.insert(0, inner.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title=axis, scale=scale), y2="high:Q"))
    return alt.layer(*layers).properties(width=PANEL, height=200, title=alt.TitleParams(title, anchor="start"))
