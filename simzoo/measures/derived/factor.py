"""The triangular form of a representation: all that its Gram matrix says, in min(n, d) columns or rows."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived.gram import centred
from simzoo.measures.derived.order import rows_of
from simzoo.representations.derived import follows


@follows(rows_of)
def centered_factor(x: Any) -> torch.Tensor:
    """Return F (n, min(n, d)) with F F^T = H x x^T H: rotated features, without columns of zeros.

    Distances that no rotation changes are the same between factors as between features, and cost no d x d products
    where d is above n. (From the features, not from their Gram matrix: its square root would halve the digits.) In the
    input's precision, or float64 where it had to be rotated.
    """
    return _narrowed(centred(matrix(x))[2])


@follows(rows_of)
def raw_factor(x: Any) -> torch.Tensor:
    """Return F (n, min(n, d)) with F F^T = x x^T: `centered_factor` without the centring."""
    return _narrowed(matrix(x))


@follows(rows_of)
def unit_factor(x: Any) -> torch.Tensor:
    """Return `centered_factor` scaled to norm 1, after refusing what does not vary."""
    features = matrix(x)
    require_samples(len(features), 2, "one sample does not vary")
    require_variation(features, "centred, they are zero and have no shape")
    factor: torch.Tensor = centered_factor(x)
    return factor.div(float(torch.linalg.vector_norm(factor, dtype=torch.float64)))


def _narrowed(features: torch.Tensor) -> torch.Tensor:
    return triangle(features.double().T).T if features.shape[0] < features.shape[1] else features


def triangle(a: torch.Tensor) -> torch.Tensor:
    """Return R (k, q), k = min(p, q), of the decomposition a = Q R of a (p, q) tensor, without making Q."""
    reduced, _ = torch.geqrf(a)
    return reduced[: min(a.shape)].triu()
