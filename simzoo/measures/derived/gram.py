"""Centred features and Gram matrices of one representation, and the inner matrices of CKA."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from simzoo.measures.arrays import matrix, require_samples, require_variation, squared_norm
from simzoo.measures.derived.inner import KernelInner, unit
from simzoo.measures.derived.order import rows_of, unchanged
from simzoo.representations.derived import derived, follows


@follows(rows_of)
def unit_centered(x: Any) -> torch.Tensor:
    """Return (n, d) features, columns centred and the whole scaled to norm 1, in the input's precision.

    The scale keeps the products of very large or very small features from leaving float32.
    """
    found, features = _centred(x)
    return features.div_(found.norm)


@derived
def centered_gram(x: Any) -> torch.Tensor:
    """Return H K H / tr(H K H) of (n, d) features, K = x x^T, H = I - 11^T / n."""
    features = unit_centered(x)
    return features @ features.T


def recentered(kernel: torch.Tensor) -> torch.Tensor:
    """Centre (..., m, m) kernels on both sides."""
    rows = kernel.mean(-1, keepdim=True)
    return kernel - (rows - rows.mean(-2, keepdim=True)) - rows.mT


def u_centered(kernel: torch.Tensor) -> torch.Tensor:
    """U-centre (..., m, m) kernels (Szekely and Rizzo: the diagonal is left out, and 0)."""
    m = kernel.shape[-1]
    require_samples(m, 4, "U-centring divides by (n - 1)(n - 2) and leaves nothing of 3")
    matrices = kernel.clone()
    matrices.diagonal(dim1=-2, dim2=-1).zero_()
    rows = matrices.sum(-1, keepdim=True) / (m - 2)
    matrices -= rows - rows.sum(-2, keepdim=True) / (m - 1)
    matrices -= rows.mT
    matrices.diagonal(dim1=-2, dim2=-1).zero_()
    return matrices


def unit_recentered(kernel: torch.Tensor) -> torch.Tensor:
    """Centre (..., m, m) kernels on both sides and scale them to norm 1."""
    return unit(recentered(kernel), _traces(kernel))


def unit_u_centered(kernel: torch.Tensor) -> torch.Tensor:
    """U-centre (..., m, m) kernels and scale them to norm 1."""
    return unit(u_centered(kernel), _traces(kernel))


unit_centered_gram = KernelInner(centered_gram, unit_recentered)  # <of x, of y> is linear CKA
# <of x, of y> is unbiased linear CKA: HSIC_1 is <U(K), U(L)> / (n (n - 3)), and the factor cancels.
unit_u_centered_gram = KernelInner(centered_gram, unit_u_centered)


class Centering(NamedTuple):
    """What to subtract from rows, in two steps, and what to divide them by.

    The means in one number would lose what the features have beyond it; the mean of what one subtraction leaves is
    small, and the second subtraction as exact as float64 would be.
    """

    coarse: torch.Tensor
    fine: torch.Tensor
    norm: float

    def of(self, rows: torch.Tensor) -> torch.Tensor:
        """Return centred and scaled rows."""
        return rows.sub(self.coarse).sub_(self.fine).div_(self.norm)


@follows(unchanged)
def centering(x: Any) -> Centering:
    """Return how to centre (n, d) features and scale them to norm 1, after refusing what does not vary."""
    return _centred(x)[0]


def _centred(x: Any) -> tuple[Centering, torch.Tensor]:
    features = matrix(x)
    require_samples(len(features), 2, "one sample does not vary")
    require_variation(features, "centred, they are zero and have no direction")
    coarse, fine, left = centred(features)
    norm = squared_norm(left) ** 0.5
    if not 0 < norm < float("inf"):  # squares that leave float32
        norm = float(left.double().norm())
    return Centering(coarse, fine, norm), left


def centred(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the means of the columns, what their rounding left, and the features less both."""
    coarse = features.mean(0)
    left = features - coarse
    fine = left.mean(0)
    left -= fine
    return coarse, fine, left


def _traces(matrices: torch.Tensor) -> torch.Tensor:
    return matrices.diagonal(dim1=-2, dim2=-1).sum(-1, dtype=torch.float64)
