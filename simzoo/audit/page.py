"""The page of an audit: the house's page, with sections that render one audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from simzoo.audit import summary
from simzoo.report.figures import inline
from simzoo.report.palette import MODELS
from simzoo.report.section import Block, Chart, DataView, Section, Text
from simzoo.report.writer import write_report
from simzoo.table.schema import Table, frame


def write_page(
    facts: Mapping[str, Any], folder: Path, command: str, against: Sequence[Mapping[str, Any]] | None = None
) -> list[Path]:
    """Write report.html and the figures of an audit; return the paths, the page first."""
    data = {"name": facts["data"], "split": facts["split"], "n": facts["n"]}
    table = Table(frame([]), {}, {facts["model"]: dict(facts["identity"])}, {"command": command, "data": data})
    parts: list[tuple[str, Sequence[Block]]] = [
        ("Verdict", [Text(tuple(summary.verdict(facts)), role="verdict"), *_warnings(facts)]),
        (
            "Accuracy",
            [_view(summary.accuracy_rows(facts), "Intervals of 95 %: Wilson's for the head, else half-samples.")],
        ),
        ("Against another model", _against(against)),
        ("Shape of the features", [*_charts(facts), _view(summary.value_rows(facts), "Of the pooled final features.")]),
        ("Nearest relatives", _relatives(facts)),
        ("The model", [_view(summary.identity_rows(facts), "As its card and this run say.")]),
        ("Time", [_view(summary.time_rows(facts["seconds"]), "Where the time went.")]),
    ]
    sections = [
        Section(title.lower().replace(" ", "-"), title, place, partial(_blocks, blocks))
        for place, (title, blocks) in enumerate(parts, start=1)
    ]
    return write_report(table, folder, sections)


def _blocks(blocks: Sequence[Block], _: Table) -> Sequence[Block]:
    return blocks


def _view(rows: Sequence[Mapping[str, str]], caption: str) -> DataView:
    return DataView(pd.DataFrame(list(rows)), caption)


def _warnings(facts: Mapping[str, Any]) -> list[Block]:
    return [Text(tuple(facts["warnings"]), role="problem")] if facts["warnings"] else []


def _against(rows: Sequence[Mapping[str, Any]] | None) -> list[Block]:
    if rows is None:
        return []
    return [_view(summary.regression_rows(rows), "Worse: below the other by more than is allowed.")]


def _relatives(facts: Mapping[str, Any]) -> list[Block]:
    if not facts["relatives"]:
        return [Text(("No other model in the store has been given these images.",))]
    rows = [
        {"model": one["model"], "unbiased CKA": f"{one['cka']:.3f}", "images": f"{one['n']:,}"}
        for one in facts["relatives"]
    ]
    return [_view(rows, "Models in the store whose final features of the same images are most alike.")]


def _charts(facts: Mapping[str, Any]) -> list[Block]:
    shares = pd.DataFrame({"direction": range(1, len(facts["spectrum"]) + 1), "share": facts["spectrum"]})
    shares = shares[shares["share"] > 0]
    blocks: list[Block] = []
    if len(shares):
        line = (
            alt.Chart(inline(shares))
            .mark_line(color=MODELS[0])
            .encode(
                x=alt.X("direction:Q", scale=alt.Scale(type="log"), title="principal direction"),
                y=alt.Y("share:Q", scale=alt.Scale(type="log"), title="share of the variance"),
            )
            .properties(width=420, height=240)
        )
        blocks.append(
            Chart(line, "Spectrum of the final features: a steep fall means few directions in use.", "spectrum")
        )
    moved = [
        {"augmentation": name, "invariance": value} for name, value in facts["invariance"].items() if value is not None
    ]
    if moved:
        bars = (
            alt.Chart(inline(pd.DataFrame(moved)))
            .mark_bar(color=MODELS[0])
            .encode(
                x=alt.X("invariance:Q", scale=alt.Scale(domain=[0, 1], clamp=True), title="invariance (1: not moved)"),
                y=alt.Y("augmentation:N", sort="-x", title=None),
            )
            .properties(width=420)
        )
        blocks.append(Chart(bars, "How little each augmentation moves the final features.", "invariance"))
    return blocks
