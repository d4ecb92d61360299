"""Intrinsic dimension from how the number of pairs within a distance grows with the distance."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import UndefinedError
from simzoo.facts import geometry
from simzoo.measures.derived.distinct import distinct, local_neighbourhoods

TILE = 2**22  # squared distances that are held at once
ROUNDING = 1e-9  # pairs so little beyond a radius, as a share of it, lie on it: that of the median pair may be a radius


@geometry(
    name="corrint",
    version=1,
    range=(0, float("inf")),
    larger="more dimensions",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    neighbours="k",
    reference="grassberger1983measuring",
)
def corrint(x: Any, *, k: int = 20) -> float:
    """Estimate the intrinsic dimension from how many more pairs lie within a larger radius: the correlation dimension.

    Formula: log(C(r2) / C(r1)) / log(r2 / r1), C(r) = the number of pairs i < j with |x_i - x_j| <= r, r1 and r2 the
    medians over the samples of the distances to neighbours k // 2 and k.
    Arguments: x (n, d); k, the neighbour that gives the larger radius.
    Returns: a number of dimensions in (0, inf), the larger the more. One radius serves all samples, so dense regions
    count most; below the truth where samples near an edge are many, as in many dimensions.
    Undefined: fewer than 4 or than k + 1 different rows (TooFewSamplesError); rows all equal (ConstantInputError); more
    than half of the rows repeat another (DuplicateRowsError); the two radii equal (UndefinedError).
    Cost: that of `mle_id`, whose neighbours it shares, and n^2 d / 2 multiply-adds in float64; memory for a tile.
    Departures: the slope between two radii, as in scikit-dimension with k1 = 10, k2 = 20, not a line through many; a
    pair at the radius counts. Of exactly equal rows one is kept.
    Reference: Grassberger and Procaccia 1983, "Measuring the strangeness of strange attractors" (Physica D 9).

    >>> x = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0))
    >>> round(corrint(x @ torch.ones(2, 10).tril()))
    2
    """
    distances = local_neighbourhoods(x, k=k).distances
    near, far = (float(_median(distances[:, order - 1])) for order in (k // 2, k))
    if not far > near:
        raise UndefinedError(
            "the two radii are equal",
            expected="neighbours at growing distances",
            got=f"a median of {near:.6g} for neighbours {k // 2} and {k}",
            next_step="another k, or a little noise if the values were rounded",
        )
    few, many = _pairs_within(distinct(x).double(), (near, far))
    return math.log(many / few) / math.log(far / near)


def _median(values: torch.Tensor) -> torch.Tensor:
    """Return the median, halfway between the middle two of an even number."""
    ordered, n = values.sort().values, len(values)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def _pairs_within(points: torch.Tensor, radii: tuple[float, ...]) -> list[int]:
    """Return how many pairs of rows lie no farther apart than each radius."""
    points = points - points.mean(0)
    norms, n = points.square().sum(1), len(points)
    height, counts = max(1, TILE // n), [0] * len(radii)
    for start in range(0, n, height):
        rows = slice(start, min(start + height, n))
        apart = torch.addmm(norms[start:], points[rows], points[start:].T, alpha=-2).add_(norms[rows, None])
        later = torch.ones_like(apart, dtype=torch.bool).triu_(1)
        for i, radius in enumerate(radii):
            counts[i] += int(((apart <= (radius * (1 + ROUNDING)) ** 2) & later).sum())
    return counts
