"""LogME: the evidence of linear models of the labels."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.facts import transferability
from simzoo.measures.derived.basis import principal_basis
from simzoo.measures.transferability.classes import classes_of, varying

STEPS, NEAR, ADDED = 11, 1e-3, 1e-5  # the authors' number of steps, relative change to stop at, and what they add


@transferability(
    name="logme",
    version=1,
    range=(-math.inf, math.inf),
    larger="more transferable",
    invariant_to={"permutation", "rotation"},
    domain={"constant": "ConstantInputError"},
    reference="you2021logme",
)
def logme(x: Any, labels: Any) -> float:
    """Say how well linear models of the features explain the labels, by the evidence of a Bayesian regression (LogME).

    Formula: the mean over classes c of log N(y_c; 0, x x^T / a + I / b) / n, y_c the 0-1 column of the class, at the a
    and b of the fixed point a = g / (|m|^2 + 1e-5), b = (n - g) / (|x m - y_c|^2 + 1e-5), m = (x^T x + a / b I)^-1 x^T
    y_c, g = sum_i s_i / (s_i + a / b), s the squared singular values of x; from a = b = 1, until a / b changes by 0.1 %
    or less, at most 11 times. x is not centred.
    Arguments: x (n, d); labels (n,), numbers or strings.
    Returns: nats a sample, without bounds (a density, so above 0 where a class is fitted closely); larger = labels
    better explained. Only differences between models on the same samples say something. Unrelated labels have no fixed
    value.
    Undefined: rows all equal (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: one decomposition of x (n d min(n, d) multiply-adds) and n d for all classes together; then r C for each step,
    r the rank.
    Departures: of the authors' code one, where the rank r is below d (n < d, constant columns): it counts d/2 log a but
    only r terms of the determinant, and its value then follows the scale of x. Here the terms cancel, as in the
    evidence. As theirs, it is |m|^2 and |x m - y|^2 of the last step but one that are counted, and 1e-5 makes the value
    depend on the scale where weights are small (features large): by .03 to .14 for features times 100 in our tests.
    Reference: You et al. 2021, "LogME: practical assessment of pre-trained models for transfer learning" (ICML); the
    fixed point of You et al. 2022, "Ranking and tuning pre-trained models" (JMLR 23).

    >>> x = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    >>> logme(x, x[:, 0] > 0) > logme(x, x.prod(1) > 0)
    True
    """
    classes, features = classes_of(x, labels), varying(x)
    n, basis = len(features), principal_basis(features, centred=False)
    s = basis.values.square()[:, None]
    along = classes.sums(basis.directions).T.square()
    beside = (classes.counts - along.sum(0)).clamp(min=0)  # of |y_c|^2, what no direction explains
    a, b = torch.ones_like(beside), torch.ones_like(beside)
    moving = torch.ones_like(beside, dtype=torch.bool)
    size, error = torch.zeros_like(beside), torch.zeros_like(beside)
    for _ in range(STEPS):
        t = a / b
        g = (s / (s + t)).sum(0)
        size = torch.where(moving, (s * along / (s + t).square()).sum(0), size)
        error = torch.where(moving, (along / (1 + s / t).square()).sum(0) + beside, error)
        a = torch.where(moving, g / (size + ADDED), a)
        b = torch.where(moving, (n - g) / (error + ADDED), b)
        moving &= (a / b - t).abs() > NEAR * t
        if not bool(moving.any()):
            break
    twice = len(s) * a.log() + n * (b / (2 * math.pi)).log() - (a + b * s).log().sum(0) - b * error - a * size
    return float(twice.mean()) / 2 / n
