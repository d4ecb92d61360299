"""DINO: local and global views predict the centred, sharpened output of a teacher that sees the global ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.pair import TwoViews
from simzoo.training.teacher import Taught, Teacher


@objective(name="dino", version=1, paradigm="self-distillation", reference="caron2021dino")
class DINO(Taught, TwoViews):
    """Cross-entropy between a teacher's and the student's distributions over `out` dimensions, views crossed."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head, teacher and centre; options `hidden`, `bottleneck`, `out`, and those of `Teacher`.

        And `temperature`, `teacher_temperature`, `centre_momentum`. The last layer learns from the first epoch on and
        the teacher's temperature is constant, as in lightly's CIFAR benchmark (in the paper one waits, the other
        rises).
        """
        from lightly.loss import DINOLoss
        from lightly.models.modules import DINOProjectionHead

        options = recipe.options
        hidden, out = options.get("hidden", 2048), options.get("out", 2048)
        self.backbone = backbone
        with (
            torch.no_grad(),
            warnings.catch_warnings(),
        ):  # a normed weight is made at once; one with a graph cannot be copied
            warnings.simplefilter("ignore", FutureWarning)  # torch's, on how lightly norms the last layer
            self.head = DINOProjectionHead(width, hidden, options.get("bottleneck", 256), out, batch_norm=True)
        self.teacher = Teacher(backbone, self.head, options=options, momentum_end=1.0)
        self.criterion = DINOLoss(
            output_dim=out,
            teacher_temp=options.get("teacher_temperature", 0.04),
            student_temp=options.get("temperature", 0.1),
            center_momentum=options.get("centre_momentum", 0.9),
        )
        return nn.ModuleDict({"head": self.head, "teacher": self.teacher, "criterion": self.criterion})

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean over pairs of views, none with itself; the centre moves on."""
        wanted = [self.teacher(view) for view in batch.views[:2]]
        given = [self.head(self.backbone(view)) for view in batch.views]
        loss: Tensor = self.criterion(wanted, given)
        return loss
