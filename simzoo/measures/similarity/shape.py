"""Angles between representations as shapes: after centring, scaling and the best rotation."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import UsageError
from simzoo.facts import GROUPS, similarity
from simzoo.measures.derived.basis import cross, principal_basis, require_tall
from simzoo.measures.derived.factor import unit_factor
from simzoo.measures.derived.order import rows_of
from simzoo.measures.similarity.procrustes import rotated_distance
from simzoo.representations.derived import follows

_UNCHANGED_BY = ("permutation", "rotation", "scale", "translation")
_CONSTANT = {"constant": "ConstantInputError"}
_TALL = {"n <= d": "TooFewSamplesError", "n < 4": "TooFewSamplesError", **_CONSTANT}


@similarity(
    name="bures",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=_UNCHANGED_BY,
    domain=_CONSTANT,
    reference="tang2020similarity",
)
def bures(x: Any, y: Any) -> float:
    """Say how alike two representations are up to rotation, scale and shift: normalised Bures similarity (fidelity).

    Formula: |x^T H y|_* / (|Hx| |Hy|), H = I - 11^T / n, |.|_* the sum of singular values, |.| Frobenius; the cosine of
    `angular_shape`, and the fidelity of the centred Gram matrices.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a number without unit in [0, 1]; 1 = equal up to rotation, scale and shift; 0 = uncorrelated. Biased
    upwards, more than `cka`: small directions count for more.
    Undefined: rows all equal (ConstantInputError); one sample (TooFewSamplesError).
    Cost: n min(n, d) min(n, d2) multiply-adds and the singular values of a min(n, d) x min(n, d2) matrix, in float64.
    Departures: none.
    Reference: Tang et al. 2020, "Similarity of neural networks with gradients" (arXiv 2003.11498); Harvey et al. 2024,
    "Duality of Bures and shape distances" (arXiv 2311.11436).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(bures(x, 3 * x.flip(1) + 2), 6)
    1.0
    """
    return min(float(torch.linalg.svdvals(cross(unit_factor(x), unit_factor(y)).double()).sum()), 1.0)


@similarity(
    name="angular_shape",
    version=1,
    range=(0, math.pi / 2),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to=_UNCHANGED_BY,
    domain=_CONSTANT,
    reference="williams2021shapes",
)
def angular_shape(x: Any, y: Any) -> float:
    """Measure the angle between two representations after centring and the best rotation.

    Formula: arccos(|x^T H y|_* / (|Hx| |Hy|)), H = I - 11^T / n, |.|_* the sum of singular values, |.| Frobenius.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: an angle in [0, pi / 2] radians; 0 = equal up to rotation, scale and shift; pi / 2 = uncorrelated. It is a
    metric.
    Undefined: rows all equal (ConstantInputError); one sample (TooFewSamplesError).
    Cost: n min(n, d) min(n, d2) multiply-adds and the singular values of a min(n, d) x min(n, d2) matrix, in float64.
    Departures: none; computed from the distance of `procrustes_normalized`, as an arccos near 1 loses half the digits.
    Reference: Williams et al. 2021, "Generalized shape metrics on neural representations" (arXiv 2110.14739).

    >>> x = torch.eye(4)[:, :2]
    >>> round(angular_shape(x, 3 * x.flip(1) + 2), 6)
    0.0
    """
    return _angle(unit_factor(x), unit_factor(y))


@similarity(
    name="shape_alpha",
    version=1,
    range=(0, math.pi / 2),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "translation"},
    domain=_TALL,
    variants=(
        {"alpha": 0.5},
        {"alpha": 0.0, "invariant_to": GROUPS},
        {"alpha": 1.0, "invariant_to": _UNCHANGED_BY, "domain": _CONSTANT},
    ),
    reference="williams2021shapes",
)
def shape_alpha(x: Any, y: Any, *, alpha: float = 0.5) -> float:
    """Measure the angle between two representations that are whitened in part: between `angular_shape` and CCA.

    Formula: `angular_shape` of Hx (alpha I + (1 - alpha) (x^T H x)^(-1/2)) and of y treated likewise, H = I - 11^T / n.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; alpha in [0, 1]: 1 leaves the features
    as they are, 0 whitens them wholly.
    Returns: an angle in [0, pi / 2] radians; 0 = equal up to rotation and shift (with alpha = 1 up to scale too, with
    alpha = 0 up to any affine map); pi / 2 = uncorrelated. It is a metric.
    Undefined: n <= d or n <= d2 with alpha < 1 (TooFewSamplesError); rows all equal (ConstantInputError); one sample
    (TooFewSamplesError).
    Cost: about 6 n (d^2 + d2^2) multiply-adds in float64, once a representation in a grid, n d d2, and the singular
    values of a (d, d2) matrix.
    Departures: directions that are only rounding are left out, and not whitened. For 0 < alpha < 1 the unit of the
    features counts, as in the paper; keeping the total variance, as some tools do, changes no angle.
    Reference: Williams et al. 2021, "Generalized shape metrics on neural representations" (arXiv 2110.14739).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(shape_alpha(x, x @ torch.ones(4, 4).tril() + 2, alpha=0), 4)
    0.0
    """
    if not 0 <= alpha <= 1:
        raise UsageError(
            "alpha lies between whitened and unchanged",
            expected="0 <= alpha <= 1",
            got=f"alpha = {alpha}",
            next_step="alpha=0.5",
        )
    if alpha == 1:
        return angular_shape(x, y)
    for side in (x, y):
        require_tall(side, "whitened, any two are alike (or take alpha=1)")
    return _angle(_partly_white(x, alpha=alpha), _partly_white(y, alpha=alpha))


@follows(rows_of)
def _partly_white(x: Any, *, alpha: float) -> torch.Tensor:
    basis = principal_basis(x)
    factor = basis.directions.double() * (alpha * basis.values + 1 - alpha)
    return factor.div(float(factor.norm()))


def _angle(a: torch.Tensor, b: torch.Tensor) -> float:
    return min(2 * math.asin(min(rotated_distance(a, b) / 2, 1.0)), math.pi / 2)
