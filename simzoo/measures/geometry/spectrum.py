"""Measures of how many directions a representation uses."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import ConstantInputError
from simzoo.facts import geometry
from simzoo.measures.derived.spectrum import singular_values


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
    values = singular_values(x)
    if float(values[0]) == 0:
        raise ConstantInputError(
            "all values are zero: no direction is in use",
            expected="a row that is not zero",
            got=f"{len(values)} singular values, all 0",
            next_step="check that this layer is not dead (a residual branch that starts at zero is)",
        )
    return float(torch.special.entr(values / values.sum()).sum().exp())
