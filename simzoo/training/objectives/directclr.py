"""DirectCLR: SimCLR's loss on some of the features themselves, without a projection head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from simzoo.facts import objective
from simzoo.training.pair import Pair


@objective(name="directclr", version=1, paradigm="contrastive", reference="jing2022directclr")
class DirectCLR(Pair):
    """NT-Xent loss between the first `out` features of two views."""

    def parts(self, width: int, options: Mapping[str, Any]) -> tuple[nn.Module, nn.Module]:
        """Return no head, and the loss; options `out` (at most the width of the features) and `temperature`."""
        from lightly.loss import DirectCLRLoss

        chosen = min(width, options.get("out", 64))
        return nn.Identity(), DirectCLRLoss(loss_dim=chosen, temperature=options.get("temperature", 0.1))
