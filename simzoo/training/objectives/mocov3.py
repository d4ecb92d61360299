"""MoCo v3: predictions attract a teacher's keys of the other view and repel the other keys of the batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.pair import TwoViews
from simzoo.training.teacher import Taught, Teacher


@objective(name="mocov3", version=1, paradigm="contrastive", reference="chen2021mocov3")
class MoCoV3(Taught, TwoViews):
    """InfoNCE between predictions and a teacher's keys within the batch, both ways, times 2 x temperature."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head, predictor and teacher; options `hidden`, `out`, `temperature`, and those of `Teacher`.

        Heads have the two layers that the paper gives ResNets; a ViT's patch projection learns as everything else.
        """
        from lightly.models.modules import MoCoProjectionHead

        options = recipe.options
        hidden, out = options.get("hidden", 4096), options.get("out", 256)
        self.backbone, self.temperature = backbone, options.get("temperature", 0.2)
        self.head = MoCoProjectionHead(width, hidden, out, batch_norm=True)
        self.predictor = MoCoProjectionHead(out, hidden, out, batch_norm=True)
        self.teacher = Teacher(backbone, self.head, options=options, momentum_end=1.0)
        return nn.ModuleDict({"head": self.head, "predictor": self.predictor, "teacher": self.teacher})

    def loss(self, batch: Batch) -> Tensor:
        """Return the sum of both directions."""
        first, second = (self.predictor(self.head(self.backbone(view))) for view in batch.views)
        of_first, of_second = (self.teacher(view) for view in batch.views)
        return self._info_nce(first, of_second) + self._info_nce(second, of_first)

    def _info_nce(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Lightly has no such loss: its NT-Xent repels other queries too, or takes negatives from a bank alone."""
        cosines = functional.normalize(queries, dim=1) @ functional.normalize(keys, dim=1).T
        own = torch.arange(len(queries), device=queries.device)
        loss: Tensor = 2 * self.temperature * functional.cross_entropy(cosines / self.temperature, own)
        return loss
