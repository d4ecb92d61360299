"""W-MSE: views agree after a whitening of the batch, which leaves no room to collapse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.errors import TrainingError
from simzoo.facts import objective
from simzoo.training.batch import Batch
from simzoo.training.pair import Pair


@objective(name="wmse", version=1, paradigm="redundancy reduction", reference="ermolov2021whitening")
class WMSE(Pair):
    """Squared distance between whitened projections on the sphere; each view is whitened by itself, as lightly does.

    One whitening a step, of the whole batch (the paper cuts it into parts); no running statistics, which only a head
    that is kept would need.
    """

    def parts(self, width: int, options: Mapping[str, Any]) -> tuple[nn.Module, nn.Module]:
        """Return head (BYOL's has the paper's form) and loss; options `hidden`, `out`, `shrink` (of the covariance)."""
        from lightly.loss.wmse_loss import WMSELoss
        from lightly.models.modules import BYOLProjectionHead

        self.out, shrink = options.get("out", 64), options.get("shrink", 0.0)
        head = BYOLProjectionHead(width, options.get("hidden", 1024), self.out)
        return head, WMSELoss(self.out, eps=shrink, track_running_stats=False, w_size=2 * self.out)

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of the projections of both views."""
        images = len(batch.labels)
        if images < 2 * self.out:
            raise TrainingError(
                "the batch is too small to be whitened",
                expected=f"{2 * self.out} images or more, two for each dimension of the projection",
                got=f"{images} images",
                next_step="lower the option out in the recipe, or raise batch_size",
            )
        self.criterion.w_size = images
        loss: Tensor = self.criterion(torch.cat([self.head(self.backbone(view)) for view in batch.views]))
        return loss
