"""Figures of candidates: accuracies with their intervals, and accuracy against what it costs."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from simzoo.report.candidates import PROBES, accuracies_of, candidates, cost_of, main_measure
from simzoo.report.figures import WIDTH, inline
from simzoo.report.palette import MODELS
from simzoo.table.schema import Table

TUNED = "fine-tuned"
NEAR = 0.07  # of the height, and of the logarithm of operations: labels nearer than this would cover each other


def accuracies(table: Table) -> ChartType | None:
    """Return a dot and an interval for each model and probe, the best model on top; chance is dashed."""
    rows: list[dict[str, Any]] = [
        {"model": model, "by": said, "accuracy": found.value, "low": found.low, "high": found.high}
        for name, said in PROBES.items()
        for model, found in accuracies_of(table, name).items()
    ]
    rows += [
        {"model": one["model"], "by": TUNED, "accuracy": one["accuracy"], "low": one["low"], "high": one["high"]}
        for one in table.context["candidates"].get("finetuned") or ()
        if not one.get("reason")
    ]
    if not rows:
        return None
    kinds = [word for word in (TUNED, *PROBES.values()) if any(row["by"] == word for row in rows)]
    order = [model for model in candidates(table) if any(row["model"] == model for row in rows)]
    base = alt.Chart().encode(
        y=alt.Y("model:N", sort=order, title=None, axis=alt.Axis(labelLimit=300, ticks=False, domain=False, grid=True)),
        yOffset=alt.YOffset("by:N", sort=kinds),
        color=alt.Color(
            "by:N", sort=kinds, scale=alt.Scale(domain=kinds, range=list(MODELS[: len(kinds)])), title=None
        ),
        tooltip=["model:N", "by:N", *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("accuracy", "low", "high"))],
    )
    low = min(row["low"] for row in rows)
    scale = alt.Scale(domain=[max(0.0, 0.1 * int(10 * low)), 1.0])
    x = alt.X("accuracy:Q", title="accuracy on the test images", scale=scale, axis=alt.Axis(format="%"))
    layers: list[Any] = [
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        base.mark_point(filled=True, size=55, opacity=1).encode(x=x),
    ]
    step = alt.Step(13)
    return alt.layer(*layers, data=inline(pd.DataFrame(rows))).properties(width=WIDTH, height=step)


def cost(table: Table) -> ChartType | None:
    """Return the accuracy of each model against the operations that one image takes."""
    measure = main_measure(table)
    rows: list[dict[str, Any]] = [
        {"model": model, "operations": flops / 1e9, "accuracy": found.value, "low": found.low, "high": found.high}
        for model, found in (accuracies_of(table, measure) if measure else {}).items()
        if (flops := cost_of(table, model)["flops"])
    ]
    if len(rows) < 2:
        return None
    labels = _labels(rows)
    named = pd.DataFrame([{**row, "label": labels.get(str(row["model"]), "")} for row in rows])
    base = alt.Chart().encode(
        x=alt.X(
            "operations:Q", scale=alt.Scale(type="log", nice=False, padding=60), title="billion operations an image"
        ),
        y=alt.Y("accuracy:Q", scale=alt.Scale(zero=False), axis=alt.Axis(format="%"), title=PROBES[str(measure)]),
        tooltip=["model:N", alt.Tooltip("operations:Q", format=".3~g"), alt.Tooltip("accuracy:Q", format=".1%")],
    )
    layers: list[Any] = [
        base.mark_rule(color="#b5b9be").encode(y="low:Q", y2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=MODELS[0]),
        base.mark_text(align="left", dx=7, dy=-6, limit=240).encode(text="label:N"),
    ]
    return alt.layer(*layers, data=inline(named)).properties(width=WIDTH, height=260)


def _labels(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return one label for all models that lie in about one place, by the first of them."""
    spread = max(row["high"] for row in rows) - min(row["low"] for row in rows)
    together: list[list[dict[str, Any]]] = []
    for row in rows:
        near = (
            group
            for group in together
            if abs(group[0]["accuracy"] - row["accuracy"]) < NEAR * spread
            and abs(math.log(group[0]["operations"] / row["operations"])) < NEAR
        )
        if (group := next(near, None)) is not None:
            group.append(row)
        else:
            together.append([row])
    return {str(group[0]["model"]): ", ".join(str(row["model"]) for row in group) for group in together}
