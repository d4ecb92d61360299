"""PMSN: MSN whose prototypes are to be used by a power law instead of equally."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.training.objectives.msn import MSN, common


@objective(name="pmsn", version=1, backbone="vit", paradigm="masked self-distillation", reference="assran2023pmsn")
class PMSN(MSN):
    """MSN with the divergence of the mean assignment from a power law (option `exponent`) in place of its entropy."""

    def make_criterion(self, options: Mapping[str, Any]) -> nn.Module:
        """Return the loss of assignments.

        lightly's `PMSNLoss` has the same law, but copies a tensor in a way that torch warns of at each step.
        """
        from lightly.loss.pmsn_loss import PMSNCustomLoss

        exponent = options.get("exponent", 0.25)

        def power_law(mean: Tensor) -> Tensor:
            shares: Tensor = torch.arange(1, len(mean) + 1, device=mean.device, dtype=mean.dtype).pow(-exponent)
            return shares / shares.sum()

        criterion: nn.Module = PMSNCustomLoss(target_distribution=power_law, **common(options))
        return criterion
