"""Manifold graph metrics, one by one: what the polytopes of an NNK graph say of dimension, invariance and curvature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from simzoo.errors import DuplicateRowsError
from simzoo.facts import geometry
from simzoo.measures.derived.nnk import Kernel, Solver
from simzoo.measures.geometry.manifolds import Spread, graphs

DOMAIN = {"constant": "ConstantInputError", "zero rows": "ZeroRowsError", "one column": "UndefinedError"}
GROUPS = {"permutation", "rotation", "scale"}


@geometry(
    name="nnk_count",
    version=2,
    range=(0, float("inf")),
    larger="more dimensions",
    invariant_to=GROUPS,
    takes={"labels", "views"},
    domain=DOMAIN,
    variants=({"kernel": "cosine"}, {"kernel": "gaussian"}),
    reference="cosentino2022geometry",
)
def nnk_count(
    x: Any,
    *,
    views: Sequence[Any] | None = None,
    labels: Any = None,
    k: int = 50,
    kernel: Kernel = "cosine",
    solver: Solver = "exact",
) -> Spread:
    """Count the neighbours it takes to surround a point: those of positive weight in its NNK graph.

    Formula: |N(i)|, N(i) = the candidates j with theta_j > 1e-6, theta = argmin over theta >= 0 of
    theta' K theta / 2 - theta' K_i; K the kernel between the k nearest others of i, K_i that between them and i:
    (1 + cos) / 2, or exp(-|u - v|^2 / (2 s^2)) with s a third of the mean distance to the k-th, u and v of norm 1.
    Arguments: x (n, d); views, T >= 2 (n, d) draws of an augmentation: then the graph of each sample is that of its T
    views; labels (n,): without views, graphs within classes; k candidates, at most one less than there are points;
    kernel "cosine" or "gaussian"; solver "exact" or "reference" (the published greedy scheme, which counts too few).
    Returns: `mean` and `sd` over points (over samples or classes, of their means, with views or labels), in [0, k];
    about the intrinsic dimension + 1 with the cosine kernel where samples are dense. Compare at equal n, k, kernel and
    solver only.
    Undefined: rows all equal (ConstantInputError); zero rows (ZeroRowsError); one column (UndefinedError).
    Cost: n^2 d + n k^2 d multiply-adds and n small quadratic programs; memory for a few rows of scores at a time.
    Departures: solved exactly, in float64; rows of a cosine above 1 - 1e-6 with a point are no candidates of it (ours).
    Reference: Cosentino et al. 2022, "The geometry of self-supervised learning models and its impact on transfer
    learning" (arXiv 2209.08622); Shekkizhar and Ortega 2020, "Graph construction from data using non negative kernel
    regression" (arXiv 1910.09383).

    >>> import torch
    >>> x = torch.nn.functional.normalize(torch.randn(1000, 3, generator=torch.Generator().manual_seed(0)))
    >>> round(nnk_count(x).mean, 1)  # a sphere of two dimensions
    3.0
    """
    found = graphs(x, views, labels, k=k, kernel=kernel, solver=solver)
    return found.spread(found.graph.chosen.sum(1))


@geometry(
    name="nnk_rank",
    version=2,
    range=(0, float("inf")),
    larger="more dimensions",
    invariant_to=GROUPS,
    takes={"labels", "views"},
    domain=DOMAIN,
    reference="cosentino2022geometry",
)
def nnk_rank(
    x: Any,
    *,
    views: Sequence[Any] | None = None,
    labels: Any = None,
    k: int = 50,
    kernel: Kernel = "cosine",
    solver: Solver = "exact",
) -> Spread:
    """Count the directions in which the neighbours of a point lie: the rank of its NNK polytope.

    Formula: #{t: s_t^2 >= s_1^2 / 10}, s the singular values of the rows u_j - u_i, j in N(i), u of norm 1; N(i) as in
    `nnk_count`.
    Arguments: as of `nnk_count`.
    Returns: `mean` and `sd` as of `nnk_count`, in [0, min(k, d)]. Compare at equal n, k, kernel, solver.
    Undefined: as `nnk_count`.
    Cost: `nnk_count` and n eigenvalue problems of the size of N(i).
    Departures: the share of a tenth is ours.
    Reference: Cosentino et al. 2022, "The geometry of self-supervised learning models and its impact on transfer
    learning" (arXiv 2209.08622).

    >>> import torch
    >>> x = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))  # directions in the plane: a circle
    >>> round(nnk_rank(x).mean, 1)
    1.0
    """
    found = graphs(x, views, labels, k=k, kernel=kernel, solver=solver)
    return found.spread(found.polytopes.ranks)


@geometry(
    name="nnk_diameter",
    version=2,
    range=(0, float("inf")),
    larger="points and their neighbours lie farther apart",
    invariant_to=GROUPS,
    takes={"labels", "views"},
    domain=DOMAIN,
    variants=({"relative": False, "range": (0, 2)}, {"relative": True}),
    reference="cosentino2022geometry",
)
def nnk_diameter(
    x: Any,
    *,
    views: Sequence[Any] | None = None,
    labels: Any = None,
    k: int = 50,
    kernel: Kernel = "cosine",
    solver: Solver = "exact",
    relative: bool = False,
) -> Spread:
    """Say how wide the NNK polytopes are: small on the views of a sample where the representation is invariant to them.

    Formula: the largest |u_a - u_b| over a, b in N(i) and i itself, u of norm 1; N(i) as in `nnk_count`.
    Arguments: as of `nnk_count`; relative: divide by the median of the points' diameters in the graph of x itself
    (within classes, with labels), as models differ in how far apart all of their features lie.
    Returns: `mean` and `sd` as of `nnk_count`, in [0, 2]; 0 = all views alike (or every row a duplicate); relative: in
    multiples of the diameters in x.
    Undefined: as `nnk_count`; relative, where half of the diameters in x are 0 (DuplicateRowsError).
    Cost: `nnk_count` and the products within each N(i).
    Departures: the relative form is ours.
    Reference: Cosentino et al. 2022, "The geometry of self-supervised learning models and its impact on transfer
    learning" (arXiv 2209.08622).

    >>> import torch
    >>> x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    >>> nnk_diameter(x, views=[x, 2 * x, 3 * x]).mean
    0.0
    """
    found = graphs(x, views, labels, k=k, kernel=kernel, solver=solver)
    spread = found.spread(found.polytopes.diameters)
    if not relative:
        return spread
    unit = float(graphs(x, None, labels, k=k, kernel=kernel, solver=solver).polytopes.diameters.median())
    if unit == 0:
        raise DuplicateRowsError(
            "half of the points of x have no neighbour but duplicates",
            expected="rows whose cosines differ from 1 by more than 1e-6",
            got="a median diameter of 0",
            next_step="relative=False",
        )
    return Spread(spread.mean / unit, spread.sd / unit)


class Affinity(NamedTuple):
    """Spread of the points' affinity with their neighbours, 1 - its mean, and the mean between random pairs."""

    mean: float
    sd: float
    curvature: float
    random: float


