"""Measures of how many directions a representation uses, where its mean is one of them."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import ConstantInputError
from simzoo.facts import geometry
from simzoo.measures.derived.spectrum import singular_values

EPSILON = 1e-7  # what RankMe and LiDAR add to each share


@geometry(
    name="effective_rank",
    version=1,
    range=(1, float("inf")),
    larger="more directions in use",
    invariant_to={"permutation", "rotation", "scale"},
    reference="roy2007effective",
)
def effective_rank(x: Any) -> float:
    """Count the directions a representation uses, each by its share: the exponential of the spectrum's entropy.

    Formula: exp(-sum_i p_i log p_i), p_i = s_i / sum_j s_j, s the singular values of x, not centred.
    Arguments: x (n, d).
    Returns: a number of directions in [1, min(n, d)]; 1 = all rows on one line through the origin; min(n, d) = all
    singular values equal.
    Undefined: all values zero (ConstantInputError). Rows that are equal and not zero have rank 1.
    Cost: n d min(n, d) multiply-adds and the singular values of a min(n, d) square, in float64.
    Departures: none; singular values, not their squares, and no small number is added (RankMe adds 1e-7 to each p).
    Reference: Roy and Vetterli 2007, "The effective rank: a measure of effective dimensionality" (EUSIPCO).

    >>> round(effective_rank(torch.eye(5)), 6)
    5.0
    """
    values = _not_all_zero(singular_values(x))
    return float(torch.special.entr(values / values.sum()).sum().exp())


@geometry(
    name="rankme",
    version=1,
    range=(1 - 2 * EPSILON, float("inf")),
    larger="more directions in use",
    invariant_to={"permutation", "rotation", "scale"},
    reference="garrido2023rankme",
)
def rankme(x: Any) -> float:
    """Count the directions a representation uses as RankMe does: `effective_rank` with a small number in each share.

    Formula: exp(-sum_i p_i log p_i), p_i = s_i / sum_j s_j + 1e-7, s the min(n, d) singular values of x, not centred.
    Arguments: x (n, d).
    Returns: a number of directions, from 1 (all rows on one line through the origin) to about min(n, d) (all singular
    values equal). The shares add up to a little over 1: with m equal singular values it is above m by about
    1e-7 m^2 (log m - 1), 3 directions at m = 2,048, and below 1 by 1e-7 at m = 1.
    Undefined: all values zero (ConstantInputError).
    Cost: as `effective_rank`, whose singular values it shares.
    Departures: none; singular values, not their squares (the eigenvalues of a covariance, which some code feeds).
    Reference: Garrido et al. 2023, "RankMe: assessing the downstream performance of pretrained self-supervised
    representations by their rank" (arXiv 2210.02885).

    >>> round(rankme(torch.eye(5)), 4)
    5.0
    """
    return smoothed_rank(_not_all_zero(singular_values(x)))


@geometry(
    name="stable_rank",
    version=1,
    range=(1, float("inf")),
    larger="more directions in use",
    invariant_to={"permutation", "rotation", "scale"},
    reference="rudelson2007sampling",
)
def stable_rank(x: Any) -> float:
    """Count the directions a representation uses, each by its square against the largest: the stable rank.

    Formula: |x|_F^2 / s_1^2 = sum_i s_i^2 / s_1^2, s the singular values of x, not centred.
    Arguments: x (n, d).
    Returns: a number of directions in [1, min(n, d)]; 1 = all rows on one line through the origin; min(n, d) = all
    singular values equal. Rows far from the origin have one large singular value, and about 1.
    Undefined: all values zero (ConstantInputError).
    Cost: as `effective_rank`, whose singular values it shares.
    Departures: none; `nesum` is the same of centred features.
    Reference: Rudelson and Vershynin 2007, "Sampling from large matrices: an approach through geometric functional
    analysis" (Journal of the ACM 54).

    >>> round(stable_rank(torch.eye(5)), 6)
    5.0
    """
    values = _not_all_zero(singular_values(x))
    return max(1.0, float((values / values[0]).square().sum()))


def smoothed_rank(values: torch.Tensor) -> float:
    """Return the exponential of the entropy of values' shares, each with 1e-7 added: the rank of RankMe and LiDAR."""
    return float(torch.special.entr(values / values.sum() + EPSILON).sum().exp())


def _not_all_zero(values: torch.Tensor) -> torch.Tensor:
    if float(values[0]) == 0:
        raise ConstantInputError(
            "all values are zero: no direction is in use",
            expected="a row that is not zero",
            got=f"{len(values)} singular values, all 0",
            next_step="check that this layer is not dead (a residual branch that starts at zero is)",
        )
    return values
