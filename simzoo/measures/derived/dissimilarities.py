"""Dissimilarities of all pairs of samples: an RDM, as its entries above the diagonal, row by row."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import ConstantInputError, InputError, UndefinedError, UsageError, ZeroRowsError
from simzoo.measures.arrays import as_tensor, matrix, require_samples, require_variation, usable
from simzoo.measures.derived.gram import centering
from simzoo.measures.derived.neighbours import directions
from simzoo.representations.derived import derived
from simzoo.representations.representation import Representation

RDMS = ("correlation", "cosine", "euclidean", "sqeuclidean", "precomputed")
TILE = 2**22  # dissimilarities that are computed at once
_ROUNDING = 4  # differences of squares up to so many units in the last place are none
_SYMMETRIC = 1e-5  # by how much of its largest entry an RDM may differ from its transpose, or its diagonal from 0


@derived
def condensed(x: Any, *, rdm: str = "correlation") -> torch.Tensor:
    """Return the dissimilarities (n (n - 1) / 2,) of all pairs of rows, in the order of `scipy`'s `pdist`.

    An RDM comes back as it is: a representation with `rdm=True`, or, with "precomputed", an array that is condensed or
    square. Of any other features "precomputed" makes the correlation RDM.
    """
    if rdm not in RDMS:
        raise UsageError(
            f"unknown dissimilarity {rdm!r}",
            expected=", ".join(map(repr, RDMS)),
            got=repr(rdm),
            next_step="rdm='correlation'",
        )
    if is_rdm(x, rdm):
        return _checked(usable(as_tensor(x.values if isinstance(x, Representation) else x)))
    kind = "correlation" if rdm == "precomputed" else rdm
    points, scale = _points(x, kind)
    norms, n = points.square().sum(1), len(points)
    values, filled = points.new_empty(n * (n - 1) // 2), 0
    for start in range(0, n, height := max(1, min(max(64, n // 8), TILE // n))):
        rows = slice(start, min(n, start + height))
        sizes = norms[rows, None] + norms[start:]
        squares = torch.addmm(sizes, points[rows], points[start:].T, alpha=-2)
        squares.masked_fill_(squares <= sizes.mul_(_ROUNDING * torch.finfo(points.dtype).eps), 0)
        for i, row in enumerate(squares):
            above = row[i + 1 :]
            values[filled : filled + len(above)] = above
            filled += len(above)
    return values.sqrt_().mul_(scale) if kind == "euclidean" else values.mul_(scale**2)


def square(x: Any, *, rdm: str = "correlation") -> torch.Tensor:
    """Return the dissimilarities as an (n, n) matrix."""
    values = condensed(x, rdm=rdm)
    return squared(values[None])[0]


def squared(values: torch.Tensor) -> torch.Tensor:
    """Return (p, n, n) symmetric matrices of (p, n (n - 1) / 2) entries above the diagonal."""
    n = samples_of(values)
    matrices = values.new_zeros(len(values), n, n)
    i, j = torch.triu_indices(n, n, 1, device=values.device)
    matrices[:, i, j] = values
    matrices[:, j, i] = values
    return matrices


def samples_of(values: torch.Tensor) -> int:
    """Return of how many samples there are so many pairs."""
    return (1 + math.isqrt(1 + 8 * values.shape[-1])) // 2


def is_rdm(x: Any, rdm: str) -> bool:
    """Whether `x` holds dissimilarities already."""
    if isinstance(x, Representation) and x.rdm:
        return True
    shape = tuple(x.shape) if hasattr(x, "shape") else tuple(as_tensor(x).shape)
    return rdm == "precomputed" and (len(shape) == 1 or (len(shape) == 2 and shape[0] == shape[1]))


def _points(x: Any, rdm: str) -> tuple[torch.Tensor, float]:
    """Return centred points whose distances, times a scale, are the dissimilarities or their roots.

    1 - cosine is half the squared distance of directions: centred, directions in a narrow cone keep their digits.
    """
    features = matrix(x)
    require_samples(len(features), 2, "a dissimilarity is of two")
    require_variation(features, "nothing is dissimilar")
    if rdm in ("euclidean", "sqeuclidean"):
        centred = centering(x)
        return centred.of(features), centred.norm
    units = directions(features) if rdm == "cosine" else _row_patterns(features)
    require_variation(units, "nothing is dissimilar")
    centred = centering(units)
    if centred.norm <= 8 * torch.finfo(units.dtype).eps * len(units) ** 0.5:
        raise ConstantInputError(
            f"all rows have one direction, and {rdm} sees nothing else",
            expected="rows that are no multiples of each other",
            got=f"{len(units)} rows of one direction",
            next_step="rdm='euclidean', which sees how long they are",
        )
    return centred.of(units), centred.norm / 2**0.5


def _row_patterns(features: torch.Tensor) -> torch.Tensor:
    """Return rows less their own mean, scaled to norm 1: products of these are correlations."""
    if features.shape[1] == 1:
        raise UndefinedError(
            "one column has no correlation",
            expected="two columns or more",
            got=f"shape {tuple(features.shape)}",
            next_step="rdm='euclidean'",
        )
    patterns = features - features.mean(1, keepdim=True)
    patterns -= patterns.mean(1, keepdim=True)
    norms: torch.Tensor = torch.linalg.vector_norm(patterns, dim=1, dtype=torch.float64)
    sizes: torch.Tensor = torch.linalg.vector_norm(features, dim=1, dtype=torch.float64)
    if count := int((flat := norms <= 8 * torch.finfo(features.dtype).eps * sizes).sum()):
        raise ZeroRowsError(
            f"{count} of {len(features)} rows do not vary over the features: their correlations are undefined",
            expected="rows of features that differ",
            got=f"the first such row is {int(flat.nonzero()[0, 0])}",
            next_step="leave these samples out, or rdm='euclidean'",
        )
    return patterns / norms[:, None].to(patterns.dtype)


def _checked(values: torch.Tensor) -> torch.Tensor:
    """Return the entries above the diagonal of an RDM, after looking whether it is one."""
    if values.ndim == 1:
        n = samples_of(values)
        if n < 2 or n * (n - 1) // 2 != len(values):
            raise _no_rdm("a condensed RDM has n (n - 1) / 2 entries", f"{len(values)} entries")
        return values
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise _no_rdm("an RDM is a vector or a square matrix", f"shape {tuple(values.shape)}")
    largest = float(values.abs().max())
    if (gap := float((values - values.T).abs().max())) > _SYMMETRIC * largest:
        raise _no_rdm("an RDM is symmetric", f"entries that differ by {gap:.3g} from their mirror image")
    if (off := float(values.diagonal().abs().max())) > _SYMMETRIC * largest:
        raise _no_rdm("a sample is not dissimilar to itself: the diagonal is 0", f"{off:.3g} on the diagonal")
    i, j = torch.triu_indices(len(values), len(values), 1, device=values.device)
    return values[i, j]


def _no_rdm(expected: str, got: str) -> InputError:
    return InputError(
        "this is no dissimilarity matrix",
        expected=expected,
        got=got,
        next_step="give dissimilarities, 1 - similarity for one; scipy.spatial.distance.squareform makes either form",
    )
