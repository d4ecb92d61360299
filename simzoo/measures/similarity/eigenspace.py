"""How much of their column spaces two representations share, not centred."""

from __future__ import annotations

from typing import Any, Literal

from simzoo.errors import ConstantInputError, UsageError
from simzoo.facts import similarity
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.basis import Basis, overlap, principal_basis, require_tall


@similarity(
    name="eigenspace_overlap",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale", "linear"},
    domain={"n <= d": "TooFewSamplesError", "n < 4": "TooFewSamplesError"},
    variants=({"divisor": "columns"}, {"divisor": "rank"}),
    reference="may2019downstream",
)
def eigenspace_overlap(x: Any, y: Any, *, divisor: Literal["columns", "rank"] = "columns") -> float:
    """Say how much of the space of all linear read-outs two representations share.

    Formula: |U^T U'|^2 / max(d, d2), Frobenius, U and U' the left singular vectors of x and y of nonzero singular
    values, not centred; with divisor "rank" over the larger of the two ranks.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; divisor "columns" or "rank".
    Returns: a share in [0, 1]; 1 = one space (with "columns" of full rank on both sides: less than 1 of a
    representation with itself says that columns depend on each other); 0 = orthogonal spaces. Independent Gaussian
    features give min(d, d2) / n.
    Undefined: n <= d or n <= d2, where the space is everything (TooFewSamplesError); all values zero
    (ConstantInputError).
    Cost: about 6 n (d^2 + d2^2) multiply-adds in float64, once a representation in a grid, and n d d2.
    Departures: none; the paper's representations have full rank, where the divisors are the same.
    Reference: May et al. 2019, "On the downstream performance of compressed word embeddings" (arXiv 1909.01264).

    >>> import torch
    >>> x, y = torch.eye(5)[:, :2], torch.eye(5)[:, 1:4]
    >>> eigenspace_overlap(x, 3 * x), round(eigenspace_overlap(x, y), 4)
    (1.0, 0.3333)
    """
    a, b = _space(x), _space(y)
    sizes = {
        "columns": max(matrix(x).shape[1], matrix(y).shape[1]),
        "rank": max(len(a.values), len(b.values)),
    }
    if divisor not in sizes:
        raise UsageError(
            f"unknown divisor {divisor!r} of the overlap",
            expected="'columns' or 'rank'",
            got=repr(divisor),
            next_step="divisor='columns'",
        )
    return min(overlap(a, b) / sizes[divisor], 1.0)


def _space(x: Any) -> Basis:
    require_tall(x, "they span everything, whatever the data")
    basis = principal_basis(x, centred=False)
    if not len(basis.values):
        raise ConstantInputError(
            "all values are zero: they span no space",
            expected="a column that is not zero",
            got=f"shape {tuple(matrix(x).shape)}, all 0",
            next_step="check that this layer is not dead (a residual branch that starts at zero is)",
        )
    return basis
