"""How alike single samples are after the best rotation of one representation onto the other."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import ZeroRowsError
from simzoo.facts import similarity
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.factor import raw_factor
from simzoo.measures.derived.order import rows_of
from simzoo.representations.derived import follows


@similarity(
    name="aligned_cosine",
    version=1,
    range=(-1, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale"},
    reference="hamilton2016diachronic",
)
def aligned_cosine(x: Any, y: Any) -> float:
    """Say how near each sample's features point to its features on the other side, after the best rotation.

    Formula: mean_i cos((xQ)_i, y_i), Q = U V^T of the singular vectors of x^T y, the orthogonal map that brings x
    nearest to y; not centred; the narrower side is padded with zero columns.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a cosine in [-1, 1]; 1 = equal up to rotation and scale; 0 = unrelated. Features with means far from 0 are
    all alike.
    Undefined: no sample that is not zero on both sides (ZeroRowsError). Samples that are zero on one side have no
    direction and are left out of the mean.
    Cost: n min(n, d) min(n, d2) multiply-adds and the singular vectors of a min(n, d) x min(n, d2) matrix, in float64.
    Departures: where x^T y lacks full rank several maps are best; then directions that have no partner count 0.
    Reference: Hamilton et al. 2016, "Diachronic word embeddings reveal statistical laws of semantic change"
    (arXiv 1605.09096).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(aligned_cosine(x, 3 * x.flip(1)), 6)
    1.0
    """
    a, b = raw_factor(x).double(), raw_factor(y).double()
    norms = _row_norms(x) * _row_norms(y)
    kept = norms > 0
    if not bool(kept.any()):
        raise ZeroRowsError(
            "every sample is zero on one side and has no direction there",
            expected="samples that are not zero on either side",
            got=f"{len(norms)} samples without",
            next_step="check that these layers are not dead",
        )
    u, values, vt = torch.linalg.svd(a.T @ b, full_matrices=False)
    paired = values > max(a.shape) * torch.finfo(torch.float64).eps * values[0]
    products = ((a @ u[:, paired]) * (b @ vt[paired].T)).sum(1)
    return float((products[kept] / norms[kept]).mean().clamp(-1, 1))


@follows(rows_of)
def _row_norms(x: Any) -> torch.Tensor:
    norms: torch.Tensor = torch.linalg.vector_norm(matrix(x), dim=1, dtype=torch.float64)
    return norms
