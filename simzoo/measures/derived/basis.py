"""Orthonormal bases of what the columns of a representation span, and how two of them lie to each other."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from simzoo.errors import TooFewSamplesError
from simzoo.measures.arrays import matrix, require_samples, require_variation, squared_norm
from simzoo.measures.derived.factor import triangle
from simzoo.measures.derived.order import Rows, rows_of
from simzoo.representations.derived import follows

BLOCK = 2**12  # rows that are in work at once, at least


class Basis(NamedTuple):
    """Left singular vectors (n, r), in the input's precision, and their singular values (r,), in float64."""

    directions: torch.Tensor
    values: torch.Tensor

    def first(self, k: int) -> Basis:
        """Return the first k directions."""
        return Basis(self.directions[:, :k], self.values[:k])


def _reordered(basis: Basis, order: Rows) -> Basis:
    return Basis(rows_of(basis.directions, order), basis.values)


@follows(_reordered)
def principal_basis(x: Any, *, centred: bool = True) -> Basis:
    """Return the principal directions of (n, d) features, largest first, without those that are only rounding.

    What lies below max(n, d) float64 roundings of the largest value, or one rounding of the input as a whole, is zero.
    By a QR step and the triangle's singular vectors, in float64; a Gram matrix would lose half the digits. Of float32,
    in blocks of rows: float64 keeps more digits than the directions need.
    """
    features = matrix(x)
    n, d = features.shape
    rounding = torch.finfo(features.dtype).eps * float(torch.linalg.vector_norm(features, dtype=torch.float64))
    if centred:
        require_samples(n, 2, "one sample does not vary")
        require_variation(features, "centred, they span nothing")
    if n >= d and features.dtype == torch.float32:
        return _streamed(features, rounding, centred=centred)
    columns = features.double()
    if centred:
        columns = columns - columns.mean(0)
    if n >= d:
        q, r = torch.linalg.qr(columns)
        vectors, values, _ = torch.linalg.svd(r)
        directions = q @ vectors
    else:
        directions, values, _ = torch.linalg.svd(triangle(columns.T).T)
    kept = values > _least(values, n, d, rounding)
    return Basis(directions[:, kept].to(features.dtype), values[kept])


def _streamed(features: torch.Tensor, rounding: float, *, centred: bool) -> Basis:
    """Return the basis of float32 features that are not wider than long, with blocks of them in float64 at a time."""
    n, d = features.shape
    means = features.mean(0, dtype=torch.float64) if centred else features.new_zeros(d, dtype=torch.float64)
    blocks = [slice(start, start + max(4 * d, BLOCK)) for start in range(0, n, max(4 * d, BLOCK))]
    r = means.new_empty(0, d)
    for rows in blocks:
        r = triangle(torch.cat([r, features[rows] - means]))
    _, values, vt = torch.linalg.svd(r)
    kept = values > _least(values, n, d, rounding)
    to_units = vt[kept].T / values[kept]
    directions = features.new_empty(n, to_units.shape[1])
    for rows in blocks:
        directions[rows] = (features[rows] - means) @ to_units
    return Basis(directions, values[kept])


def _least(values: torch.Tensor, n: int, d: int, rounding: float) -> float:
    return max(rounding, max(n, d) * torch.finfo(torch.float64).eps * float(values[0]))


def cross(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return a^T b in the wider of the two types."""
    dtype = torch.promote_types(a.dtype, b.dtype)
    return a.to(dtype).T @ b.to(dtype)


def overlap(a: Basis, b: Basis) -> float:
    """Return |A^T B|^2: the sum of the squared cosines between two subspaces."""
    return squared_norm(cross(a.directions, b.directions))


def require_tall(x: Any, reason: str) -> None:
    """Refuse representations with no more samples than columns: these span everything, whatever the samples are."""
    n, d = matrix(x).shape
    if n <= d:
        raise TooFewSamplesError(
            f"{n} samples are too few for {d} columns: {reason}",
            expected=f"more samples than columns: {d + 1} or more",
            got=str(n),
            next_step="give more samples (--n), or a measure that is defined here: cka_unbiased, procrustes, svcca",
        )
