"""The Hilbert-Schmidt independence criterion, which CKA normalises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from simzoo.errors import UsageError
from simzoo.facts import similarity
from simzoo.measures.arrays import held, matrix, require_samples
from simzoo.measures.derived.gram import centered_gram, centering, recentered, u_centered
from simzoo.measures.derived.gram_products import gram_products
from simzoo.measures.derived.inner import KernelInner

Estimator = Literal["unbiased", "biased"]


def hsic_grid(
    xs: Sequence[Any], ys: Sequence[Any] | None = None, *, estimator: Estimator = "unbiased"
) -> npt.NDArray[np.float64]:
    """Return HSIC of all pairs, (len(xs), len(ys)), by the cheaper of two exact routes (see `gram_products`)."""
    left, right = [held(x) for x in xs], None if ys is None else [held(y) for y in ys]
    n = len(matrix(left[0]))
    divisor = _divisor(n, estimator)
    products = gram_products(left, right, unbiased=estimator == "unbiased")
    a, b = (torch.tensor([_size(x) for x in side], dtype=torch.float64) for side in (left, right or left))
    values: npt.NDArray[np.float64] = (products.between * a[:, None] * b / divisor).numpy()
    return values


def _kernel(x: Any) -> torch.Tensor:
    return centered_gram(x) * _size(x)


def _centred(kernel: torch.Tensor, *, estimator: Estimator = "unbiased") -> torch.Tensor:
    divisor: float = _divisor(kernel.shape[-1], estimator) ** 0.5
    return (u_centered(kernel) if estimator == "unbiased" else recentered(kernel)) / divisor


def _chance(_: int, *, estimator: Estimator = "unbiased", **__: Any) -> float | None:
    return 0.0 if estimator == "unbiased" else None


@similarity(
    name="hsic",
    version=1,
    range=(-float("inf"), float("inf")),
    identical=None,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "translation"},
    domain={"constant": "ConstantInputError", "n < 4": "TooFewSamplesError"},
    chance=_chance,
    variants=(
        {"estimator": "unbiased"},
        {"estimator": "biased", "range": (0, float("inf")), "domain": {"constant": "ConstantInputError"}},
    ),
    inner=KernelInner(_kernel, _centred),
    grid=hsic_grid,
    reference="song2012feature",
)
def hsic(x: Any, y: Any, *, estimator: Estimator = "unbiased") -> float:
    """Say how strongly two representations depend on each other linearly, in the units of their features.

    Formula: with K = x x^T, L = y y^T, unbiased: HSIC_1 = [tr(K L) + (1'K1)(1'L1) / ((n - 1)(n - 2)) - 2 (K1)'(L1) /
    (n - 2)] / (n (n - 3)), diagonals of K and L set to 0; biased: tr(K H L H) / (n - 1)^2 = |y^T H x|^2 / (n - 1)^2,
    H = I - 11^T / n.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; estimator "unbiased" or "biased".
    Returns: a number in (-inf, inf) (biased: [0, inf)), in squared units of x times squared units of y; about 0 =
    independent (biased: above 0), the larger the more alike. It grows with the scale of either side: compare numbers of
    the same pair of models only, or take `cka_unbiased`.
    Undefined: n < 4, biased one sample (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: as `cka`: the less of n d d2 and n^2 (d + d2) / 2 multiply-adds, and the norms.
    Departures: features are centred first, which changes no value and saves digits.
    Reference: Song et al. 2012, "Feature selection via dependence maximization" (JMLR 13), eq. 5; biased: Gretton et
    al. 2005, "Measuring statistical dependence with Hilbert-Schmidt norms".

    >>> x = np.eye(4).repeat(5, axis=0)
    >>> round(hsic(x, x, estimator="biased"), 6), round(hsic(x, 2 * x, estimator="biased"), 6)
    (0.207756, 0.831025)
    """
    return float(hsic_grid([x], [y], estimator=estimator)[0, 0])


def _size(x: Any) -> float:
    return centering(x).norm ** 2


def _divisor(n: int, estimator: Estimator) -> float:
    if estimator == "unbiased":
        require_samples(n, 4, "the unbiased estimate of HSIC divides by n (n - 3)")
        return n * (n - 3)
    if estimator == "biased":
        return (n - 1) ** 2
    raise UsageError(
        f"unknown estimator {estimator!r} of HSIC",
        expected="'unbiased' or 'biased'",
        got=repr(estimator),
        next_step="estimator='unbiased'",
    )
