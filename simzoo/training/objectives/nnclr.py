"""NNCLR: a view attracts the nearest neighbour of the other view among earlier projections."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.bank import kept
from simzoo.training.batch import Batch
from simzoo.training.pair import TwoViews


@objective(name="nnclr", version=1, paradigm="contrastive", reference="dwibedi2021nnclr")
class NNCLR(TwoViews):
    """NT-Xent loss between predictions and the nearest neighbours, in a bank, of the other view's projections."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head, predictor and bank; options `hidden`, `prediction_hidden`, `out`, `temperature`, `bank`."""
        from lightly.loss import NTXentLoss
        from lightly.models.modules import NNCLRPredictionHead, NNCLRProjectionHead, NNMemoryBankModule

        options = recipe.options
        hidden, out = options.get("hidden", 2048), options.get("out", 256)
        self.backbone = backbone
        self.head = NNCLRProjectionHead(width, hidden, out)
        self.predictor = NNCLRPredictionHead(out, options.get("prediction_hidden", 2 * hidden), out)
        self.bank = kept(NNMemoryBankModule(size=(options.get("bank", 4096), out)))
        self.criterion = NTXentLoss(temperature=options.get("temperature", 0.5))
        return nn.ModuleDict({"head": self.head, "predictor": self.predictor, "bank": self.bank})

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean of both directions; the second view's projections go into the bank."""
        first, second = (self.head(self.backbone(view)) for view in batch.views)
        near_first = self.bank(first.detach(), update=False)
        near_second = self.bank(second.detach(), update=True)
        there = self.criterion(near_first, self.predictor(second))
        back = self.criterion(near_second, self.predictor(first))
        loss: Tensor = 0.5 * (there + back)
        return loss
