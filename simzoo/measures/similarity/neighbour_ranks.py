"""Similarities that compare how near each sample's neighbours are: their ranks."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.facts import similarity
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.neighbours import Metric, nearest, places, shared
from simzoo.measures.similarity.neighbours import DIRECTED, METRICS, ROTATED

_TILE = 2**22  # pairs of neighbours that are compared at once


@similarity(
    name="rank_similarity",
    version=2,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=ROTATED,
    domain=DIRECTED,
    neighbours="k",
    variants=METRICS,
    reference="wang2020stability",
)
def rank_similarity(x: Any, y: Any, *, k: int = 10, metric: Metric = "cosine") -> float:
    """Say how alike the order of the neighbours is that each sample has in both representations.

    Formula: mean over samples of sum_j 2 / ((1 + |a_j - b_j|) (a_j + b_j)) / sum_{m = 1..s} 1 / m, over the s samples
    j that are among the k nearest others of i in x and in y, a_j and b_j their ranks there from 1; 0 where s = 0.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; k neighbours; metric "cosine" or
    "euclidean".
    Returns: a number without unit in [0, 1]; 1 = the same neighbours in the same order, 0 = none in common. It is of
    the shared neighbours only, however few: `knn_jaccard` says how many, `joint_rank_jaccard` is both.
    Undefined: n <= k (TooFewSamplesError); rows all equal (ConstantInputError); with cosine, zero rows (ZeroRowsError)
    or one column (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds, a top-k of 2 n rows of n and n k^2 comparisons; memory for a few rows of scores.
    Departures: none; a sample is left out of its own neighbours by index; ties go to the lowest index.
    Reference: Wang et al. 2020, "Towards understanding the instability of network embedding" (TKDE).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(rank_similarity(x, 3 * x), 6), rank_similarity(x, x.tanh()) < 1
    (1.0, True)
    """
    return float(
        _orders_alike(nearest(x, k=k, metric=metric, double=True), nearest(y, k=k, metric=metric, double=True)).mean()
    )


@similarity(
    name="joint_rank_jaccard",
    version=2,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=ROTATED,
    domain=DIRECTED,
    neighbours="k",
    variants=METRICS,
    reference="wang2020stability",
)
def joint_rank_jaccard(x: Any, y: Any, *, k: int = 10, metric: Metric = "cosine") -> float:
    """Say how far each sample has the same neighbours in the same order in both representations.

    Formula: mean over samples of the product of what `knn_jaccard` and `rank_similarity` are means of.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; k neighbours; metric "cosine" or
    "euclidean".
    Returns: a number without unit in [0, 1]; 1 = the same neighbours in the same order, 0 = none in common.
    Undefined: n <= k (TooFewSamplesError); rows all equal (ConstantInputError); with cosine, zero rows (ZeroRowsError)
    or one column (UndefinedError).
    Cost: as `rank_similarity`.
    Departures: none; a sample is left out of its own neighbours by index; ties go to the lowest index.
    Reference: Wang et al. 2020, "Towards understanding the instability of network embedding" (TKDE).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> joint_rank_jaccard(x, x.tanh()) < rank_similarity(x, x.tanh())
    True
    """
    of_x, of_y = nearest(x, k=k, metric=metric, double=True), nearest(y, k=k, metric=metric, double=True)
    common = shared(of_x, of_y)
    return float((common / (2 * k - common) * _orders_alike(of_x, of_y)).mean())


@similarity(
    name="information_imbalance",
    version=2,
    range=(0, 2),
    identical=lambda n: 2 / n,
    larger="less alike",
    symmetric=False,
    invariant_to=ROTATED,
    domain={case: error for case, error in DIRECTED.items() if case != "n < 4"},
    chance=1.0,
    variants=tuple(
        {name: {"constant": "ConstantInputError"} if name == "domain" else value for name, value in variant.items()}
        for variant in METRICS
    ),
    reference="glielmo2022ranking",
)
def information_imbalance(x: Any, y: Any, *, metric: Metric = "cosine") -> float:
    """Measure how badly nearness in x predicts nearness in y.

    Formula: 2 / n^2 times the sum over samples i of the rank, from 1 to n - 1, that the nearest other of i in x has
    among the others of i in y.
    Arguments: x (n, d), which predicts, and y (n, d2), which is predicted, rows = the same samples in the same order;
    metric "cosine" or "euclidean". The other direction is another number: both together say which side holds more.
    Returns: a number without unit in [2 / n, 2 (n - 1) / n]; 2 / n = whatever is nearest in x is nearest in y, as with
    identical sides; 1 = x says nothing about y, the chance level.
    Undefined: one sample (TooFewSamplesError); rows all equal (ConstantInputError); with cosine, zero rows
    (ZeroRowsError) or one column (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds and a count over n rows of n; memory for a few rows of scores at a time.
    Departures: the paper's distances are euclidean, here metric="euclidean"; ties go to the lowest index.
    Reference: Glielmo et al. 2022, "Ranking the information content of distance measures" (PNAS Nexus 1).

    >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    >>> part = x[:, :2]
    >>> information_imbalance(x, x), information_imbalance(x, part) < information_imbalance(part, x)
    (0.01, True)
    """
    ranks = places(y, nearest(x, k=1, metric=metric, double=True)[:, 0], metric=metric)
    return 2 / len(matrix(y)) ** 2 * int(ranks.sum())


def _orders_alike(of_x: torch.Tensor, of_y: torch.Tensor) -> torch.Tensor:
    """Return how alike the ranks of shared neighbours are, (n,), of neighbours (n, k), nearest first."""
    n, k = of_x.shape
    rank = torch.arange(1, k + 1, dtype=torch.float64, device=of_x.device)
    weights = 2 / ((1 + (rank[:, None] - rank).abs()) * (rank[:, None] + rank))
    ideal = torch.cat([rank.new_ones(1), (1 / rank).cumsum(0)])  # of none in common the sum is 0: divided by 1
    found = []
    for start in range(0, n, height := max(1, _TILE // k**2)):
        rows = slice(start, start + height)
        same = of_x[rows, :, None] == of_y[rows, None, :]
        found.append((same * weights).sum((1, 2)) / ideal[same.sum((1, 2))])
    return torch.cat(found).clamp(max=1)  # more is rounding
