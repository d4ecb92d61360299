"""Representational similarity analysis: how alike two matrices of dissimilarities are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
from scipy.stats import kendalltau

from simzoo.errors import ConstantInputError, InputError, UsageError
from simzoo.facts import similarity
from simzoo.measures.arrays import require_samples
from simzoo.measures.derived.dissimilarities import condensed, is_rdm, samples_of, square, squared
from simzoo.measures.derived.inner import KernelInner, dots
from simzoo.measures.derived.ranks import average_ranks
from simzoo.representations.derived import derived

Rdm = Literal["correlation", "cosine", "euclidean", "sqeuclidean", "precomputed"]
Compare = Literal["spearman", "pearson", "cosine", "kendall"]
COMPARISONS = ("spearman", "pearson", "cosine", "kendall")
_ROTATED = ("permutation", "rotation", "scale")
_DOMAIN = {"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"}
_DIRECTED = {**_DOMAIN, "zero rows": "ZeroRowsError", "one column": "UndefinedError"}


def _units(rdms: torch.Tensor, *, compare: str = "spearman") -> torch.Tensor:
    """Return (..., m, m) RDMs as matrices of which the inner product compares them; NaN where they do not vary."""
    m = rdms.shape[-1]
    require_samples(m, 4, "fewer have too few pairs to compare")
    i, j = torch.triu_indices(m, m, 1, device=rdms.device)
    many = rdms.reshape(-1, m, m)
    vectors = torch.stack([_unit(rdm[i, j], compare) for rdm in many]) / 2**0.5
    return squared(vectors).view(rdms.shape)


def _inner_product(options: Mapping[str, Any]) -> bool:
    return options.get("compare") != "kendall"


@similarity(
    name="rsa",
    version=1,
    range=(-1, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "scale"},
    domain=_DIRECTED,
    chance=0.0,
    variants=(
        {"rdm": "correlation", "compare": "spearman"},
        {"rdm": "cosine", "invariant_to": _ROTATED},
        {"rdm": "euclidean", "invariant_to": (*_ROTATED, "translation"), "domain": _DOMAIN},
        {
            "rdm": "sqeuclidean",
            "compare": "pearson",
            "invariant_to": (*_ROTATED, "translation"),
            "domain": _DOMAIN,
        },
        {"compare": "kendall"},
        {"compare": "cosine", "range": (0, 1)},
    ),
    inner=KernelInner(square, _units, covers=_inner_product),
    reference="kriegeskorte2008rsa",
)
def rsa(x: Any, y: Any, *, rdm: Rdm = "correlation", compare: Compare = "spearman") -> float:
    """Say how alike two representations order the pairs of samples by dissimilarity.

    Formula: compare(v, w), v and w the n (n - 1) / 2 dissimilarities of all pairs in x and in y: rdm "correlation" is
    1 - Pearson's r of two rows over the features, "cosine" 1 - their cosine, "euclidean" |x_i - x_j|, "sqeuclidean" its
    square; compare "spearman" (average ranks), "pearson", "cosine" or "kendall" (tau-a).
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order. With rdm="precomputed" an RDM stands
    on either side or both, condensed (n (n - 1) / 2,) as of scipy's pdist, or square (n, n): of a brain, of behaviour,
    of another tool; of features on the other side the correlation RDM is made.
    Returns: a number without unit in [-1, 1]; 1 = the same order of all pairs (the same dissimilarities up to scale and
    shift with pearson, up to scale with cosine); 0 = unrelated, the chance level, except with cosine, which is not
    centred and near 1 for any two RDMs of positive entries; -1 = the opposite order.
    Undefined: n < 4 (TooFewSamplesError); all dissimilarities equal, rows all equal among them (ConstantInputError);
    with correlation or cosine, rows that are zero or do not vary (ZeroRowsError), or one column (UndefinedError).
    Cost: n^2 (d + d2) / 2 multiply-adds, one sort of n^2 / 2 numbers a side with spearman, and a few vectors of n^2 / 2
    numbers of memory; kendall sorts for each pair of sides, and takes seconds at n = 2,000.
    Departures: the pairs of a sample with itself are left out, as is usual; tau-a counts ties as disagreement with
    itself, so that an RDM with ties has less than 1 with itself.
    Reference: Kriegeskorte et al. 2008, "Representational similarity analysis" (Frontiers in Systems Neuroscience 2);
    Nili et al. 2014, "A toolbox for representational similarity analysis" for the ways to compare.

    >>> x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    >>> round(rsa(x, 3 * x.flip(1)), 4), rsa(x, x.tanh()) < 1
    (1.0, True)
    """
    if compare not in COMPARISONS:
        raise UsageError(
            f"unknown comparison {compare!r}",
            expected=", ".join(map(repr, COMPARISONS)),
            got=repr(compare),
            next_step="compare='spearman'",
        )
    if rdm == "precomputed" and not is_rdm(x, rdm) and not is_rdm(y, rdm):
        raise UsageError(
            "neither side is an RDM",
            expected="a condensed vector or a square matrix of dissimilarities on one side or both",
            got=f"shapes {np.shape(x)} and {np.shape(y)}",
            next_step="leave rdm= out to have both made of the features",
        )
    if compare == "kendall":
        sides = [_varying(condensed(side, rdm=rdm)) for side in (x, y)]
    else:
        sides = [_unit_of(side, rdm=rdm, compare=compare) for side in (x, y)]
    if len(sides[0]) != len(sides[1]):
        raise InputError(
            "the RDMs are not of the same samples",
            expected="equally many samples",
            got=" and ".join(str(samples_of(side)) for side in sides),
            next_step="give both for the same samples, in the same order",
        )
    require_samples(samples_of(sides[0]), 4, "fewer have too few pairs to compare")
    if compare == "kendall":
        return _tau_a(*sides)
    dtype = torch.promote_types(*(side.dtype for side in sides))
    a, b = (side[None].to(dtype) for side in sides)
    return float(dots(a, b)[0, 0].clamp(-1, 1))


@derived
def _unit_of(x: Any, *, rdm: str, compare: str) -> torch.Tensor:
    return _unit(_varying(condensed(x, rdm=rdm), centred=compare != "cosine"), compare)


def _unit(values: torch.Tensor, compare: str) -> torch.Tensor:
    """Return (m,) dissimilarities as a vector of norm 1 whose product with another compares them; NaN if constant."""
    made = average_ranks(values) if compare == "spearman" else values.to(torch.float64, copy=True)
    if compare != "cosine":
        made -= made.mean()
    return made.div_(made.norm()).to(values.dtype)  # 0 / 0 is NaN


def _varying(values: torch.Tensor, *, centred: bool = True) -> torch.Tensor:
    """Return dissimilarities, after refusing those that say nothing."""
    low, high = (float(end) for end in values.aminmax())
    largest = max(abs(low), abs(high))
    if (high - low if centred else largest) <= 8 * torch.finfo(values.dtype).eps * largest:
        raise ConstantInputError(
            "all dissimilarities are equal: nothing is nearer than anything else",
            expected="dissimilarities that differ",
            got=f"{len(values)} of {high:.3g}",
            next_step="check that this layer is not dead, or choose another rdm=",
        )
    return values


def _tau_a(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return Kendall's tau-a: scipy's tau-b, divided by all pairs in place of those that are not tied."""
    both = a.cpu().numpy(), b.cpu().numpy()
    pairs = len(a) * (len(a) - 1) // 2
    untied = [pairs - sum(count * (count - 1) // 2 for count in np.unique(v, return_counts=True)[1]) for v in both]
    return float(kendalltau(*both).statistic) * math.sqrt(untied[0] / pairs * (untied[1] / pairs))
