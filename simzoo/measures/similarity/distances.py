"""Similarities of two matrices of euclidean distances."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.facts import similarity
from simzoo.measures.derived.dissimilarities import condensed, square
from simzoo.measures.derived.gram import unit_recentered
from simzoo.measures.derived.inner import KernelInner, dots
from simzoo.representations.derived import derived


@similarity(
    name="rsm_norm_difference",
    version=2,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "translation"},
    domain={"constant": "ConstantInputError"},
    grows=1.0,
    reference="yin2018dimensionality",
)
def rsm_norm_difference(x: Any, y: Any) -> float:
    """Measure how far the matrices of distances between samples are apart.

    Formula: |S - S'|_F, S_ij = |x_i - x_j|, S' likewise of y, over all n^2 entries.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a distance in [0, inf) in the unit of the features; 0 = equal up to rotation and shift. It is a metric on
    matrices of distances, and grows with n and with the features' scale.
    Undefined: rows all equal (ConstantInputError); one sample (TooFewSamplesError).
    Cost: n^2 (d + d2) / 2 multiply-adds; memory for n^2 / 2 numbers a side.
    Departures: none. (The spectral norm, which other code returns under this name, is less.)
    Reference: Yin and Shen 2018, "On the dimensionality of word embedding" (arXiv 1812.04224).

    >>> x = torch.eye(2)
    >>> round(rsm_norm_difference(x, 3 * x), 4), round(4 * 2**0.5 / 2**0.5, 4)
    (4.0, 4.0)
    """
    a, b = condensed(x, rdm="euclidean"), condensed(y, rdm="euclidean")
    return 2**0.5 * float(torch.linalg.vector_norm(a - b, dtype=torch.float64))


def _root(products: torch.Tensor) -> torch.Tensor:
    return products.clamp(0, 1).sqrt()  # a distance covariance is not negative: less than 0 is rounding


distance_inner = KernelInner(lambda x: square(x, rdm="euclidean"), unit_recentered, then=_root)


@derived
def _unit_centred_distances(x: Any) -> torch.Tensor:
    matrix: torch.Tensor = distance_inner(x)
    return matrix.flatten()


@similarity(
    name="distance_correlation",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"constant": "ConstantInputError"},
    inner=distance_inner,
    reference="szekely2007distance",
)
def distance_correlation(x: Any, y: Any) -> float:
    """Say how far two representations depend on each other, by their centred distances between samples.

    Formula: sqrt(<A, B> / (|A| |B|)), A = H S H with S_ij = |x_i - x_j|, B likewise of y, H = I - 11^T / n.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a number without unit in [0, 1]; 1 = equal up to rotation, scale and shift; 0 = independent, in the limit
    of many samples only: it is biased upwards, the more the fewer samples there are for the features.
    Undefined: rows all equal (ConstantInputError); one sample (TooFewSamplesError).
    Cost: n^2 (d + d2) / 2 multiply-adds; memory for n^2 numbers a side.
    Departures: none; the root is taken, as in the definition. With squared distances it would be the root of `cka`.
    Reference: Szekely et al. 2007, "Measuring and testing dependence by correlation of distances" (Annals of Statistics
    35).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(distance_correlation(x, 2 * x.flip(1) + 5), 4)
    1.0
    """
    a, b = _unit_centred_distances(x), _unit_centred_distances(y)
    dtype = torch.promote_types(a.dtype, b.dtype)
    return float(_root(dots(a[None].to(dtype), b[None].to(dtype)))[0, 0])
