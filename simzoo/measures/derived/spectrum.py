"""Singular values."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived.factor import triangle
from simzoo.representations.derived import derived


@derived
def singular_values(x: Any) -> torch.Tensor:
    """Return the min(n, d) singular values of the (n, d) features, not centred, largest first, in float64.

    By a QR step and the triangle's singular values; the eigenvalues of a Gram matrix would lose half the digits.
    """
    return _values(matrix(x).double())


@derived
def principal_variances(x: Any) -> torch.Tensor:
    """Return the eigenvalues of the (d, d) covariance of the features that centring leaves, largest first, in float64.

    These are min(n - 1, d), without those that are only rounding: below max(n, d) float64 roundings of the largest, or
    one rounding of the input as a whole, both of the root.
    """
    features = matrix(x)
    n, d = features.shape
    require_samples(n, 2, "one sample does not vary")
    require_variation(features, "no direction has variance")
    columns = features.double()
    rounding = torch.finfo(features.dtype).eps * float(columns.norm())
    values = _values(columns - columns.mean(0))[: n - 1]
    least = max(rounding, max(n, d) * torch.finfo(torch.float64).eps * float(values[0]))
    return values[: max(1, int((values > least).sum()))].square() / (n - 1)


def _values(features: torch.Tensor) -> torch.Tensor:
    values: torch.Tensor = torch.linalg.svdvals(
        triangle(features if len(features) >= features.shape[1] else features.T)
    )
    return values
