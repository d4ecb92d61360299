"""Similarities that compare who is near whom."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.facts import similarity
from simzoo.measures.derived.inner import KernelInner
from simzoo.measures.derived.neighbours import Metric, nearest, neighbour_scores, unit_neighbour_indicator


def _chance(n: int, *, k: int = 10, **_: Any) -> float:
    return k / (n - 1)


@similarity(
    name="mutual_knn",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale"},
    domain={
        "n < 4": "TooFewSamplesError",
        "constant": "ConstantInputError",
        "zero rows": "ZeroRowsError",
        "one column": "UndefinedError",
    },
    chance=_chance,
    neighbours="k",
    variants=(
        {"metric": "cosine"},
        {
            "metric": "euclidean",
            "invariant_to": ("permutation", "rotation", "scale", "translation"),
            "domain": {"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
        },
    ),
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
    both = torch.cat([nearest(x, k=k, metric=metric), nearest(y, k=k, metric=metric)], dim=1).sort(dim=1).values
    shared = int((both[:, 1:] == both[:, :-1]).sum())
    return shared / (len(both) * k)
