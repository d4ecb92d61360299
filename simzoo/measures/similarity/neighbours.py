"""Similarities that compare the sets of samples near each sample."""

from __future__ import annotations

from typing import Any

import torch
from scipy.stats import hypergeom

from simzoo.facts import similarity
from simzoo.measures.derived.inner import KernelInner
from simzoo.measures.derived.neighbours import Metric, nearest, neighbour_scores, shared, unit_neighbour_indicator

DIRECTED = {
    "n < 4": "TooFewSamplesError",
    "constant": "ConstantInputError",
    "zero rows": "ZeroRowsError",
    "one column": "UndefinedError",
}
METRICS: tuple[dict[str, Any], ...] = (
    {"metric": "cosine"},
    {
        "metric": "euclidean",
        "invariant_to": ("permutation", "rotation", "scale", "translation"),
        "domain": {"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    },
)
ROTATED = {"permutation", "rotation", "scale"}


def _chance(n: int, *, k: int = 10, **_: Any) -> float:
    return k / (n - 1)


@similarity(
    name="mutual_knn",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=ROTATED,
    domain=DIRECTED,
    chance=_chance,
    neighbours="k",
    variants=METRICS,
    inner=KernelInner(neighbour_scores, unit_neighbour_indicator),
    reference="huh2024platonic",
)
def mutual_knn(x: Any, y: Any, *, k: int = 10, metric: Metric = "cosine") -> float:
    """Say which share of each sample's k nearest neighbours is the same in both representations.

    Formula: mean over samples of |N(i) and N'(i) in common| / k, N(i) the k nearest others of i in x, N'(i) in y.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; k neighbours; metric "cosine" or
    "euclidean".
    Returns: a share in [0, 1]; 1 = the same neighbours throughout; independent ones give k / (n - 1), the chance level.
    Undefined: n <= k (TooFewSamplesError); rows all equal (ConstantInputError); with cosine, zero rows (ZeroRowsError)
    or one column (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds and a top-k of 2 n rows of n; memory for a few rows of scores at a time.
    Departures: none; a sample is left out of its own neighbours by index, so that duplicates count as neighbours; ties
    go to the lowest index.
    Reference: Huh et al. 2024, "The Platonic representation hypothesis" (arXiv 2405.07987).

    >>> x, y = torch.randn(2, 1001, 8, generator=torch.Generator().manual_seed(0))
    >>> mutual_knn(x, 3 * x), round(mutual_knn(x, y), 2)
    (1.0, 0.01)
    """
    common = shared(nearest(x, k=k, metric=metric), nearest(y, k=k, metric=metric))
    return int(common.sum()) / (len(common) * k)


def _jaccard_by_chance(n: int, *, k: int = 10, **_: Any) -> float:
    """Return the mean of s / (2k - s) where the s shared of two sets of k out of n - 1 are hypergeometric."""
    likely = hypergeom(n - 1, k, k).pmf(range(k + 1))
    return float(sum(p * s / (2 * k - s) for s, p in enumerate(likely)))


@similarity(
    name="knn_jaccard",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=ROTATED,
    domain=DIRECTED,
    chance=_jaccard_by_chance,
    neighbours="k",
    variants=METRICS,
    reference="wang2020stability",
)
def knn_jaccard(x: Any, y: Any, *, k: int = 10, metric: Metric = "cosine") -> float:
    """Say how much each sample's k nearest neighbours overlap in two representations.

    Formula: mean over samples of |N(i) and N'(i) in common| / |N(i) or N'(i)|, N(i) the k nearest others of i in x,
    N'(i) in y.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; k neighbours; metric "cosine" or
    "euclidean".
    Returns: a share in [0, 1]; 1 = the same neighbours throughout, 0 = none in common. For each sample it is
    m / (2 - m), m that sample's share in `mutual_knn`; the chance level, near k / (2n), is beside it in tables.
    Undefined: n <= k (TooFewSamplesError); rows all equal (ConstantInputError); with cosine, zero rows (ZeroRowsError)
    or one column (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds and a top-k of 2 n rows of n; memory for a few rows of scores at a time.
    Departures: none; a sample is left out of its own neighbours by index; ties go to the lowest index.
    Reference: Wang et al. 2020, "Towards understanding the instability of network embedding" (TKDE); Hryniowski and
    Wong 2020, "Inter-layer information similarity assessment of deep neural networks" (arXiv 2012.03793).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> knn_jaccard(x, 3 * x), knn_jaccard(x, x.tanh()) < 1
    (1.0, True)
    """
    common = shared(nearest(x, k=k, metric=metric), nearest(y, k=k, metric=metric)).double()
    return float((common / (2 * k - common)).mean())


@similarity(
    name="cycle_knn",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=False,
    invariant_to=ROTATED,
    domain=DIRECTED,
    neighbours="k",
    variants=METRICS,
    reference="huh2024platonic",
)
def cycle_knn(x: Any, y: Any, *, k: int = 10, metric: Metric = "cosine") -> float:
    """Say which share of samples comes back to itself over a neighbour in y and a neighbour of that in x.

    Formula: the share of samples i for which i is in N(j) for some j in N'(i), N(j) the k nearest others of j in x,
    N'(i) of i in y.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; k neighbours; metric "cosine" or
    "euclidean". The sides are not alike: y is asked first.
    Returns: a share in [0, 1]; 1 = every sample comes back, as with identical sides unless a sample is nobody's
    neighbour among its own; independent ones give about k^2 / n, so that k must be small beside sqrt(n).
    Undefined: n <= k (TooFewSamplesError); rows all equal (ConstantInputError); with cosine, zero rows (ZeroRowsError)
    or one column (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds and a top-k of 2 n rows of n; memory for a few rows of scores at a time.
    Departures: none; a sample is left out of its own neighbours by index; ties go to the lowest index.
    Reference: Huh et al. 2024, "The Platonic representation hypothesis" (arXiv 2405.07987), appendix on metrics.

    >>> x, y = torch.randn(2, 1001, 8, generator=torch.Generator().manual_seed(0))
    >>> cycle_knn(x, y, k=1) < 0.01 < cycle_knn(x, x + y, k=1)
    True
    """
    of_x, of_y = nearest(x, k=k, metric=metric), nearest(y, k=k, metric=metric)
    own = torch.arange(len(of_x), device=of_x.device)[:, None]
    back = torch.zeros(len(of_x), dtype=torch.bool, device=of_x.device)
    for step in of_y.T:
        back |= (of_x[step] == own).any(1)
    return float(back.double().mean())
