"""Training objectives, one short file each, on lightly's losses, heads and transforms."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_objectives() -> list[Any]:
    """Bring simzoo's own objectives."""
    from simzoo.training.objectives.barlow_twins import BarlowTwins
    from simzoo.training.objectives.byol import BYOL
    from simzoo.training.objectives.dino import DINO
    from simzoo.training.objectives.init import Init
    from simzoo.training.objectives.mocov2 import MoCoV2
    from simzoo.training.objectives.nnclr import NNCLR
    from simzoo.training.objectives.simclr import SimCLR
    from simzoo.training.objectives.simsiam import SimSiam
    from simzoo.training.objectives.supervised import Supervised
    from simzoo.training.objectives.swav import SwAV
    from simzoo.training.objectives.vicreg import VICReg

    return [Init, Supervised, SimCLR, MoCoV2, NNCLR, BYOL, SimSiam, DINO, SwAV, BarlowTwins, VICReg]
