"""How a figure shows that there is no value: one mark for each reason, so that a failure never looks like a colour."""

from __future__ import annotations

from typing import Any

import altair as alt

from simzoo.report.palette import UNDEFINED

# what each mark looks like in a square from -1 to 1: a cross, a stroke, a bar, a point
SHAPES = {
    "failed": "M-0.8,-0.8L0.8,0.8M-0.8,0.8L0.8,-0.8",
    "undefined": "M-0.8,0.8L0.8,-0.8",
    "skipped": "M-0.8,0L0.8,0",
    "absent": "M-0.12,0A0.12,0.12,0,1,1,0.12,0A0.12,0.12,0,1,1,-0.12,0Z",
}
GROUND = {"absent": "#ffffff"}
INK = {"failed": "#b3261e"}
_INK = "#4a5159"


def gap_marks(base: alt.Chart, present: list[str], tooltip: list[Any], cell: float) -> list[alt.Chart]:
    """Return the layers that mark the cells without a value by their `status`, with a legend of those present.

    `base` has places and data; `cell` is the side of a cell in pixels.
    """
    shown = [status for status in SHAPES if status in present]
    if not shown:
        return []
    layers = []
    for status in shown:
        one = base.transform_filter(f"datum.status == '{status}'")
        ground = one.mark_rect(color=GROUND.get(status, UNDEFINED), stroke="#c9ccd1", strokeWidth=0.5)
        layers.append(ground.encode(tooltip=tooltip))
    shape = alt.Shape(
        "status:N",
        scale=alt.Scale(domain=shown, range=[SHAPES[status] for status in shown]),
        legend=alt.Legend(title="no value", orient="right", symbolSize=90, symbolStrokeWidth=1.4),
    )
    ink = alt.Stroke(
        "status:N",
        scale=alt.Scale(domain=shown, range=[INK.get(status, _INK) for status in shown]),
        legend=alt.Legend(title="no value"),
    )
    marked = base.transform_filter("datum.status != 'ok'").mark_point(
        size=max(12.0, min(220.0, (0.6 * cell) ** 2)), strokeWidth=1.3, filled=False, opacity=1
    )
    return [*layers, marked.encode(shape=shape, stroke=ink, tooltip=tooltip)]
