"""BYOL: a network predicts what its own moving average says of another view."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.pair import TwoViews
from simzoo.training.teacher import Taught, Teacher


@objective(name="byol", version=1, paradigm="self-distillation", reference="grill2020byol")
class BYOL(Taught, TwoViews):
    """Negative cosine similarity between predictions and a teacher's projections of the other view, both ways."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head, predictor and teacher; options `hidden`, `out`, and `momentum` (of `Teacher`)."""
        from lightly.loss import NegativeCosineSimilarity
        from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead

        options = recipe.options
        hidden, out = options.get("hidden", 1024), options.get("out", 256)
        self.backbone = backbone
        self.head = BYOLProjectionHead(width, hidden, out)
        self.predictor = BYOLPredictionHead(out, hidden, out)
        self.teacher = Teacher(backbone, self.head, options=options, momentum_end=1.0)
        self.criterion = NegativeCosineSimilarity()
        return nn.ModuleDict({"head": self.head, "predictor": self.predictor, "teacher": self.teacher})

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean of both directions: the paper's loss is 4 times this, plus 4."""
        first, second = (self.predictor(self.head(self.backbone(view))) for view in batch.views)
        of_first, of_second = (self.teacher(view) for view in batch.views)
        loss: Tensor = 0.5 * (self.criterion(first, of_second) + self.criterion(second, of_first))
        return loss
