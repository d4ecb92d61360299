"""Centred kernel alignment of Gaussian kernels."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import DuplicateRowsError, UndefinedError, UsageError
from simzoo.facts import similarity
from simzoo.measures.derived.gram import centering, unit_centered, unit_recentered
from simzoo.measures.derived.inner import KernelInner, dots
from simzoo.representations.derived import derived


def _distances(x: Any, *, sigma: float | None = None) -> torch.Tensor:
    """Return squared distances (n, n), in units of sigma^2, or of |Hx|^2 without it."""
    if sigma is not None:
        _require_positive("sigma", sigma)
    features = unit_centered(x)
    norms = features.double().square().sum(1).to(features.dtype)
    squares = torch.addmm(norms, features, features.T, alpha=-2).add_(norms[:, None]).clamp_(min=0)
    squares.fill_diagonal_(0)
    return squares if sigma is None else squares.mul_((centering(x).norm / sigma) ** 2)


def _unit_rbf(kernel: torch.Tensor, *, bandwidth: float = 1.0, sigma: float | None = None) -> torch.Tensor:
    """Make (..., m, m) squared distances into Gaussian kernels, centred and of norm 1."""
    _require_positive("bandwidth", bandwidth)
    if sigma is None:
        kernel = kernel / (bandwidth * _median_distance(kernel)) ** 2
    return unit_recentered(torch.exp(kernel / -2))


def _median_distance(squares: torch.Tensor) -> torch.Tensor:
    """Return the median of the distances off the diagonal, (..., 1, 1); half of them are enough."""
    m = squares.shape[-1]
    i, j = torch.triu_indices(m, m, 1, device=squares.device)
    pairs = squares[..., i, j]
    count = pairs.shape[-1]
    low, high = (pairs.kthvalue(k).values for k in ((count + 1) // 2, count // 2 + 1))
    if bool((high <= 16 * torch.finfo(squares.dtype).eps * pairs.amax(-1)).any()):
        raise DuplicateRowsError(
            "half of all pairs of rows coincide: the median distance is 0, and no bandwidth",
            expected="rows of which most differ",
            got=f"{m} rows",
            next_step="leave duplicates out, or give a width: sigma=1.0",
        )
    return ((low.sqrt() + high.sqrt()) / 2)[..., None, None]


unit_rbf_gram = KernelInner(_distances, _unit_rbf)


@derived
def _matrix(x: Any, *, bandwidth: float, sigma: float | None) -> torch.Tensor:
    matrix = unit_rbf_gram(x, bandwidth=bandwidth, sigma=sigma)
    if bool(matrix[0, 0].isnan()):
        raise UndefinedError(
            "the centred Gaussian kernel is zero: all distances are small beside its width",
            expected="a width of the order of the distances",
            got=f"bandwidth = {bandwidth}, sigma = {sigma}",
            next_step="bandwidth=1.0, the median distance",
        )
    return matrix.flatten()


@similarity(
    name="cka_rbf",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"constant": "ConstantInputError"},
    variants=({"bandwidth": 1.0}, {"sigma": 5.0, "invariant_to": ("permutation", "rotation", "translation")}),
    inner=unit_rbf_gram,
    reference="kornblith2019similarity",
)
def cka_rbf(x: Any, y: Any, *, bandwidth: float = 1.0, sigma: float | None = None) -> float:
    """Say how alike two representations are where near samples count for more: CKA of Gaussian kernels.

    Formula: <HKH, HLH> / (|HKH| |HLH|), K_ij = exp(-|x_i - x_j|^2 / (2 sigma_x^2)), L of y likewise, H = I - 11^T / n;
    sigma_x = bandwidth times the median of the distances |x_i - x_j| over i < j (not of their squares, and without the
    diagonal), sigma_y that of y; or one fixed sigma for both.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; bandwidth above 0, often 0.2 to 1;
    sigma, a fixed width in the unit of the features, which takes the place of bandwidth.
    Returns: a number without unit in [0, 1]; 1 = equal up to rotation, scale and shift (with sigma: rotation and
    shift); near 0 = unrelated. Biased upwards, the more the smaller the width: with a width of 0 all is alike.
    Undefined: rows all equal (ConstantInputError); half of all pairs of rows equal (DuplicateRowsError); one sample
    (TooFewSamplesError); a width so large that the kernel is constant (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds, 2 n^2 exponentials and two medians of n^2 / 2; memory for a few (n, n) matrices.
    Departures: none; of squared distances, as some tools take it, the median is nearly the same.
    Reference: Kornblith et al. 2019, "Similarity of neural network representations revisited" (arXiv 1905.00414).

    >>> x = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    >>> round(cka_rbf(x, 2 * x.flip(1) + 5), 5)
    1.0
    """
    a, b = (_matrix(side, bandwidth=bandwidth, sigma=sigma) for side in (x, y))
    dtype = torch.promote_types(a.dtype, b.dtype)
    return min(float(dots(a[None].to(dtype), b[None].to(dtype))), 1.0)


def _require_positive(name: str, value: float) -> None:
    if not value > 0:
        raise UsageError(
            "the width of a Gaussian kernel is above 0",
            expected=f"{name} > 0",
            got=f"{name} = {value}",
            next_step="bandwidth=1.0, the median distance",
        )
