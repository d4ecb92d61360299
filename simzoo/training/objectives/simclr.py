"""SimCLR: two views of one image attract, views of different images repel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch


@objective(name="simclr", version=1, paradigm="contrastive", reference="chen2020simclr")
class SimCLR:
    """NT-Xent loss between two views through a projection head that is thrown away after training."""

    def views(self, image_size: int, recipe: Settings) -> Callable[[Any], list[Tensor]]:
        """Return two independent views of each image."""
        from simzoo.training.views import make_views

        return make_views(recipe.views, image_size, copies=2)

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return the projection head; options `hidden`, `out`, `temperature`."""
        from lightly.loss import NTXentLoss
        from lightly.models.modules import SimCLRProjectionHead

        options = recipe.options
        self.backbone = backbone
        head: nn.Module = SimCLRProjectionHead(width, options.get("hidden", width), options.get("out", 128))
        self.head = head
        self.criterion = NTXentLoss(temperature=options.get("temperature", 0.5))
        return head

    def loss(self, batch: Batch) -> Tensor:
        """Return the NT-Xent loss; both views pass the network in one batch, so they share its batch statistics."""
        first, second = self.head(self.backbone(torch.cat(batch.views))).chunk(2)
        loss: Tensor = self.criterion(first, second)
        return loss
