"""Models as points, arranged: a tree and its cut, a plane, a spanning tree, communities, and how far to trust them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import networkx as nx
import numpy as np
from scipy.cluster.hierarchy import cophenet, fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform

from simzoo.report.points import Matrix, Points

CLUSTERS = 3
SILHOUETTES = range(2, 7)
ORDERS = 499  # permutations of the groups that an agreement is held against
BOUNDS = (2.5, 97.5)


@dataclass(frozen=True)
class Agreement:
    """The adjusted Rand index of a cut with something known of the models: 1 = the same groups, about 0 = chance.

    `low`, `high` by half-samples of the images, as all intervals; `p` by groups given out at random.
    """

    of: str
    groups: int
    value: float
    low: float | None
    high: float | None
    p: float


@dataclass(frozen=True)
class Arrangement:
    """What a map says: `clusters` numbers each model's, from 1, in the order of the tree's leaves.

    `stability` is the adjusted Rand index of the cuts on half-samples with the cut of all: mean, low, high. `shown` is
    the share of the squared distances that the plane holds, `modularity` that of the communities.
    """

    points: Points
    linkage: Matrix
    order: list[int]
    clusters: list[int]
    cophenetic: float | None
    silhouettes: dict[int, float]
    stability: tuple[float, float, float] | None
    agreements: list[Agreement]
    plane: Matrix
    shown: float
    spanning: list[tuple[int, int, float]]
    communities: list[list[int]]
    modularity: float


def arrange(points: Points, groups: dict[str, list[str]], clusters: int = CLUSTERS) -> Arrangement:
    """Arrange points; `groups` are what is known of the models, by name, one word for each.

    The tree is Ward's of the signature (of a similarity: average linkage), leaves ordered so that neighbours are near.
    """
    tree = _tree(points.distances, points.method)
    order = [int(leaf) for leaf in leaves_list(tree)]
    cut = _cut(tree, clusters, order)
    halves = [_cut(_tree(half, points.method), clusters) for half in points.halves]
    again = [_rand(cut, half) for half in halves]
    plane, shown = _plane(points.distances)
    communities, modularity = _communities(points.distances)
    return Arrangement(
        points=points,
        linkage=tree,
        order=order,
        clusters=cut,
        cophenetic=_cophenetic(points.distances, tree),
        silhouettes=_silhouettes(points.distances, tree),
        stability=_stability(again),
        agreements=[
            _agreement(name, words, cut, halves)
            for name, words in groups.items()
            if 1 < len(set(words)) < len(words)  # one group, or each its own, agrees with nothing and anything
        ],
        plane=plane,
        shown=shown,
        spanning=_spanning(points.distances),
        communities=communities,
        modularity=modularity,
    )


def _stability(again: Sequence[float]) -> tuple[float, float, float] | None:
    if not again:
        return None
    low, high = np.percentile(again, BOUNDS)
    return float(np.mean(again)), float(low), float(high)


def _tree(distances: Matrix, method: Literal["ward", "average"]) -> Matrix:
    tree: Matrix = linkage(squareform(distances, checks=False), method, optimal_ordering=True)
    return tree


def _cut(tree: Matrix, clusters: int, order: Sequence[int] = ()) -> list[int]:
    """Return the number of each model's cluster, counted in the order of the leaves."""
    found = fcluster(tree, clusters, "maxclust")
    places = {number: at for at, number in enumerate(dict.fromkeys(found[list(order)] if order else found), start=1)}
    return [places[number] for number in found]


def _cophenetic(distances: Matrix, tree: Matrix) -> float | None:
    """Return the correlation of the heights at which two models join with their distance; None of equal distances."""
    flat = squareform(distances, checks=False)
    return float(cophenet(tree, flat)[0]) if np.ptp(flat) > 0 else None


def _rand(groups: Sequence[Any], others: Sequence[Any]) -> float:
    """Return the adjusted Rand index of two groupings."""
    return float(_adjusted(_members(groups).T @ _members(others)))


