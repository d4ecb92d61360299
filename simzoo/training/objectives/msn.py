"""MSN: a view of which some patches are missing is assigned to the prototypes of a teacher's whole view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.masked import Encoder, random_patches
from simzoo.training.pair import TwoViews
from simzoo.training.teacher import Taught, Teacher


@objective(name="msn", version=1, backbone="vit", paradigm="masked self-distillation", reference="assran2022msn")
class MSN(Taught, TwoViews):
    """Cross-entropy between a teacher's sharpened, balanced assignment and the student's, minus its mean's entropy.

    The first view is the target, the second and the local ones (`local`, the paper's focal views) are anchors.
    """

    criterion: Any

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head, prototypes and teacher; options `masked` (share), `hidden`, `out`, `prototypes`, `temperature`.

        And `sharpening`, `balance` (iterations), `regularisation`, and those of `Teacher`. Prototypes learn, as in the
        paper (lightly's example leaves them as they were drawn). The image is what the card pools: in the paper, the
        class token. All anchors lose the same share (in the paper, focal views none).
        """
        from lightly.models.modules.heads import MSNProjectionHead

        options = recipe.options
        out = options.get("out", 256)
        self.masked, self.sharpening = options.get("masked", 0.15), options.get("sharpening", 0.25)
        self.encoder = Encoder(backbone, type(self).sheet.name)  # type: ignore[attr-defined]  # the decorator's
        self.head = MSNProjectionHead(width, options.get("hidden", 2048), out)
        self.prototypes = nn.Linear(out, options.get("prototypes", 1024), bias=False)
        self.teacher = Teacher(backbone, self.head, options=options, momentum=0.996, momentum_end=1.0)
        self.criterion = self.make_criterion(options)
        return nn.ModuleDict({"head": self.head, "prototypes": self.prototypes, "teacher": self.teacher})

    def make_criterion(self, options: Mapping[str, Any]) -> nn.Module:
        """Return the loss of assignments."""
        from lightly.loss import MSNLoss

        criterion: nn.Module = MSNLoss(**common(options))
        return criterion

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean loss over anchors."""
        wanted = self.teacher(batch.views[0])
        given = torch.cat([self._anchor(view) for view in batch.views[1:]])
        loss: Tensor = self.criterion(given, wanted, self.prototypes.weight, self.sharpening)
        return loss

    def _anchor(self, pixels: Tensor) -> Tensor:
        keep, _ = random_patches(len(pixels), self.encoder.patches, self.masked, pixels.device)
        out: Tensor = self.head(self.encoder.pooled(self.encoder.tokens(pixels, keep=keep)))
        return out


def common(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that the losses of MSN and PMSN share."""
    return {
        "temperature": options.get("temperature", 0.1),
        "sinkhorn_iterations": options.get("balance", 3),
        "regularization_weight": options.get("regularisation", 1.0),
    }
