"""Barlow Twins: the cross-correlation of two views is to be the identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from simzoo.facts import objective
from simzoo.training.pair import Pair


@objective(name="barlow_twins", version=1, paradigm="redundancy reduction", reference="zbontar2021barlow")
class BarlowTwins(Pair):
    """Squared distance of the diagonal from 1, plus `off_diagonal` times that of the rest from 0."""

    def parts(self, width: int, options: Mapping[str, Any]) -> tuple[nn.Module, nn.Module]:
        """Return head and loss; options `hidden`, `out`, `off_diagonal`."""
        from lightly.loss import BarlowTwinsLoss
        from lightly.models.modules import BarlowTwinsProjectionHead

        head = BarlowTwinsProjectionHead(width, options.get("hidden", 2048), options.get("out", 2048))
        return head, BarlowTwinsLoss(lambda_param=options.get("off_diagonal", 5e-3))