def _members(groups: Sequence[Any]) -> Matrix:
    """Return who is in which group, (n, groups), as ones and zeros."""
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    members: Matrix = np.eye(codes.max() + 1)[codes]
    return members


def _adjusted(shared: Matrix) -> Matrix:
    """Return the adjusted Rand index of (..., g, h) counts of what groups of one kind and the other share."""
    inside, one, other, all_of = (
        (counts * (counts - 1) / 2).sum(axes)
        for counts, axes in (
            (shared, (-2, -1)),
            (shared.sum(-1), -1),
            (shared.sum(-2), -1),
            (shared.sum((-2, -1))[..., None], -1),
        )
    )
    by_chance, most = one * other / all_of, (one + other) / 2
    apart = most - by_chance
    index: Matrix = np.where(apart > 0, (inside - by_chance) / np.where(apart > 0, apart, 1.0), 1.0)
    return index


def _silhouettes(distances: Matrix, tree: Matrix) -> dict[int, float]:
    """Return the mean silhouette of each cut that has so many clusters, and fewer than there are models."""
    from sklearn.metrics import silhouette_score

    cuts = {count: _cut(tree, count) for count in SILHOUETTES if count < len(distances)}
    return {
        count: float(silhouette_score(distances, cut, metric="precomputed"))
        for count, cut in cuts.items()
        if len(set(cut)) == count
    }


def _agreement(of: str, words: Sequence[str], cut: Sequence[int], halves: Sequence[Sequence[int]]) -> Agreement:
    value = _rand(words, cut)
    draw = np.random.default_rng(0)
    orders = np.stack([draw.permutation(len(words)) for _ in range(ORDERS)])
    nulls = _adjusted(_members(words)[orders].swapaxes(1, 2) @ _members(cut))
    p = float(1 + (nulls >= value - 1e-12).sum()) / (ORDERS + 1)
    low = high = None
    if halves:
        parts = [_rand(words, half) for half in halves]
        low, high = (float(end) for end in value + np.percentile(parts, BOUNDS) - np.mean(parts))
    return Agreement(of, len(set(words)), value, low, high, p)


def _plane(distances: Matrix) -> tuple[Matrix, float]:
    """Return the classical scaling of distances to two dimensions, and the share of it that they hold."""
    n = len(distances)
    centre = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-centre @ distances**2 @ centre / 2)
    top, axes = np.clip(values[:-3:-1], 0, None), vectors[:, :-3:-1]
    signs = np.sign(axes[np.abs(axes).argmax(0), [0, 1]])  # an axis has no direction: the farthest model is positive
    total = float(np.clip(values, 0, None).sum())
    return axes * signs * np.sqrt(top), float(top.sum()) / total if total else 1.0


def _graph(distances: Matrix) -> nx.Graph:
    """Return the complete graph with `distance` and a likeness `weight`, a Gaussian as wide as the median distance."""
    pairs = list(combinations(range(len(distances)), 2))
    width = float(np.median([distances[pair] for pair in pairs])) or 1.0
    graph = nx.Graph()
    graph.add_nodes_from(range(len(distances)))
    for pair in pairs:
        apart = float(distances[pair])
        graph.add_edge(*pair, distance=apart, weight=float(np.exp(-((apart / width) ** 2) / 2)))
    return graph


def _spanning(distances: Matrix) -> list[tuple[int, int, float]]:
    tree = nx.minimum_spanning_tree(_graph(distances), weight="distance")
    return sorted((min(a, b), max(a, b), float(apart)) for a, b, apart in tree.edges(data="distance"))


def _communities(distances: Matrix) -> tuple[list[list[int]], float]:
    graph = _graph(distances)
    found = nx.community.greedy_modularity_communities(graph, weight="weight")
    parts = sorted(sorted(int(model) for model in part) for part in found)
    return parts, float(nx.community.modularity(graph, parts, weight="weight"))
