"""SwAV: each view predicts to which prototypes the other view of the image is assigned."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.pair import TwoViews


@objective(name="swav", version=1, paradigm="clustering", reference="caron2020swav")
class SwAV(TwoViews):
    """Cross-entropy between codes, balanced over the batch by Sinkhorn's iteration, and predictions of them."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head and prototypes; options `hidden`, `out`, `prototypes`, `temperature`, `epsilon`.

        Prototypes have a bias, as lightly's (the paper's have none), learn from the first step on, and there is no
        queue: batches should be larger than the number of prototypes is small.
        """
        from lightly.loss import SwaVLoss
        from lightly.models.modules import SwaVProjectionHead, SwaVPrototypes

        options = recipe.options
        out = options.get("out", 128)
        self.backbone = backbone
        self.head = SwaVProjectionHead(width, options.get("hidden", width), out)
        self.prototypes = SwaVPrototypes(out, options.get("prototypes", 512))
        self.criterion = SwaVLoss(
            temperature=options.get("temperature", 0.1), sinkhorn_epsilon=options.get("epsilon", 0.05)
        )
        return nn.ModuleDict({"head": self.head, "prototypes": self.prototypes})

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean over pairs of a global view, which gives the code, and another view, which predicts it."""
        self.prototypes.normalize()
        given = [self.prototypes(functional.normalize(self.head(self.backbone(view)), dim=1)) for view in batch.views]
        loss: Tensor = self.criterion(given[:2], given[2:]).squeeze()
        return loss
