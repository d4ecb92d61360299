"""VICReg: views agree, each dimension varies, no two dimensions covary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from simzoo.facts import objective
from simzoo.training.pair import Pair


@objective(name="vicreg", version=1, paradigm="redundancy reduction", reference="bardes2022vicreg")
class VICReg(Pair):
    """Weighted sum of invariance, variance and covariance terms."""

    def parts(self, width: int, options: Mapping[str, Any]) -> tuple[nn.Module, nn.Module]:
        """Return head and loss; options `hidden`, `out` and the weights `invariance`, `variance`, `covariance`."""
        from lightly.loss import VICRegLoss
        from lightly.models.modules.heads import VICRegProjectionHead

        head = VICRegProjectionHead(width, options.get("hidden", 2048), options.get("out", 2048))
        return head, VICRegLoss(
            lambda_param=options.get("invariance", 25.0),
            mu_param=options.get("variance", 25.0),
            nu_param=options.get("covariance", 1.0),
        )
