"""Distances after the best matching of neurons, one to one."""

from __future__ import annotations

import math
from typing import Any

import torch
from scipy.optimize import linear_sum_assignment

from simzoo.errors import ConstantInputError
from simzoo.facts import similarity
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.basis import cross


@similarity(
    name="permutation_procrustes",
    version=2,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation"},
    grows=0.5,
    reference="williams2021shapes",
)
def permutation_procrustes(x: Any, y: Any) -> float:
    """Measure how far two representations are apart after the best order of neurons, neither centred nor scaled.

    Formula: min over permutations P of |xP - y|, Frobenius; the narrower side is padded with zero columns.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a distance in [0, inf) in the unit of the features; 0 = the same neurons in some order. It is a metric, and
    it grows with sqrt(n) and with the features' scale.
    Undefined: never.
    Cost: n d d2 multiply-adds and an assignment of d to d2, at worst max(d, d2)^3 steps (scipy).
    Departures: none; of orders that are equally good in the input's precision any is taken.
    Reference: Williams et al. 2021, "Generalized shape metrics on neural representations" (arXiv 2110.14739).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> permutation_procrustes(x, x.flip(1))
    0.0
    """
    a, b = matrix(x), matrix(y)
    return _matched_norm(a, b, assignment(cross(a, b)), -1)


@similarity(
    name="permutation_angular",
    version=1,
    range=(0, math.pi),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "scale"},
    reference="williams2021shapes",
)
def permutation_angular(x: Any, y: Any) -> float:
    """Measure the angle between two representations after the best order of neurons, not centred.

    Formula: min over permutations P of arccos(<xP, y> / (|x| |y|)), Frobenius; the narrower side is padded with zero
    columns.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: an angle in [0, pi] radians; 0 = the same neurons in some order, up to scale; pi / 2 = orthogonal. It is a
    metric. Features with means far from 0 are all alike: centre them first where that says nothing.
    Undefined: all values zero (ConstantInputError).
    Cost: n d d2 multiply-adds and an assignment of d to d2, at worst max(d, d2)^3 steps (scipy).
    Departures: none; computed from distances, as an arccos near 1 loses half the digits.
    Reference: Williams et al. 2021, "Generalized shape metrics on neural representations" (arXiv 2110.14739).

    >>> x = torch.eye(4)
    >>> permutation_angular(x, 2 * x.flip(1)), round(permutation_angular(x, x - 1), 4)
    (0.0, 1.5708)
    """
    a, b = _unit(x), _unit(y)
    order = assignment(cross(a, b))
    return 2 * math.atan2(_matched_norm(a, b, order, -1), _matched_norm(a, b, order, 1))


def assignment(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows and columns of a (p, q) matrix, each min(p, q), matched one to one for the highest sum."""
    rows, columns = linear_sum_assignment(scores.cpu().numpy(), maximize=True)
    return torch.from_numpy(rows).to(scores.device), torch.from_numpy(columns).to(scores.device)


def _matched_norm(a: torch.Tensor, b: torch.Tensor, order: tuple[torch.Tensor, torch.Tensor], sign: int) -> float:
    """Return |aP + sign b|: of matched columns together, and of those of the wider side that are left over."""
    i, j = order
    total = float((a[:, i].double() + sign * b[:, j].double()).square().sum())
    for side, matched in ((a, i), (b, j)):
        left = torch.ones(side.shape[1], dtype=torch.bool, device=side.device)
        left[matched] = False
        total += float(side[:, left].double().square().sum())
    return math.sqrt(total)


def _unit(x: Any) -> torch.Tensor:
    features = matrix(x).double()
    norm = float(features.norm())
    if norm == 0:
        raise ConstantInputError(
            "all values are zero: they have no angle to anything",
            expected="a value that is not zero",
            got=f"shape {tuple(features.shape)}, all 0",
            next_step="check that this layer is not dead (a residual branch that starts at zero is)",
        )
    return features / norm
