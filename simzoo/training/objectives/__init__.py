"""Training objectives, one short file each, on lightly's losses, heads and transforms."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_objectives() -> list[Any]:
    """Bring simzoo's own objectives."""
    from simzoo.training.objectives.barlow_twins import BarlowTwins
    from simzoo.training.objectives.byol import BYOL
    from simzoo.training.objectives.dcl import DCL
    from simzoo.training.objectives.dclw import DCLW
    from simzoo.training.objectives.dino import DINO
    from simzoo.training.objectives.directclr import DirectCLR
    from simzoo.training.objectives.emp_ssl import EMPSSL
    from simzoo.training.objectives.fastsiam import FastSiam
    from simzoo.training.objectives.frossl import FroSSL
    from simzoo.training.objectives.ibot import IBOT
    from simzoo.training.objectives.ijepa import IJEPA
    from simzoo.training.objectives.init import Init
    from simzoo.training.objectives.lejepa import LeJEPA
    from simzoo.training.objectives.mae import MAE
    from simzoo.training.objectives.mmcr import MMCR
    from simzoo.training.objectives.mocov2 import MoCoV2
    from simzoo.training.objectives.mocov3 import MoCoV3
    from simzoo.training.objectives.msn import MSN
    from simzoo.training.objectives.nnclr import NNCLR
    from simzoo.training.objectives.pmsn import PMSN
    from simzoo.training.objectives.simclr import SimCLR
    from simzoo.training.objectives.simmim import SimMIM
    from simzoo.training.objectives.simsiam import SimSiam
    from simzoo.training.objectives.supervised import Supervised
    from simzoo.training.objectives.swav import SwAV
    from simzoo.training.objectives.tico import TiCo
    from simzoo.training.objectives.vicreg import VICReg
    from simzoo.training.objectives.wmse import WMSE

    untrained_and_labels = [Init, Supervised]
    contrastive = [SimCLR, DCL, DCLW, DirectCLR, MoCoV2, MoCoV3, NNCLR]
    distilled = [BYOL, SimSiam, FastSiam, DINO]
    redundancy = [BarlowTwins, VICReg, MMCR, FroSSL, WMSE, EMPSSL, LeJEPA, TiCo]
    masked = [MAE, SimMIM, MSN, PMSN, IBOT, IJEPA]
    return [*untrained_and_labels, *contrastive, *distilled, SwAV, *redundancy, *masked]
