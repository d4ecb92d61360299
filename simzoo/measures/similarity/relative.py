"""Similarities of what each sample's cosines with other samples are."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import UndefinedError
from simzoo.facts import similarity
from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived.inner import KernelInner, dots
from simzoo.measures.derived.neighbours import directions, nearest
from simzoo.measures.derived.order import rows_of
from simzoo.measures.similarity.neighbours import DIRECTED, ROTATED
from simzoo.representations.derived import follows

_TILE = 2**22  # numbers that are gathered, or cosines that are computed, at once


@follows(rows_of)
def _directions(x: Any) -> torch.Tensor:
    features = matrix(x)
    require_samples(len(features), 2, "a sample is compared with another")
    require_variation(features, "all are in one direction")
    return directions(features)


@similarity(
    name="second_order_cosine",
    version=1,
    range=(-1, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=ROTATED,
    domain=DIRECTED,
    neighbours="k",
    reference="hamilton2016cultural",
)
def second_order_cosine(x: Any, y: Any, *, k: int = 10) -> float:
    """Say how alike each sample's cosines with its neighbours are in both representations.

    Formula: mean over samples i of the cosine of the vectors (cos(x_i, x_j))_j and (cos(y_i, y_j))_j, over the j that
    are among the k nearest others of i, by cosine, in x or in y.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; k neighbours.
    Returns: a number without unit in [-1, 1]; 1 = the same cosines up to a factor for each sample; representations in
    narrow cones, whose cosines are all near 1, are near 1 whatever they are.
    Undefined: n <= k (TooFewSamplesError); rows all equal (ConstantInputError); zero rows (ZeroRowsError); one column,
    or a sample at a right angle to all these neighbours (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds, a top-k of 2 n rows of n and 2 n k (d + d2) multiply-adds; memory for a few rows.
    Departures: none; a sample is left out of its own neighbours by index; ties go to the lowest index. (Code that takes
    1 - cosine in place of the cosine gives another number.)
    Reference: Hamilton et al. 2016, "Cultural shift or linguistic drift?" (EMNLP).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(second_order_cosine(x, 3 * x), 6), second_order_cosine(x, x.tanh()) < 1
    (1.0, True)
    """
    near = torch.cat([nearest(x, k=k), nearest(y, k=k)], dim=1).sort(dim=1).values
    once = torch.ones_like(near, dtype=torch.bool)
    once[:, 1:] = near[:, 1:] != near[:, :-1]  # who is near in both counts once
    a, b = (_cosines(_directions(side), near) * once for side in (x, y))
    norms = a.norm(dim=1) * b.norm(dim=1)
    if count := int((norms == 0).sum()):
        raise UndefinedError(
            f"{count} of {len(near)} samples are at a right angle to all their neighbours",
            expected="cosines that are not all 0",
            got=f"the first such sample is {int((norms == 0).nonzero()[0, 0])}",
            next_step="a larger k, or knn_jaccard, which needs no cosines",
        )
    return float(((a * b).sum(1) / norms).mean().clamp(-1, 1))


def _cosines(units: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the products (n, m) of each row of (n, d) with some others, in float64."""
    height = max(1, _TILE // (others.shape[1] * units.shape[1]))
    tiles = [slice(start, start + height) for start in range(0, len(units), height)]
    found = [torch.einsum("nd,nmd->nm", units[rows], units[others[rows]]) for rows in tiles]
    return torch.cat(found).double()


def _cosine_matrix(x: Any) -> torch.Tensor:
    units = _directions(x)
    return units @ units.T


def _unit_rows(cosines: torch.Tensor) -> torch.Tensor:
    """Scale each row of (..., m, m) cosines to norm 1 / sqrt(m); it holds a 1, so it has a norm."""
    norms: torch.Tensor = torch.linalg.vector_norm(cosines, dim=-1, keepdim=True, dtype=torch.float64)
    return cosines / norms.mul_(math.sqrt(cosines.shape[-1])).to(cosines.dtype)


relative_inner = KernelInner(_cosine_matrix, _unit_rows)


@similarity(
    name="relative_cosine",
    version=1,
    range=(-1, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=ROTATED,
    domain={case: error for case, error in DIRECTED.items() if case != "n < 4"},
    inner=relative_inner,
    reference="moschella2023relative",
)
def relative_cosine(x: Any, y: Any) -> float:
    """Say how alike the relative representations of two representations are: each sample by its cosines with all.

    Formula: mean over samples i of the cosine of the vectors (cos(x_i, x_j))_j and (cos(y_i, y_j))_j, over all j.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a number without unit in [-1, 1]; 1 = the same cosines up to a factor for each sample. Independent ones are
    above 0, as the cosine of each sample with itself is 1 on both sides: the null of permutations is the level to read
    it against, all the more in narrow cones, whose cosines are all near 1.
    Undefined: one sample (TooFewSamplesError); rows all equal (ConstantInputError); zero rows (ZeroRowsError); one
    column (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds; memory for a few rows of cosines at a time (grids hold n^2 for each side).
    Departures: all samples are anchors, where the paper draws a few hundred of them: no choice, and no chance.
    Reference: Moschella et al. 2023, "Relative representations enable zero-shot latent space communication" (ICLR).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(relative_cosine(x, 3 * x), 6), relative_cosine(x, x.tanh()) < 1
    (1.0, True)
    """
    a, b = _directions(x), _directions(y)
    dtype, n, total = torch.promote_types(a.dtype, b.dtype), len(a), 0.0
    for start in range(0, n, height := max(1, _TILE // n)):
        rows = slice(start, start + height)
        p, q = (_unit_rows(side[rows] @ side.T).flatten().to(dtype) for side in (a, b))
        total += float(dots(p[None], q[None]))
    return min(1.0, max(-1.0, total))
