"""Supervised classification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch


@objective(name="supervised", version=1, labels=True, paradigm="supervised", reference="he2016resnet")
class Supervised:
    """Softmax cross-entropy of a linear head on the pooled features; one view an image."""

    def views(self, image_size: int, recipe: Settings) -> Callable[[Any], list[Tensor]]:
        """Return one augmented view of each image."""
        from simzoo.training.views import make_views

        return make_views(recipe.views, image_size, copies=1)

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:
        """Return the linear head; option `label_smoothing`."""
        self.backbone, self.head = backbone, nn.Linear(width, classes)
        self.criterion = nn.CrossEntropyLoss(label_smoothing=recipe.options.get("label_smoothing", 0.0))
        return self.head

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean cross-entropy of the batch."""
        loss: Tensor = self.criterion(self.head(self.backbone(batch.views[0])), batch.labels)
        return loss
