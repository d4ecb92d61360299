"""How well one representation predicts another linearly, and how far two are apart as predictors."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import UndefinedError, UsageError
from simzoo.facts import GROUPS, similarity
from simzoo.measures.arrays import squared_norm
from simzoo.measures.derived.basis import Basis, cross, principal_basis, require_tall
from simzoo.measures.derived.gram import unit_centered

_UNCHANGED_BY = ("permutation", "rotation", "scale", "translation")
_CONSTANT = {"constant": "ConstantInputError"}
_TALL = {"n < 4": "TooFewSamplesError", **_CONSTANT}


@similarity(
    name="linear_regression",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=False,
    invariant_to=(_UNCHANGED_BY, GROUPS),
    domain={"n <= d": ("value", "TooFewSamplesError"), **_TALL},
    variants=(
        {"ridge": 0.0},
        {"ridge": 0.1, "identical": None, "invariant_to": _UNCHANGED_BY, "domain": _CONSTANT},
        {
            "ridge": 0.1,
            "held_out": True,
            "range": (-float("inf"), 1),
            "identical": None,
            "invariant_to": _UNCHANGED_BY,
            "domain": _CONSTANT,
        },
    ),
    reference="kornblith2019similarity",
)
def linear_regression(x: Any, y: Any, *, ridge: float = 0.0, held_out: bool = False) -> float:
    """Say which share of the variance of the first representation a linear map of the second predicts (R squared).

    Formula: 1 - min over B of |Hx - HyB|^2 / |Hx|^2 = |Q^T Hx|^2 / |Hx|^2, Q an orthonormal basis of the columns of Hy,
    H = I - 11^T / n. With ridge, B minimises |Hx - HyB|^2 + ridge s_1^2 |B|^2, s_1 the largest singular value of Hy.
    With held_out, every sample is predicted, mean included, by the regression of all the others:
    1 - sum_i |e_i|^2 / (1 - h_i)^2 / sum_i |n / (n - 1) (Hx)_i|^2, e residuals, h_i leverages, intercept included.
    Arguments: x (n, d), the target, and y (n, d2), the predictor, rows = the same samples in the same order; ridge, 0
    or more; held_out.
    Returns: a share in [0, 1]; 1 = y predicts x wholly; 0 = not at all. Swapping the sides is another question. Biased
    upwards: independent ones give d2 / (n - 1). Held out it may be negative, worse than the mean, and is not biased so.
    Undefined: n <= d2 without ridge (TooFewSamplesError); rows all equal (ConstantInputError); held out without ridge,
    a sample that alone holds a direction of y (UndefinedError).
    Cost: about 6 n d2^2 multiply-adds in float64, once a representation in a grid, and n d d2 (held out twice).
    Departures: leaving one out, exact and the same in any order of samples, takes the place of folds; s_1 is that of
    all samples.
    Reference: Li et al. 2016, "Convergent learning: do different neural networks learn the same representations?"
    (arXiv 1511.07543); this form Kornblith et al. 2019 (arXiv 1905.00414), table 1.

    >>> x, y = torch.randn(2, 101, 50, generator=torch.Generator().manual_seed(0))
    >>> round(linear_regression(x, y), 1), linear_regression(x, y, ridge=0.1, held_out=True) < 0.1
    (0.5, True)
    """
    _require_ridge(ridge)
    if ridge == 0:
        require_tall(y, "a linear map of that many columns predicts anything (or take ridge=0.1, held_out=True)")
    target, basis = unit_centered(x), principal_basis(y)
    squares = basis.values.square()
    weights = squares / (squares + ridge * squares[0])
    parts = cross(basis.directions, target)
    if not held_out:
        shares = torch.linalg.vector_norm(parts, dim=1, dtype=torch.float64).square()
        return min(float((2 * weights - weights.square()) @ shares), 1.0)
    fitted = basis.directions.to(parts.dtype) @ (weights.to(parts.dtype)[:, None] * parts)
    n = len(target)
    left = 1 - 1 / n - basis.directions.double().square() @ weights
    if float(left.min()) < 1e-6:
        raise UndefinedError(
            "a sample alone holds a direction of the predictor: without it, nothing tells how that one counts",
            expected="leverages below 1",
            got=f"a leverage of 1 for sample {int(left.argmin())}",
            next_step="ridge=0.1, or leave this sample out",
        )
    errors = torch.linalg.vector_norm(target - fitted, dim=1, dtype=torch.float64) / left
    return 1 - float(errors.square().sum()) / (squared_norm(target) * (n / (n - 1)) ** 2)


@similarity(
    name="gulp",
    version=1,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to=GROUPS,
    domain={"n <= d": "TooFewSamplesError", **_TALL},
    variants=({"ridge": 0.0}, {"ridge": 0.01, "invariant_to": _UNCHANGED_BY, "domain": _CONSTANT}),
    reference="boixadsera2022gulp",
)
def gulp(x: Any, y: Any, *, ridge: float = 0.0) -> float:
    """Measure how differently two representations predict, at worst, by ridge regression (GULP, squared).

    Formula: d^2 = tr(A S A S) + tr(B T B T) - 2 tr(A C B C^T), A = (S + ridge I)^-1, B = (T + ridge I)^-1, S = x^T x,
    T = y^T y, C = x^T y after centring and scaling to norm 1; with ridge = 0 it is d + d2 - 2 sum_i rho_i^2, rho_i the
    canonical correlations.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; ridge, 0 or more, beside S and T of
    trace 1.
    Returns: a squared distance without unit in [0, d + d2]; 0 = equal up to an affine map (with ridge: up to rotation,
    scale and shift); its root is a metric. It grows with the number of columns: compare within one pair of widths.
    Undefined: n <= d or n <= d2 without ridge (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: about 6 n (d^2 + d2^2) multiply-adds in float64, once a representation in a grid, and n d d2.
    Departures: directions that are only rounding are left out, and without ridge ranks count in place of columns.
    Reference: Boix-Adsera et al. 2022, "GULP: a prediction-based metric between representations" (arXiv 2210.06545).

    >>> x, y = torch.eye(4)[:, :2], torch.eye(4)[:, 1:3]
    >>> round(gulp(x, 2 * x + 1), 6), gulp(x, y) > 1
    (0.0, True)
    """
    _require_ridge(ridge)
    if ridge == 0:
        for side in (x, y):
            require_tall(side, "without ridge, either predicts anything (or take ridge=0.01)")
    a, b = principal_basis(x), principal_basis(y)
    v, w = _shrinkage(a, ridge), _shrinkage(b, ridge)
    cosines = cross(a.directions, b.directions).double().square()
    return max(float(v @ v + w @ w - 2 * (v @ cosines @ w)), 0.0)


def _shrinkage(basis: Basis, ridge: float) -> torch.Tensor:
    squares = basis.values.square()
    shares = squares / squares.sum()
    return shares / (shares + ridge)


def _require_ridge(ridge: float) -> None:
    if not ridge >= 0:
        raise UsageError(
            "a ridge penalty is not negative", expected="ridge >= 0", got=f"ridge = {ridge}", next_step="ridge=0.1"
        )
