"""DCL: as SimCLR, with the positive pair left out of what a view repels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from simzoo.facts import objective
from simzoo.training.pair import Pair


@objective(name="dcl", version=1, paradigm="contrastive", reference="yeh2022decoupled")
class DCL(Pair):
    """Decoupled contrastive loss between the projections of two views."""

    def parts(self, width: int, options: Mapping[str, Any]) -> tuple[nn.Module, nn.Module]:
        """Return head and loss; options `hidden`, `out`, `temperature`."""
        from lightly.loss import DCLLoss
        from lightly.models.modules import SimCLRProjectionHead

        head = SimCLRProjectionHead(width, options.get("hidden", width), options.get("out", 128))
        return head, DCLLoss(temperature=options.get("temperature", 0.1))
