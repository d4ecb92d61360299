"""MoCo v2: a view attracts a teacher's key of the other view and repels the keys of earlier batches."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.bank import kept
from simzoo.training.batch import Batch
from simzoo.training.pair import TwoViews
from simzoo.training.teacher import Taught, Teacher


@objective(name="mocov2", version=1, paradigm="contrastive", reference="chen2020mocov2")
class MoCoV2(Taught, TwoViews):
    """InfoNCE of queries against a teacher's keys, the negatives from a bank of keys."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head, teacher and bank; options `hidden`, `out`, `temperature`, `bank` (keys), and those of `Teacher`.

        One device has one batch of statistics: keys are not shuffled over devices, as in the paper, nor over parts of
        a batch, as in lightly's benchmark.
        """
        from lightly.loss import NTXentLoss
        from lightly.models.modules import MoCoProjectionHead

        options = recipe.options
        out = options.get("out", 128)
        self.backbone = backbone
        self.head = MoCoProjectionHead(width, options.get("hidden", width), out)
        self.teacher = Teacher(backbone, self.head, options=options)
        bank = (options.get("bank", 4096), out)
        self.criterion = kept(NTXentLoss(temperature=options.get("temperature", 0.1), memory_bank_size=bank))
        return nn.ModuleDict({"head": self.head, "teacher": self.teacher, "criterion": self.criterion})

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of the first view's queries; the second view's keys go into the bank."""
        query, key = self.head(self.backbone(batch.views[0])), self.teacher(batch.views[1])
        loss: Tensor = self.criterion(query, key)
        return loss
