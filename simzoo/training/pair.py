"""What objectives share that compare the projections of two views of one image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from simzoo.recipes import Settings
from simzoo.training.batch import Batch


class TwoViews:
    """Two views of an image; `second` and `local` of the recipe's options are those of `global_and_local`."""

    def views(self, image_size: int, recipe: Settings) -> Callable[[Any], list[Tensor]]:
        """Return the views of the images of a batch."""
        from simzoo.training.views import global_and_local

        return global_and_local(recipe, image_size)


class Pair(TwoViews):
    """One head, and one loss of two projections. Each view passes the network by itself, as in lightly's examples."""

    criterion: Any  # a module of lightly's, whose own fields no type tells

    def parts(self, width: int, options: Mapping[str, Any]) -> tuple[nn.Module, nn.Module]:
        """Return the projection head and the loss."""
        raise NotImplementedError

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head and loss."""
        self.backbone = backbone
        self.head, self.criterion = self.parts(width, recipe.options)
        return nn.ModuleDict({"head": self.head, "criterion": self.criterion})

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of the projections of both views."""
        first, second = (self.head(self.backbone(view)) for view in batch.views)
        loss: Tensor = self.criterion(first, second)
        return loss
