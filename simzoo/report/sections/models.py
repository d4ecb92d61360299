"""What each model is, what it was trained on and for how long, and how accurate it is beside its untrained twin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from simzoo.cards import is_non_commercial
from simzoo.report.figures import accuracy_bars
from simzoo.report.grid import is_grid
from simzoo.report.reading import Accuracy, accuracies, models
from simzoo.report.section import Block, Chart, DataView
from simzoo.report.words import effort, real, with_interval
from simzoo.table.schema import Table

_WIDEST = 8  # models up to which each has a column of its own


def render(table: Table) -> list[Block]:
    """Return a figure of the accuracies and a table of facts, one column a model (one row, when they are many)."""
    names, measured = models(table), [] if is_grid(table) else accuracies(table)  # a grid ranks them, by setting
    blocks: list[Block] = []
    if measured:
        chance = measured[0].chance
        dashed = "" if chance is None else f" Dashed: chance, {chance:.2g}."
        caption = (
            "kNN accuracy of the final layer on held-out images, beside the same network untrained (same pooling, k "
            f"and split). Lines: intervals.{dashed}"
        )
        blocks.append(Chart(accuracy_bars(measured), caption, "accuracy"))
    if names:
        facts = pd.DataFrame({name: _facts(name, table.models.get(name, {}), measured) for name in names})
        facts = facts.dropna(how="all").fillna("-")
        wide = facts if len(names) <= _WIDEST and not is_grid(table) else facts.T
        blocks.append(DataView(wide.rename_axis("model").reset_index(), "The models as their cards describe them."))
    return blocks


def _facts(name: str, known: Mapping[str, Any], measured: list[Accuracy]) -> dict[str, str | None]:
    untrained = known.get("objective") == "init"
    shown = {
        "trained on": "nothing (untrained)" if untrained else known.get("trained_on"),
        "objective": "none (untrained)" if untrained else known.get("objective"),
        "paradigm": None if untrained else known.get("paradigm"),
        "recipe": None if untrained else known.get("recipe"),
        "training": None if untrained else effort(known),
        "shortened to": known.get("shortened"),
        **_scores(name, measured),
        "backbone": known.get("backbone"),
        "stem": known.get("stem"),
        "parameters": _whole(known.get("parameters")),
        "pooling": known.get("pool"),
        "input": _pixels(known),
        "seed": _whole(known.get("seed")),
        "licence": _licence(known.get("licence")),
        "reference": known.get("reference"),
    }
    return {key: None if value in {None, ""} else str(value) for key, value in shown.items()}


def _scores(name: str, measured: list[Accuracy]) -> dict[str, str | None]:
    scores: dict[str, str | None] = {}
    for found in measured:
        if found.model == name:
            where = f" ({found.condition})" if found.condition else ""
            scores[f"kNN accuracy{where}"] = with_interval(*found.trained) if found.trained else None
            scores[f"the same untrained{where}"] = with_interval(*found.untrained) if found.untrained else None
    return scores


def _licence(said: Any) -> str | None:
    return f"{said} (NON-COMMERCIAL USE ONLY)" if said and is_non_commercial(str(said)) else said


def _whole(value: Any) -> str | None:
    number = real(value)
    return None if number is None else f"{number:,.0f}"


def _pixels(known: Mapping[str, Any]) -> str | None:
    number = real(known.get("input_size") or (known.get("feed") or {}).get("size"))
    return None if number is None else f"{number:.0f} px"
