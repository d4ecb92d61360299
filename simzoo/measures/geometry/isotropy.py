"""Measures of how evenly directions are spread over the sphere."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import UsageError
from simzoo.facts import geometry
from simzoo.measures.arrays import matrix, require_samples, unit_rows

TILE = 2**22  # cosines that are held at once


@geometry(
    name="anisotropy",
    version=1,
    range=(-1, 1),
    larger="more rows point the same way",
    invariant_to={"permutation", "rotation", "scale"},
    domain={"zero rows": "ZeroRowsError"},
    chance=0.0,
    reference="ethayarajh2019contextual",
)
def anisotropy(x: Any) -> float:
    """Say how much the rows point the same way: the mean cosine of pairs.

    Formula: the mean over i < j of cos(x_i, x_j) = (|sum_i u_i|^2 - n) / (n (n - 1)), u = rows scaled to norm 1.
    Arguments: x (n, d).
    Returns: a mean cosine in [-1 / (n - 1), 1]; 1 = all rows in one direction; 0 = directions without any preference,
    as independent ones on the sphere have in expectation (the chance level).
    Undefined: zero rows (ZeroRowsError); n < 2 (TooFewSamplesError).
    Cost: n d multiply-adds: no pair is looked at.
    Departures: all pairs, not a sample of them.
    Reference: Ethayarajh 2019, "How contextual are contextualized word representations?" (EMNLP, arXiv 1909.00512).

    >>> anisotropy(torch.eye(3)[[0, 0, 1]]), anisotropy(torch.tensor([[1.0, 0], [-2, 0]]))
    (0.3333333333333333, -1.0)
    """
    n = len(matrix(x))
    require_samples(n, 2, "one row makes no pair")
    units = unit_rows(matrix(x).double())
    return min(1.0, max(-1.0, float((units.sum(0).square().sum() - n) / (n * (n - 1)))))


@geometry(
    name="uniformity",
    version=1,
    range=(-8, 0),
    larger="less evenly spread",
    invariant_to={"permutation", "rotation", "scale"},
    domain={"zero rows": "ZeroRowsError"},
    variants=({}, {"t": 5, "range": (-20, 0)}),
    reference="wang2020alignment",
)
def uniformity(x: Any, *, t: float = 2) -> float:
    """Say how evenly the rows are spread over the unit sphere, as the logarithm of a mean Gaussian potential.

    Formula: log of the mean over i < j of exp(-t |u_i - u_j|^2), u = rows scaled to norm 1.
    Arguments: x (n, d); t above 0: the larger, the more near pairs count.
    Returns: a logarithm in [-4 t, 0]; 0 = all rows in one direction; about -2 t = independent directions in many
    dimensions, where almost all pairs are orthogonal; -4 t only for two opposite rows.
    Undefined: zero rows (ZeroRowsError); n < 2 (TooFewSamplesError).
    Cost: n^2 d / 2 multiply-adds; memory for a tile.
    Departures: none; pairs i < j, so that no row is its own pair (with the diagonal it saturates at -log n).
    Reference: Wang and Isola 2020, "Understanding contrastive representation learning through alignment and uniformity
    on the hypersphere" (arXiv 2005.10242).

    >>> round(uniformity(torch.eye(4)), 6)
    -4.0
    """
    if not t > 0:
        raise UsageError("t must be above 0", expected="t > 0", got=f"t = {t}", next_step="t=2")
    n = len(matrix(x))
    require_samples(n, 2, "one row makes no pair")
    units = unit_rows(matrix(x))
    height, parts = max(1, TILE // n), []
    for start in range(0, n, height):
        rows = units[start : start + height]
        closeness = (rows @ units[start:].T).double().sub_(1).mul_(2 * t)  # -t |u - v|^2 = 2 t (<u, v> - 1)
        closeness.masked_fill_(~torch.ones_like(closeness, dtype=torch.bool).triu_(1), -torch.inf)
        parts.append(closeness.logsumexp((0, 1)))
    mean = float(torch.stack(parts).logsumexp(0)) - math.log(n * (n - 1) / 2)
    return min(0.0, max(-4.0 * t, mean))
