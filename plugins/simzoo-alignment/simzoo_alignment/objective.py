"""Alignment and uniformity: two views of an image meet on the sphere, and images spread over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import simzoo


@simzoo.objective(
    name="alignment_uniformity",
    version=1,
    paradigm="contrastive",
    reference="wang2020alignment",
)
class AlignmentUniformity:
    """Mean squared distance of two views, plus the log of the mean Gaussian potential of all pairs of images.

    With projections x, y of two views on the unit sphere: `align` x mean |x - y|^2 + `uniform` x the mean over views of
    log mean exp(-t |x_i - x_j|^2) over i < j, as in the authors' code (alpha = 2, t = 2).
    """

    def views(self, image_size: int, recipe: Any) -> Callable[[Any], list[Tensor]]:
        """Return a function from a batch of images to two views of each, made as the recipe says."""
        from simzoo.training.views import make_views

        return make_views(recipe.views, image_size, copies=2)

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Any, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return the head (the authors' has one layer); options `out`, `align`, `uniform`, `t`."""
        options = recipe.options
        self.backbone, self.t = backbone, options.get("t", 2.0)
        self.align, self.uniform = options.get("align", 1.0), options.get("uniform", 1.0)
        self.head = nn.Linear(width, options.get("out", 128))
        return self.head

    def loss(self, batch: Any) -> dict[str, Tensor]:
        """Return the weighted sum, and both terms beside it."""
        both = functional.normalize(self.head(self.backbone(torch.cat(batch.views))), dim=1)
        first, second = both.chunk(2)
        alignment = (first - second).square().sum(1).mean()
        uniformity = torch.stack([self._potential(side) for side in (first, second)]).mean()
        return {
            "loss": self.align * alignment + self.uniform * uniformity,
            "alignment": alignment.detach(),
            "uniformity": uniformity.detach(),
        }

    def _potential(self, side: Tensor) -> Tensor:
        return torch.pdist(side).square().mul(-self.t).exp().mean().log()
