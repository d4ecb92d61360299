"""LeJEPA: all views agree with the mean of the global ones while projections are kept isotropic and Gaussian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch

LOCAL = {"count": 2, "min_scale": 0.05, "max_scale": 0.3}


@objective(name="lejepa", version=1, paradigm="redundancy reduction", reference="balestriero2025lejepa")
class LeJEPA:
    """(1 - `weight`) x distance from the global mean, plus `weight` x SIGReg: random slices tested for normality."""

    def views(self, image_size: int, recipe: Settings) -> Callable[[Any], list[Tensor]]:
        """Return two global views and local ones, which the loss cannot do without (options `second`, `local`)."""
        from simzoo.training.views import global_and_local

        return global_and_local(recipe, image_size, local=LOCAL)

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head and loss; options `hidden`, `out`, `weight`, `slices`."""
        from lightly.loss import LeJEPALoss
        from lightly.models.modules.heads import LeJEPAProjectionHead

        options = recipe.options
        self.backbone = backbone
        self.head = LeJEPAProjectionHead(width, options.get("hidden", 2048), options.get("out", 64))
        self.criterion = LeJEPALoss(
            lambda_param=options.get("weight", 0.05), sigreg_num_vectors=options.get("slices", 1024)
        )
        return nn.ModuleDict({"head": self.head, "criterion": self.criterion})

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of all views."""
        given = torch.stack([self.head(self.backbone(view)) for view in batch.views])
        loss: Tensor = self.criterion(global_proj=given[:2], local_proj=given[2:])
        return loss
