"""Distances after the best rotation of one representation onto the other."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.facts import similarity
from simzoo.measures.arrays import matrix, require_samples
from simzoo.measures.derived.factor import centered_factor

# Below this share of |x|^2 + |y|^2 the difference of three numbers has lost digits and is computed as a distance.
_NEARLY_EQUAL = 1e-6


@similarity(
    name="procrustes",
    version=1,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "translation"},
    reference="williams2021shapes",
)
def procrustes(x: Any, y: Any) -> float:
    """Measure how far two representations are apart after centring and the best rotation (size-and-shape distance).

    Formula: min over orthogonal Q of |HxQ - Hy| = sqrt(|Hx|^2 + |Hy|^2 - 2 |x^T H y|_*), H = I - 11^T / n, |.|_* the
    sum of singular values; the narrower side is padded with zero columns.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a distance in [0, inf) in the unit of the features; 0 = equal up to rotation and shift. It is a metric, and
    it grows with sqrt(n) and with the features' scale.
    Undefined: one sample (TooFewSamplesError). Rows all equal are one point: the distance to it is |Hy|.
    Cost: n min(n, d) min(n, d2) multiply-adds and the singular values of a min(n, d) x min(n, d2) matrix, in float64.
    Departures: none.
    Reference: Williams et al. 2021, "Generalized shape metrics on neural representations" (arXiv 2110.14739).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(procrustes(x, x.flip(1) + 2), 4)
    0.0
    """
    require_samples(len(matrix(x)), 2, "centred, one sample is zero")
    a, b = centered_factor(x), centered_factor(y)
    size = float(a.square().sum() + b.square().sum())
    cross = a.T @ b
    squared = size - 2 * float(torch.linalg.svdvals(cross).sum())
    return _aligned_distance(a, b, cross) if squared < _NEARLY_EQUAL * size else squared**0.5


def _aligned_distance(a: torch.Tensor, b: torch.Tensor, cross: torch.Tensor) -> float:
    """Rotate and subtract; singular vectors are paid for only where their precision is needed."""
    width = max(cross.shape)
    padded = torch.nn.functional.pad(cross, (0, width - cross.shape[1], 0, width - cross.shape[0]))
    u, _, vt = torch.linalg.svd(padded)
    a, b = (torch.nn.functional.pad(side, (0, width - side.shape[1])) for side in (a, b))
    return float((a @ (u @ vt) - b).norm())
