"""Differences of one number of each representation: they say nothing of which sample is which."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import UndefinedError, UsageError
from simzoo.facts import similarity
from simzoo.measures.arrays import matrix, require_samples, unit_rows
from simzoo.measures.derived.order import unchanged
from simzoo.representations.derived import follows

_TILE = 2**22  # distances that are computed at once
_STEEPEST = 100  # beyond it exp(-4 t) may vanish in float64


@similarity(
    name="magnitude_difference",
    version=1,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation"},
    reference="wang2020stability",
)
def magnitude_difference(x: Any, y: Any) -> float:
    """Measure how much farther the mean of one representation lies from the origin than that of the other.

    Formula: | |mean_i x_i| - |mean_i y_i| |.
    Arguments: x (n, d) and y (n, d2); the order of the samples does not matter, on either side.
    Returns: a distance in [0, inf) in the unit of the features; 0 = equally far from the origin.
    Undefined: never.
    Cost: n (d + d2) additions.
    Departures: none.
    Reference: Wang et al. 2020, "Towards understanding the instability of network embedding" (TKDE).

    >>> magnitude_difference(torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0], [2.0]]))
    4.0
    """
    return abs(_magnitude(x) - _magnitude(y))


@follows(unchanged)
def _magnitude(x: Any) -> float:
    return float(_mean(matrix(x)).norm())


def _mean(rows: torch.Tensor) -> torch.Tensor:
    return rows.mean(0, dtype=torch.float64)


@similarity(
    name="concentricity_difference",
    version=1,
    range=(0, 2),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale"},
    domain={"zero rows": "ZeroRowsError"},
    reference="wang2020stability",
)
def concentricity_difference(x: Any, y: Any) -> float:
    """Measure how much more the samples of one representation point where their mean points than those of the other.

    Formula: |a(x) - a(y)|, a(x) = mean_i cos(x_i, mean_j x_j).
    Arguments: x (n, d) and y (n, d2); the order of the samples does not matter, on either side.
    Returns: a number without unit in [0, 2]; 0 = equally concentric.
    Undefined: zero rows (ZeroRowsError); rows whose mean is zero (UndefinedError).
    Cost: n (d + d2) multiply-adds.
    Departures: none.
    Reference: Wang et al. 2020, "Towards understanding the instability of network embedding" (TKDE).

    >>> x = torch.tensor([[1.0, 0.0], [-0.5, 0.0], [1.0, 0.0], [-0.5, 0.0]])
    >>> round(concentricity_difference(x, x.abs()), 4)
    1.0
    """
    return abs(_concentricity(x) - _concentricity(y))


@follows(unchanged)
def _concentricity(x: Any) -> float:
    features = matrix(x)
    units, centre = unit_rows(features), _mean(features)
    length, largest = float(centre.norm()), float(torch.linalg.vector_norm(features, ord=math.inf))
    if length <= 64 * torch.finfo(features.dtype).eps * largest:
        raise UndefinedError(
            "the mean of the rows is zero and has no direction",
            expected="rows with a mean other than zero",
            got=f"a mean of norm {length:.1e} of entries up to {largest:.1e}",
            next_step="give features that are not centred: concentricity is about the origin",
        )
    return float(_mean(units) @ (centre / length))


@similarity(
    name="uniformity_difference",
    version=1,
    range=(0, 8),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale"},
    domain={"zero rows": "ZeroRowsError"},
    variants=({"t": 2.0}, {"t": 0.5, "range": (0, 2)}),
    reference="wang2020alignment",
)
def uniformity_difference(x: Any, y: Any, *, t: float = 2.0) -> float:
    """Measure how much more evenly one representation spreads its directions over the sphere than the other.

    Formula: |u(x) - u(y)|, u(x) = log of the mean over pairs i < j of exp(-t |x_i - x_j|^2), rows scaled to norm 1.
    Arguments: x (n, d) and y (n, d2); the order of the samples does not matter, on either side; t, how near counts.
    Returns: a number without unit in [0, 4 t]; 0 = equally uniform.
    Undefined: one sample (TooFewSamplesError); zero rows (ZeroRowsError).
    Cost: n^2 (d + d2) / 2 multiply-adds and exponentials of n^2 / 2 numbers; memory for a few rows of these at a time.
    Departures: none. (Of raw rows, with each paired with itself, as other code has it, the number is log n for any
    features of some size, on both sides.)
    Reference: Wang and Isola 2020, "Understanding contrastive representation learning through alignment and uniformity
    on the hypersphere" (arXiv 2005.10242).

    >>> round(uniformity_difference(torch.eye(4), torch.ones(4, 2)), 4)
    4.0
    """
    if not 0 < t <= _STEEPEST:
        raise UsageError(
            "t weighs squared distances",
            expected=f"0 < t <= {_STEEPEST}",
            got=f"t = {t}",
            next_step="leave it out for the usual 2",
        )
    return abs(_uniformity(x, t=t) - _uniformity(y, t=t))


@follows(unchanged)
def _uniformity(x: Any, *, t: float) -> float:
    features = matrix(x)
    n, total = len(features), 0.0
    require_samples(n, 2, "a distance is of two")
    units = unit_rows(features)
    for start in range(0, n, height := max(1, min(max(64, n // 8), _TILE // n))):
        cosines = units[start : start + height] @ units[start:].T
        exponents = cosines.double().sub_(1).mul_(2 * t).clamp_(max=0)  # |a - b|^2 = 2 - 2 cos
        total += float(exponents.exp_().triu_(1).sum())
    return math.log(total / (n * (n - 1) / 2))
