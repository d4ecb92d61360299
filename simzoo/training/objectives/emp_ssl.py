"""EMP-SSL: many crops of each image agree with their mean while the batch takes up much volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch


@objective(name="emp_ssl", version=1, paradigm="redundancy reduction", reference="tong2023emp")
class EMPSSL:
    """Minus the coding rate of each crop's batch, minus `invariance` times the crops' cosine with their mean."""

    def views(self, image_size: int, recipe: Settings) -> Callable[[Any], list[Tensor]]:
        """Return `patches` crops of each image (option; 20 if absent)."""
        from simzoo.training.views import make_views

        return make_views(recipe.views, image_size, recipe.options.get("patches", 20))

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return the head (BYOL's has the paper's form); options `hidden`, `out`, `distortion`, `invariance`."""
        from lightly.models.modules import BYOLProjectionHead

        options = recipe.options
        self.backbone = backbone
        self.distortion, self.invariance = options.get("distortion", 0.2), options.get("invariance", 200.0)
        head: nn.Module = BYOLProjectionHead(width, options.get("hidden", 2048), options.get("out", 512))
        self.head = head
        return head

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss; all crops pass the network in one batch, and projections lie on the sphere (authors' code).

        lightly's `EMPSSLLoss` adds the coding rate where the paper subtracts it, which would reward collapse: its two
        terms are used, with the paper's sign.
        """
        from lightly.loss.emp_ssl_loss import invariance_loss, tcr_loss

        seen = functional.normalize(self.head(self.backbone(torch.cat(batch.views))), dim=1)
        crops = torch.stack(seen.chunk(len(batch.views)))
        loss: Tensor = self.invariance * invariance_loss(crops) - tcr_loss(crops, self.distortion)
        return loss
