"""From an altair chart to a Vega-Lite specification with one look, and from that to SVG, PNG and PDF."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
from altair.typing import ChartType

from simzoo.storage import atomic

FORMATS = ("svg", "png", "pdf")
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
FONT = "Inter, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
LOOK: dict[str, Any] = {
    "background": "white",
    "font": FONT,
    "view": {"stroke": None},
    "aria": False,
    "title": {
        "fontSize": 12,
        "fontWeight": 600,
        "color": "#22262b",
        "subtitleColor": "#5b626b",
        "subtitleFontSize": 11,
    },
    "axis": {
        "labelColor": "#3d434a",
        "titleColor": "#22262b",
        "titleFontWeight": 500,
        "titlePadding": 8,
        "gridColor": "#e4e7eb",
        "domainColor": "#aab0b8",
        "tickColor": "#aab0b8",
    },
    "legend": {"labelColor": "#3d434a", "titleColor": "#22262b", "titleFontWeight": 500},
}
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def specification(chart: ChartType) -> dict[str, Any]:
    """Return the chart's Vega-Lite specification; a plugin's chart may hold as many rows as it likes.

    It is not validated: that takes longer than drawing, and altair does it where charts are made outside of a report.
    """
    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = chart.to_dict(validate=False)
    spec["config"] = {**LOOK, **{key: value for key, value in spec.get("config", {}).items() if key != "view"}}
    return spec


def write_figure(spec: dict[str, Any], folder: Path, name: str) -> list[Path]:
    """Write `name`.svg, .png and .pdf into the folder; the chart is laid out once, the others come from the SVG."""
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    contents = {"svg": svg.encode(), "png": vl_convert.svg_to_png(svg, scale=2), "pdf": vl_convert.svg_to_pdf(svg)}
    paths = []
    for suffix in FORMATS:
        path = folder / f"{name}.{suffix}"
        with atomic(path) as temporary:
            temporary.write_bytes(contents[suffix])
        paths.append(path)
    return paths


def safe_name(text: str, taken: set[str]) -> str:
    """Return a file name for any text, different from all that are taken also where case does not count.

    >>> taken = set()
    >>> safe_name("cka a/../b@digits:quick#0", taken), safe_name("CKA a ... b@digits:quick#0", taken)
    ('cka-a-b-digits-quick-0', 'CKA-a-b-digits-quick-0-2')
    """
    short = re.sub(r"[-.]*\.\.[-.]*|-{2,}", "-", _UNSAFE.sub("-", text)).strip("-.")[:100] or "figure"
    name, count = short, 1
    while name.lower() in taken:
        count += 1
        name = f"{short}-{count}"
    taken.add(name.lower())
    return name
