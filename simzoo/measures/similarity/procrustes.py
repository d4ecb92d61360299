"""Distances after the best rotation of one representation onto the other."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.facts import similarity
from simzoo.measures.arrays import matrix, require_samples
from simzoo.measures.derived.basis import cross
from simzoo.measures.derived.factor import centered_factor, raw_factor, unit_factor

# Below this share of |x|^2 + |y|^2 the difference of three numbers has lost digits and is computed as a distance.
_NEARLY_EQUAL = {torch.float64: 1e-6, torch.float32: 1e-2}
_SQUARABLE = (1e-24, 1e24)  # float32 multiplies norms squared between these without leaving its range


@similarity(
    name="procrustes",
    version=2,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "translation"},
    grows=0.5,
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
    Cost: n min(n, d) min(n, d2) multiply-adds and the singular values of a min(n, d) x min(n, d2) matrix (in float64).
    Departures: none.
    Reference: Williams et al. 2021, "Generalized shape metrics on neural representations" (arXiv 2110.14739).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(procrustes(x, x.flip(1) + 2), 4)
    0.0
    """
    require_samples(len(matrix(x)), 2, "centred, one sample is zero")
    return rotated_distance(centered_factor(x), centered_factor(y))


@similarity(
    name="procrustes_normalized",
    version=1,
    range=(0, 2**0.5),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"constant": "ConstantInputError"},
    reference="ding2021grounding",
)
def procrustes_normalized(x: Any, y: Any) -> float:
    """Measure how far two representations are apart after centring, scaling to norm 1 and the best rotation.

    Formula: min over orthogonal Q of |aQ - b| = sqrt(2 - 2 |a^T b|_*), a = Hx / |Hx|, b = Hy / |Hy|, H = I - 11^T / n,
    |.|_* the sum of singular values; the narrower side is padded with zero columns.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a distance without unit in [0, sqrt(2)]; 0 = equal up to rotation, scale and shift; sqrt(2) = uncorrelated.
    It is a metric. With few samples beside columns it is small for any two.
    Undefined: rows all equal (ConstantInputError); one sample (TooFewSamplesError).
    Cost: n min(n, d) min(n, d2) multiply-adds and the singular values of a min(n, d) x min(n, d2) matrix (in float64).
    Departures: the distance, where the authors' code reports its square, other tools half of that, and scipy's and
    torchmetrics' disparity is 1 - |a^T b|_*^2.
    Reference: Ding et al. 2021, "Grounding representation similarity with statistical testing" (arXiv 2108.01661).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(procrustes_normalized(x, 3 * x.flip(1) + 2), 4)
    0.0
    """
    return rotated_distance(unit_factor(x), unit_factor(y))


@similarity(
    name="procrustes_raw",
    version=2,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation"},
    grows=0.5,
    reference="schonemann1966procrustes",
)
def procrustes_raw(x: Any, y: Any) -> float:
    """Measure how far two representations are apart after the best rotation, neither centred nor scaled.

    Formula: min over orthogonal Q of |xQ - y| = sqrt(|x|^2 + |y|^2 - 2 |x^T y|_*), |.|_* the sum of singular values;
    the narrower side is padded with zero columns.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a distance in [0, inf) in the unit of the features; 0 = equal up to rotation. It is a metric, and it grows
    with sqrt(n), with the features' scale and with how far their means lie from the origin.
    Undefined: never.
    Cost: n min(n, d) min(n, d2) multiply-adds and the singular values of a min(n, d) x min(n, d2) matrix (in float64).
    Departures: none.
    Reference: Schonemann 1966, "A generalized solution of the orthogonal Procrustes problem" (Psychometrika 31).

    >>> x = torch.eye(3)
    >>> round(procrustes_raw(x, -x), 6), round(procrustes_raw(x, 2 * x) ** 2, 6)
    (0.0, 3.0)
    """
    return rotated_distance(raw_factor(x), raw_factor(y))


def rotated_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return the least distance between a Q and b over orthogonal Q, of factors; singular values in float64."""
    of_a, of_b = (float(torch.linalg.vector_norm(side, dtype=torch.float64)) ** 2 for side in (a, b))
    if not all(_SQUARABLE[0] < size < _SQUARABLE[1] for size in (of_a, of_b)):
        a, b = a.double(), b.double()
    product, size = cross(a, b), of_a + of_b
    squared = size - 2 * float(torch.linalg.svdvals(product.double()).sum())
    return _aligned_distance(a, b) if squared < _NEARLY_EQUAL[product.dtype] * size else squared**0.5


def _aligned_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """Rotate and subtract, in float64; singular vectors are paid for only where their precision is needed."""
    a, b = a.double(), b.double()
    product = a.T @ b
    width = max(product.shape)
    padded = torch.nn.functional.pad(product, (0, width - product.shape[1], 0, width - product.shape[0]))
    u, _, vt = torch.linalg.svd(padded)
    a, b = (torch.nn.functional.pad(side, (0, width - side.shape[1])) for side in (a, b))
    return float((a @ (u @ vt) - b).norm())
