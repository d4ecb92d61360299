"""Singular values."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.measures.arrays import matrix
from simzoo.measures.derived.factor import triangle
from simzoo.representations.derived import derived


@derived
def singular_values(x: Any) -> torch.Tensor:
    """Return the min(n, d) singular values of the (n, d) features, not centred, largest first, in float64.

    By a QR step and the triangle's singular values; the eigenvalues of a Gram matrix would lose half the digits.
    """
    features = matrix(x).double()
    values: torch.Tensor = torch.linalg.svdvals(
        triangle(features if len(features) >= features.shape[1] else features.T)
    )
    return values
