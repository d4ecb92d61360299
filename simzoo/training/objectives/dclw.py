"""DCLW: DCL with a weight on each positive pair, the larger the less alike its views are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.training.pair import Pair


def von_mises_fisher_weights(first: Tensor, second: Tensor, sigma: float) -> Tensor:
    """Return 2 - exp(s_i / sigma) / mean_j exp(s_j / sigma), s the cosines of the pairs, (n,).

    lightly's own copies a tensor in a way that torch warns of at each step.
    """
    cosines = (first.detach() * second.detach()).sum(1)
    return 2 - len(first) * torch.softmax(cosines / sigma, 0)


@objective(name="dclw", version=1, paradigm="contrastive", reference="yeh2022decoupled")
class DCLW(Pair):
    """Decoupled contrastive loss with negative von Mises-Fisher weights on the positive pairs."""

    def parts(self, width: int, options: Mapping[str, Any]) -> tuple[nn.Module, nn.Module]:
        """Return head and loss; options `hidden`, `out`, `temperature`, `sigma`."""
        from lightly.loss import DCLLoss
        from lightly.models.modules import SimCLRProjectionHead

        head = SimCLRProjectionHead(width, options.get("hidden", width), options.get("out", 128))
        weights = partial(von_mises_fisher_weights, sigma=options.get("sigma", 0.5))
        return head, DCLLoss(temperature=options.get("temperature", 0.1), weight_fn=weights)
