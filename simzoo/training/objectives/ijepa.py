"""I-JEPA: from a part of an image, a predictor says what a teacher makes of other parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.masked import Encoder, OneView, context_and_targets
from simzoo.training.teacher import Taught, Teacher


@objective(name="ijepa", version=1, backbone="vit", paradigm="masked self-distillation", reference="assran2023ijepa")
class IJEPA(Taught, OneView):
    """Smooth absolute error between predicted tokens of target blocks and a teacher's, each of which is normed."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return predictor and teacher; options `hidden` (its width), `depth`, `heads`, `targets`, `scale`, `aspect`.

        And those of `Teacher`. `scale` and `aspect` are two numbers each, between which blocks are drawn.
        """
        from lightly.models.modules import IJEPAPredictorTIMM

        options = recipe.options
        self.targets = options.get("targets", 4)
        self.scale, self.aspect = tuple(options.get("scale", (0.15, 0.2))), tuple(options.get("aspect", (0.75, 1.5)))
        self.teacher = Teacher(backbone, options=options, momentum=0.996, momentum_end=1.0)
        self.student, self.taught = Encoder(backbone, "ijepa"), Encoder(self.teacher.features, "ijepa")
        self.predictor: Any = IJEPAPredictorTIMM(
            num_patches=self.student.patches,
            depth=options.get("depth", 2),
            mlp_dim=width,
            predictor_embed_dim=options.get("hidden", 96),
            num_heads=options.get("heads", 4),
        )
        return nn.ModuleDict({"predictor": self.predictor, "teacher": self.teacher})

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean over the tokens of all target blocks."""
        from lightly.models.utils import apply_masks

        pixels, student = batch.views[0], self.student
        context, targets = context_and_targets(
            len(pixels), student.grid, pixels.device, count=self.targets, scale=self.scale, aspect=self.aspect
        )
        with torch.no_grad():
            seen = self.taught.of_patches(self.taught.tokens(pixels))
            wanted = apply_masks(functional.layer_norm(seen, seen.shape[-1:]), targets)
        told = self.predictor(student.of_patches(student.tokens(pixels, keep=context)), context, targets)
        return functional.smooth_l1_loss(told, wanted)
