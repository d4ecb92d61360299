"""The manifold graph metrics of one graph together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simzoo.facts import geometry
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.nnk import Kernel, Solver
from simzoo.measures.geometry.manifolds import Graphs, graphs, spread_of
from simzoo.measures.geometry.nnk import DOMAIN, GROUPS


class Mgm(NamedTuple):
    """Mean and standard deviation of each metric, and the affinity of random pairs."""

    diameter_mean: float
    diameter_sd: float
    affinity_mean: float
    affinity_sd: float
    affinity_random: float
    count_mean: float
    count_sd: float
    rank_mean: float
    rank_sd: float


def mgm_by_rows(
    x: Any, *, views: Sequence[Any] | None = None, labels: Any = None, **options: Any
) -> Callable[[npt.NDArray[np.intp]], Mgm]:
    """Return a function from rows to `mgm` of these samples; the graphs of their views are made once for all.

    Classes of which some of the samples hold one alone are left out; those of which all do are refused as ever.
    """
    if views is None:
        features, named = matrix(x), None if labels is None else np.asarray(labels)

        def some(rows: npt.NDArray[np.intp]) -> Mgm:
            if named is not None and len(rows) < len(named):
                _, own, sizes = np.unique(named[rows], return_inverse=True, return_counts=True)
                rows = rows[sizes[own] > 1] if (sizes > 1).any() else rows
            return mgm(features[rows], labels=None if named is None else named[rows], **options)

        return some
    each = _units(graphs(x, views, labels, **{"k": 50, "kernel": "cosine", "solver": "exact", **options}))
    return lambda rows: _taken_together([values[rows] for values in each])


@geometry(
    name="mgm",
    version=2,
    range=(0, float("inf")),
    larger="diameter: less invariant; affinity: flatter; count and rank: more dimensions",
    invariant_to=GROUPS,
    takes={"labels", "views"},
    by_rows=mgm_by_rows,
    domain=DOMAIN,
    reference="cosentino2022geometry",
)
def mgm(
    x: Any,
    *,
    views: Sequence[Any] | None = None,
    labels: Any = None,
    k: int = 50,
    kernel: Kernel = "cosine",
    solver: Solver = "exact",
) -> Mgm:
    """Measure the manifold that samples, classes or augmentations form: the manifold graph metrics, all four.

    Formula: as of `nnk_diameter`, `nnk_affinity`, `nnk_count` and `nnk_rank`.
    Arguments: x (n, d); views, T >= 2 (n, d) draws of an augmentation: then one graph for each sample, of its T views;
    labels (n,): without views, one graph for each class; k candidates; kernel "cosine" or "gaussian"; solver "exact" or
    "reference".
    Returns: `mean` and `sd` of each over points; with views or labels the mean within each sample's views (each class),
    then `mean` and `sd` over samples (classes). Diameters in [0, 2], affinities in [0, 1], counts in [0, k], ranks in
    [0, min(k, d)]. Compare at equal n (or T), k, kernel and solver only.
    Undefined: as `nnk_affinity`.
    Cost: as `nnk_affinity`; the graph is made once.
    Departures: as theirs; how values are taken together is ours.
    Reference: Cosentino et al. 2022, "The geometry of self-supervised learning models and its impact on transfer
    learning" (arXiv 2209.08622).

    >>> import torch
    >>> x = torch.nn.functional.normalize(torch.randn(1000, 3, generator=torch.Generator().manual_seed(0)))
    >>> found = mgm(x)
    >>> round(found.count_mean, 1), round(found.affinity_mean, 1)
    (3.0, 1.0)
    """
    return _taken_together(_units(graphs(x, views, labels, k=k, kernel=kernel, solver=solver)))


def _units(found: Graphs) -> list[torch.Tensor]:
    """Return diameter, affinity, random affinity, count and rank of each point, or of each manifold."""
    shapes, near = found.polytopes, found.affinities
    return [found.units(v) for v in (shapes.diameters, near.neighbours, near.random, shapes.counts, shapes.ranks)]


def _taken_together(units: Sequence[torch.Tensor]) -> Mgm:
    diameter, affinity, random, count, rank = map(spread_of, units)
    return Mgm(*diameter, *affinity, random.mean, *count, *rank)
