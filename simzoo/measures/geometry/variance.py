"""Measures of how the variance of a representation is spread over its principal directions."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import UndefinedError, UsageError
from simzoo.facts import geometry
from simzoo.measures.arrays import matrix, require_samples
from simzoo.measures.derived.spectrum import principal_variances

_UNCHANGED_BY = {"permutation", "rotation", "scale", "translation"}


@geometry(
    name="participation_ratio",
    version=1,
    range=(1, float("inf")),
    larger="more directions in use",
    invariant_to=_UNCHANGED_BY,
    domain={"constant": "ConstantInputError"},
    reference="gao2017theory",
)
def participation_ratio(x: Any) -> float:
    """Count the directions in which a representation varies, by how evenly its variance is spread over them.

    Formula: (sum_i l_i)^2 / sum_i l_i^2, l the eigenvalues of the covariance of x.
    Arguments: x (n, d).
    Returns: a number of directions in [1, min(n - 1, d)], as centring takes one sample's; 1 = all rows on one line;
    min(n - 1, d) = the same variance in all directions that n samples can vary in.
    Undefined: rows all equal (ConstantInputError); n < 2 (TooFewSamplesError).
    Cost: n d min(n, d) multiply-adds and the singular values of a min(n, d) square, in float64.
    Departures: none.
    Reference: Gao et al. 2017, "A theory of multineuronal dimensionality, dynamics and measurement" (bioRxiv 214262).

    >>> round(participation_ratio(torch.eye(5)), 6)
    4.0
    """
    values = principal_variances(x) / float(principal_variances(x)[0])
    return max(1.0, float(values.sum().square() / values.square().sum()))


@geometry(
    name="nesum",
    version=1,
    range=(1, float("inf")),
    larger="more directions in use",
    invariant_to=_UNCHANGED_BY,
    domain={"constant": "ConstantInputError"},
    reference="he2022exploring",
)
def nesum(x: Any) -> float:
    """Count the directions in which a representation varies, each by its variance against the largest.

    Formula: sum_i l_i / l_1, l the eigenvalues of the covariance of x, largest first.
    Arguments: x (n, d).
    Returns: a number of directions in [1, min(n - 1, d)], as centring takes one sample's; 1 = all rows on one line;
    min(n - 1, d) = the same variance in all directions (whitened).
    Undefined: rows all equal (ConstantInputError); n < 2 (TooFewSamplesError).
    Cost: as `participation_ratio`, whose eigenvalues it shares.
    Departures: none.
    Reference: He and Ozay 2022, "Exploring the gap between collapsed and whitened features in self-supervised learning"
    (ICML).

    >>> round(nesum(torch.eye(5)), 6)
    4.0
    """
    values = principal_variances(x)
    return float((values / values[0]).sum())


@geometry(
    name="alpha_req",
    version=1,
    range=(0, float("inf")),
    larger="variance falls off faster",
    invariant_to=_UNCHANGED_BY,
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError", "one column": "UndefinedError"},
    variants=(
        {},
        {"first": 1, "last": 8, "domain": {"constant": "ConstantInputError", "one column": "UndefinedError"}},
    ),
    reference="agrawal2022alpha",
)
def alpha_req(x: Any, *, first: int = 4, last: int = 100) -> float:
    """Say how fast variance falls off from one principal direction to the next: the exponent of a power law.

    Formula: -b of the line a + b log i through log l_i, i = first .. last, by least squares with weights 1 / i, l the
    eigenvalues of the covariance of x, largest first.
    Arguments: x (n, d); first and last, the numbers of the eigenvalues, counted from 1, between which the line is
    fitted; last may be beyond the number of directions in which x varies.
    Returns: an exponent in [0, inf); 0 = the same variance in all these directions; about 1 is where the authors find
    representations that transfer best; above it few directions carry all. State the two ends: another range of numbers
    is another exponent. The last of min(n - 1, d) eigenvalues fall off by chance where n is not well above d.
    Undefined: rows all equal (ConstantInputError); fewer than two eigenvalues above 0 from `first` on: too few samples
    (TooFewSamplesError), columns or directions (UndefinedError).
    Cost: as `participation_ratio`, whose eigenvalues it shares.
    Departures: none; range and weights are those of the authors' code, which numbers from 0 (3 to 99).
    Reference: Agrawal et al. 2022, "alpha-ReQ: assessing representation quality in self-supervised learning by
    measuring eigenspectrum decay" (NeurIPS).

    >>> x = torch.linalg.qr(torch.randn(200, 9, generator=torch.Generator().manual_seed(0)) + 1)[0]
    >>> x = torch.linalg.qr(x - x.mean(0))[0] * torch.arange(1, 10) ** -0.5
    >>> round(alpha_req(x), 4)
    1.0
    """
    if not 1 <= first < last:
        raise UsageError(
            "a line needs two eigenvalues",
            expected="1 <= first < last",
            got=f"first = {first}, last = {last}",
            next_step="leave both out for 4 to 100",
        )
    values = principal_variances(x)[:last]
    require_samples(len(matrix(x)), first + 2, f"{first + 1} eigenvalues need one sample more")
    if len(values) <= first:
        raise UndefinedError(
            "too few directions vary for a line through their variances",
            expected=f"eigenvalues {first} and {first + 1} above 0",
            got=f"{len(values)} above 0, of {matrix(x).shape[1]} columns",
            next_step="first=1, or a measure that is defined here: effective_rank, participation_ratio",
        )
    numbers = torch.arange(first, len(values) + 1, dtype=torch.float64, device=values.device)
    across, weights = numbers.log(), 1 / numbers
    across = across - (weights * across).sum() / weights.sum()
    return max(0.0, -float((weights * across * values[first - 1 :].log()).sum() / (weights * across.square()).sum()))
