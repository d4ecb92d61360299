"""TiCo: views agree, and stay out of the directions that earlier projections took."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.pair import TwoViews
from simzoo.training.teacher import Taught, Teacher


@objective(name="tico", version=1, paradigm="redundancy reduction", reference="zhu2022tico")
class TiCo(Taught, TwoViews):
    """Distance to a teacher's projection of the other view, plus `rho` x the energy along a running covariance."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head, teacher and covariance; options `hidden`, `out`, `beta`, `rho`, and those of `Teacher`.

        The covariance is a buffer: lightly's is a plain field, which no state dict holds.
        """
        from lightly.loss import TiCoLoss
        from lightly.models.modules.heads import TiCoProjectionHead

        options = recipe.options
        out = options.get("out", 256)
        self.backbone = backbone
        self.head = TiCoProjectionHead(width, options.get("hidden", 1024), out)
        self.teacher = Teacher(backbone, self.head, options=options, momentum_end=1.0)
        self.criterion = TiCoLoss(beta=options.get("beta", 0.9), rho=options.get("rho", 8.0))
        del self.criterion.C
        self.criterion.register_buffer("C", torch.zeros(out, out))
        return nn.ModuleDict({"head": self.head, "teacher": self.teacher, "criterion": self.criterion})

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of the first view's projections; they move the covariance."""
        given, wanted = self.head(self.backbone(batch.views[0])), self.teacher(batch.views[1])
        loss: Tensor = self.criterion(given, wanted)
        return loss