@geometry(
    name="nnk_affinity",
    version=2,
    range=(0, 1),
    larger="neighbouring polytopes span the same directions (curvature: the reverse)",
    invariant_to=GROUPS,
    takes={"labels", "views"},
    domain=DOMAIN,
    reference="cosentino2022geometry",
)
def nnk_affinity(
    x: Any,
    *,
    views: Sequence[Any] | None = None,
    labels: Any = None,
    k: int = 50,
    kernel: Kernel = "cosine",
    solver: Solver = "exact",
) -> Affinity:
    """Say how alike the directions of neighbouring NNK polytopes are, beside those of random pairs: how flat it is.

    Formula: the mean over j in N(i) of |U_i' U_j| / sqrt(min(r_i, r_j)), U_i the r_i singular directions of the rows
    u_j - u_i with s^2 >= s_1^2 / 10 (see `nnk_rank`); random: the same over pairs that are drawn, not neighbours.
    Arguments: as of `nnk_count`.
    Returns: `mean`, `sd`, `curvature` = 1 - mean and `random`, each in [0, 1], without unit; mean 1 = flat; mean near
    `random` = neighbours say no more of a point's directions than any point does. Noise and dimension move it more than
    smooth curvature: never read the mean without `random`. Points without neighbours are left out.
    Undefined: as `nnk_count`; no point with a neighbour (DuplicateRowsError).
    Cost: `nnk_rank` and, for each edge, a product of two bases, r^2 d; memory n r d for the bases.
    Departures: the random pairs and their number (some 32,768, or all) are ours; their draw is fixed.
    Reference: Cosentino et al. 2022, "The geometry of self-supervised learning models and its impact on transfer
    learning" (arXiv 2209.08622).

    >>> import torch
    >>> x = torch.nn.functional.normalize(torch.randn(1000, 3, generator=torch.Generator().manual_seed(0)))
    >>> found = nnk_affinity(x)
    >>> round(found.mean, 1), round(found.random, 1)
    (1.0, 0.8)
    """
    found = graphs(x, views, labels, k=k, kernel=kernel, solver=solver)
    neighbours, random = found.affinities
    mean, sd = found.spread(neighbours)
    return Affinity(mean, sd, 1 - mean, found.spread(random).mean)
