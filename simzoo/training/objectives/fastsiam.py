"""FastSiam: SimSiam with the mean of several other views as what is predicted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.objectives.simsiam import SimSiam


@objective(name="fastsiam", version=1, paradigm="self-distillation", reference="pototzky2022fastsiam")
class FastSiam(SimSiam):
    """Negative cosine similarity between a view's prediction and the mean of the others' projections, stopped."""

    def views(self, image_size: int, recipe: Settings) -> Callable[[Any], list[Tensor]]:
        """Return `views` views of each image (option; 4 if absent)."""
        from simzoo.training.views import global_and_local

        return global_and_local(recipe, image_size, recipe.options.get("views", 4))

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean over views."""
        given = [self.head(self.backbone(view)) for view in batch.views]
        stopped = torch.stack(given).detach()
        losses = [
            self.criterion(self.predictor(mine), torch.cat([stopped[:i], stopped[i + 1 :]]).mean(0))
            for i, mine in enumerate(given)
        ]
        return torch.stack(losses).mean()
