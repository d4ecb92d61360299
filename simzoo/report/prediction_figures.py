"""Figures of a fit: scores beside their rivals and chance, and predicted against measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from simzoo.prediction.claims import known
from simzoo.report.figures import inline
from simzoo.report.palette import MODELS, UNTRAINED

WIDE, ROW, SQUARE = 250, 20, 190
COLUMNS = 3


def scores_chart(tasks: Sequence[Mapping[str, Any]]) -> ChartType:
    """Return, for each task, a dot and interval for each predictor; the null as a grey band."""
    rows = pd.DataFrame(
        [
            {"task": one["title"], "predictor": score["predictor"], "value": score["weighted_tau"]}
            | {"low": score["low"], "high": score["high"], "of": "rival" if at else "geometry"}
            | _chance(one)
            for one in tasks
            for at, score in enumerate(one["scores"])
            if known(score["weighted_tau"])
        ]
    )
    order = list(dict.fromkeys(score["predictor"] for one in tasks for score in one["scores"]))
    base = alt.Chart().encode(y=alt.Y("predictor:N", sort=order, title=None, axis=alt.Axis(labelLimit=240, grid=True)))
    scale = alt.Scale(domain=[-1, 1])
    colour = alt.Color("of:N", scale=alt.Scale(domain=["geometry", "rival"], range=[MODELS[1], MODELS[0]]), legend=None)
    tips = ["task:N", "predictor:N", *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("value", "low", "high"))]
    x = alt.X("value:Q", title="weighted tau", scale=scale, axis=alt.Axis(tickCount=5))
    null = alt.Chart().mark_rect(color=UNTRAINED, opacity=0.12)
    layers = [
        null.encode(x=alt.X("min(null_low):Q", scale=scale, title="weighted tau"), x2="max(null_high):Q"),
        base.mark_rule(strokeWidth=2.5, opacity=0.55).encode(x="low:Q", x2="high:Q", color=colour, tooltip=tips),
        base.mark_circle(size=70, opacity=1).encode(x=x, color=colour, tooltip=tips),
    ]
    panel = alt.layer(*layers).properties(width=WIDE, height=alt.Step(ROW))
    facet = alt.Facet("task:N", title=None, sort=[one["title"] for one in tasks], header=alt.Header(labelLimit=WIDE))
    chart: ChartType = panel.facet(facet, columns=min(COLUMNS, len(tasks)), data=inline(rows))
    return chart


def _chance(one: Mapping[str, Any]) -> dict[str, float | None]:
    null = one["null"] and one["null"]["weighted_tau"]
    return {"null_low": null["low"], "null_high": null["high"]} if null else {"null_low": None, "null_high": None}


def scatter(tasks: Sequence[Mapping[str, Any]]) -> ChartType:
    """Return, for each task, the predicted against the measured score of each model when it was left out."""
    rows = pd.DataFrame(
        [
            {"task": one["title"], "model": held["model"], "predicted": held["predicted"], "measured": held["measured"]}
            for one in tasks
            for held in one["held_out"]
        ]
    )
    ends = rows[["predicted", "measured"]].abs().to_numpy().max() * 1.1
    scale = alt.Scale(domain=[-ends, ends], nice=False)
    dots = alt.Chart().mark_circle(size=55, color=MODELS[0], opacity=0.85)
    x = alt.X("predicted:Q", title="predicted, left out", scale=scale, axis=alt.Axis(tickCount=5))
    y = alt.Y("measured:Q", title="measured", scale=scale, axis=alt.Axis(tickCount=5))
    tips = ["model:N", *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("predicted", "measured"))]
    line = alt.Chart().mark_line(strokeDash=[4, 3], color="#777")
    equal = line.transform_calculate(x=f"datum.predicted > 0 ? {ends} : -{ends}").encode(x="x:Q", y="x:Q")
    panel = alt.layer(equal, dots.encode(x=x, y=y, tooltip=tips)).properties(width=SQUARE, height=SQUARE)
    facet = alt.Facet(
        "task:N", title=None, sort=[one["title"] for one in tasks], header=alt.Header(labelLimit=SQUARE + 50)
    )
    chart: ChartType = panel.facet(facet, columns=min(COLUMNS, len(tasks)), data=inline(rows))
    return chart
