"""Training objectives, one short file each, on lightly's losses, heads and transforms."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_objectives() -> list[Any]:
    """Bring simzoo's own objectives."""
    from simzoo.training.objectives.init import Init
    from simzoo.training.objectives.simclr import SimCLR
    from simzoo.training.objectives.supervised import Supervised

    return [Init, Supervised, SimCLR]
