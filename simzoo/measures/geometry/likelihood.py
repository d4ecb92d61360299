"""Intrinsic dimension by maximum likelihood: from ratios of distances to nearest neighbours."""

from __future__ import annotations

from typing import Any, Literal

import torch
from scipy.optimize import brentq

from simzoo.errors import UndefinedError, UsageError
from simzoo.facts import geometry
from simzoo.measures.derived.distinct import local_neighbourhoods, require_general_position

_UNCHANGED_BY = {"permutation", "rotation", "scale", "translation"}
_DOMAIN = {"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"}


@geometry(
    name="mle_id",
    version=1,
    range=(0, float("inf")),
    larger="more dimensions",
    invariant_to=_UNCHANGED_BY,
    domain=_DOMAIN,
    variants=({}, {"average": "plain"}),
    neighbours="k",
    reference="levina2004maximum",
)
def mle_id(x: Any, *, k: int = 20, average: Literal["inverse", "plain"] = "inverse") -> float:
    """Estimate the intrinsic dimension from how the distances to the k nearest neighbours grow.

    Formula: d_i = [1 / (k - 1) sum_{j < k} log(T_k / T_j)]^-1, T_j the distance from sample i to its j-th neighbour;
    the value is 1 / mean_i(1 / d_i), the maximum of the likelihood of all samples together.
    Arguments: x (n, d); k neighbours, 3 or more; average="plain" gives mean_i d_i, as in the paper of 2004.
    Returns: a number of dimensions in (0, inf), the larger the more; below the truth by a growing margin above about 10
    dimensions at a few thousand samples. The plain average is above the other, by about 1 / k of it.
    Undefined: fewer than 4 or than k + 1 different rows (TooFewSamplesError); rows all equal (ConstantInputError); more
    than half of the rows repeat another (DuplicateRowsError); all k neighbours at one distance, throughout or, with the
    plain average, for one sample (UndefinedError).
    Cost: n^2 d multiply-adds and a top-54 of n rows of n, shared by the estimators that look at up to 50 neighbours.
    Departures: the inverses are averaged, after MacKay and Ghahramani 2005. Of exactly equal rows one is kept.
    Reference: Levina and Bickel 2004, "Maximum likelihood estimation of intrinsic dimension" (NeurIPS).

    >>> x = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0))
    >>> round(mle_id(x @ torch.ones(2, 10).tril()))
    2
    """
    if average not in ("inverse", "plain"):
        raise UsageError(
            "there are two ways to average",
            expected="average='inverse' or 'plain'",
            got=repr(average),
            next_step="leave it out for the likelihood of all samples",
        )
    distances = local_neighbourhoods(x, k=k, least=3).distances
    logarithms = (distances[:, -1:] / distances[:, :-1]).log()
    require_general_position(logarithms)
    if average == "inverse":
        return float(1 / logarithms.mean())
    inverses = logarithms.mean(1)
    require_ratios(inverses, k)
    return float(inverses.reciprocal().mean())


@geometry(
    name="gride",
    version=1,
    range=(0, float("inf")),
    larger="more dimensions",
    invariant_to=_UNCHANGED_BY,
    domain=_DOMAIN,
    variants=({}, {"k": 1}, {"k": 16}),
    neighbours="k",
    reference="denti2022gride",
)
def gride(x: Any, *, k: int = 2) -> float:
    """Estimate the intrinsic dimension from how much farther each sample's 2k-th neighbour is than its k-th.

    Formula: the d that maximises the likelihood of mu_i = r_2k / r_k, whose density is
    d (mu^d - 1)^(k - 1) / (B(k, k) mu^((2k - 1) d + 1)): the root of
    n / d + (k - 1) sum_i L_i / (1 - e^(-d L_i)) = (2k - 1) sum_i L_i, L = log mu. With k = 1 it is n / sum L.
    Arguments: x (n, d); k, the nearer of the two neighbours: the larger, the larger the scale that is looked at, and
    the less noise counts.
    Returns: a number of dimensions in (0, inf), the larger the more; state k. Below the truth by a growing margin above
    about 10 dimensions at a few thousand samples.
    Undefined: fewer than 4 or than 2k + 1 different rows (TooFewSamplesError); rows all equal (ConstantInputError);
    more than half of the rows repeat another (DuplicateRowsError); neighbours at one distance throughout
    (UndefinedError).
    Cost: as `mle_id`, whose neighbours it shares.
    Departures: n2 = 2 n1, as the authors advise. The maximum itself: no ratio is left out, and n is not lowered by one
    (DADApy does both, scikit-dimension too). Of exactly equal rows one is kept.
    Reference: Denti et al. 2022, "The generalized ratios intrinsic dimension estimator" (Scientific Reports 12).

    >>> x = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0))
    >>> round(gride(x @ torch.ones(2, 10).tril()))
    2
    """
    if k < 1:
        raise UsageError(
            "the nearer neighbour is the first or later", expected="k >= 1", got=f"k = {k}", next_step="k=2"
        )
    distances = local_neighbourhoods(x, k=2 * k).distances
    logarithms = (distances[:, -1] / distances[:, k - 1]).log()
    require_general_position(logarithms)
    n, total = len(logarithms), float(logarithms.sum())
    above = logarithms[logarithms > 0]  # L / (1 - e^(-d L)) is 1 / d where L is 0
    level = n - len(above)

    def slope(d: float) -> float:
        rising = level / d - float((above / torch.expm1(-d * above)).sum())
        return n / d + (k - 1) * rising - (2 * k - 1) * total

    lowest, highest = n / (k * total), n / total  # as 1 <= 1 / (1 - e^-u) <= 1 + 1 / u
    return float(brentq(slope, lowest, highest, xtol=1e-14, rtol=1e-14)) if k > 1 else highest


def require_ratios(inverses: torch.Tensor, k: int) -> None:
    """Refuse samples whose k neighbours are all at one distance, where each sample has an estimate of its own."""
    if count := int((inverses <= 0).sum()):
        raise UndefinedError(
            f"{count} of {len(inverses)} samples have all their neighbours at one distance",
            expected=f"k = {k} neighbours at different distances",
            got="an infinite dimension there",
            next_step="more neighbours (k=), or mle_id, which needs no estimate of each sample",
        )
