"""FroSSL: views agree while the Frobenius norm of their covariance, as small as it can be, keeps dimensions apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.training.batch import Batch
from simzoo.training.pair import Pair


@objective(name="frossl", version=1, paradigm="redundancy reduction", reference="skean2024frossl")
class FroSSL(Pair):
    """Log of the squared Frobenius norm of each view's normed covariance, plus the distance from the mean view."""

    def parts(self, width: int, options: Mapping[str, Any]) -> tuple[nn.Module, nn.Module]:
        """Return head and loss; options `hidden`, `out`, `invariance`. The head is Barlow Twins', as in lightly's."""
        from lightly.loss import FroSSLLoss
        from lightly.models.modules import BarlowTwinsProjectionHead

        head = BarlowTwinsProjectionHead(width, options.get("hidden", 2048), options.get("out", 2048))
        return head, FroSSLLoss(invariance_weight=options.get("invariance", 1.0))

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of the projections of all views."""
        loss: Tensor = self.criterion([self.head(self.backbone(view)) for view in batch.views])
        return loss
