"""The triangular form of a representation: all that its Gram matrix says, in min(n, d) columns or rows."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.measures.arrays import matrix
from simzoo.representations.derived import derived


@derived
def centered_factor(x: Any) -> torch.Tensor:
    """Return F (n, min(n, d)) in float64 with F F^T = H x x^T H: rotated features, without columns of zeros.

    Distances that no rotation changes are the same between factors as between features, and cost no d x d products
    where d is above n. (From the features, not from their Gram matrix: its square root would halve the digits.)
    """
    features = matrix(x).double()
    features = features - features.mean(0)
    return triangle(features.T).T if features.shape[0] < features.shape[1] else features


def triangle(a: torch.Tensor) -> torch.Tensor:
    """Return R (k, q), k = min(p, q), of the decomposition a = Q R of a (p, q) tensor, without making Q."""
    reduced, _ = torch.geqrf(a)
    return reduced[: min(a.shape)].triu()
