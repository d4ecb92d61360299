"""A training objective for simzoo: alignment and uniformity on the sphere (Wang and Isola, 2020)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import simzoo


@simzoo.hookimpl
def simzoo_objectives() -> list[Any]:
    """Hand the objective to simzoo."""
    from simzoo_alignment.objective import AlignmentUniformity  # here, so that listing models loads no torch

    return [AlignmentUniformity]


@simzoo.hookimpl
def simzoo_cards() -> list[Path]:
    """Hand over the folder with the card that names the objective, and the recipe that says how it trains."""
    return [Path(__file__).parent / "registry"]
