"""SimSiam: a network predicts what it says itself of another view, without a gradient there."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.pair import TwoViews


@objective(name="simsiam", version=1, paradigm="self-distillation", reference="chen2021simsiam")
class SimSiam(TwoViews):
    """Negative cosine similarity between predictions and the projections of the other view, gradients stopped."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head and predictor; options `out` (its hidden layers are as wide) and `hidden` of the predictor.

        The predictor's learning rate falls with the others' (in the paper it stays).
        """
        from lightly.loss import NegativeCosineSimilarity
        from lightly.models.modules import SimSiamPredictionHead, SimSiamProjectionHead

        hidden, out = recipe.options.get("hidden", 512), recipe.options.get("out", 2048)
        self.backbone = backbone
        self.head = SimSiamProjectionHead(width, out, out)
        self.predictor = SimSiamPredictionHead(out, hidden, out)
        self.criterion = NegativeCosineSimilarity()
        return nn.ModuleDict({"head": self.head, "predictor": self.predictor})

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean of both directions."""
        first, second = (self.head(self.backbone(view)) for view in batch.views)
        there = self.criterion(self.predictor(first), second.detach())
        back = self.criterion(self.predictor(second), first.detach())
        loss: Tensor = 0.5 * (there + back)
        return loss
