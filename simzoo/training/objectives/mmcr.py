"""MMCR: the mean views of different images fill as many dimensions as they can, the views of one image as few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.teacher import Taught, Teacher


@objective(name="mmcr", version=1, paradigm="redundancy reduction", reference="yerxa2023mmcr")
class MMCR(Taught):
    """Minus the nuclear norm of the images' mean projections, plus `compression` times that of each image's views."""

    def views(self, image_size: int, recipe: Settings) -> Callable[[Any], list[Tensor]]:
        """Return `views` views of each image (option; 2 if absent); `second` and `local` are of `global_and_local`."""
        from simzoo.training.views import global_and_local

        return global_and_local(recipe, image_size, recipe.options.get("views", 2))

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head and teacher; options `hidden`, `out`, `compression`, and those of `Teacher`."""
        from lightly.loss import MMCRLoss
        from lightly.models.modules.heads import MMCRProjectionHead

        options = recipe.options
        self.backbone = backbone
        self.head = MMCRProjectionHead(width, options.get("hidden", 2048), options.get("out", 128), num_layers=1)
        self.teacher = Teacher(backbone, self.head, options=options)
        self.criterion = MMCRLoss(lmda=options.get("compression", 0.005))
        return nn.ModuleDict({"head": self.head, "teacher": self.teacher})

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of all views, on the unit sphere as in the paper, seen by the network and by its teacher."""
        mine, teachers = ([see(view) for view in batch.views] for see in (self._project, self.teacher))
        loss: Tensor = self.criterion(*(functional.normalize(torch.stack(seen, 1), dim=2) for seen in (mine, teachers)))
        return loss

    def _project(self, view: Tensor) -> Tensor:
        out: Tensor = self.head(self.backbone(view))
        return out
