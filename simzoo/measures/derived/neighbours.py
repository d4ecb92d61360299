"""Exact nearest neighbours, self left out by index, in bounded memory.

Ties go to the lowest index. Scores are products in the input's precision: what rounds to one score is a tie.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch

from simzoo.errors import UndefinedError, UsageError
from simzoo.measures.arrays import matrix, require_samples, require_variation, unit_rows
from simzoo.measures.derived.gram import unit_centered
from simzoo.representations.derived import derived

Metric = Literal["cosine", "euclidean"]
TILE = 2**22  # scores that are held at once
SPARE = 4  # candidates beyond k whose distances are computed again, as products of close points lose digits


class Neighbours(NamedTuple):
    """The k keys that score highest for each query, best first: their scores (m, k) and row numbers (m, k)."""

    scores: torch.Tensor
    rows: torch.Tensor


@derived
def nearest(x: Any, *, k: int, metric: Metric = "cosine") -> torch.Tensor:
    """Return the row numbers (n, k) of the k nearest other rows of each row, nearest first."""
    _require_neighbours(len(matrix(x)), k)
    points, offset = _points(x, metric)
    return search(points, points, k, offset=offset, leave_one_out=True).rows


class Neighbourhoods(NamedTuple):
    """The k nearest rows of each row, nearest first: their euclidean distances and row numbers, both (n, k)."""

    distances: torch.Tensor
    rows: torch.Tensor


@derived
def neighbourhoods(x: Any, *, k: int) -> Neighbourhoods:
    """Return the k nearest other rows of each row with their euclidean distances, in float64.

    The candidates are found by products, their distances computed again from differences.
    """
    features = matrix(x)
    _require_neighbours(len(features), k)
    points, offset = _points(x, "euclidean")
    candidates = search(points, points, min(k + SPARE, len(points) - 1), offset=offset, leave_one_out=True).rows
    height = max(1, TILE // (features.shape[1] * candidates.shape[1]))
    distances, found = [], []
    for start in range(0, len(features), height):
        rows, near = features[start : start + height].double(), candidates[start : start + height]
        apart = (features[near].double() - rows[:, None]).square().sum(2).sqrt().sort(dim=1, stable=True)
        distances.append(apart.values[:, :k])
        found.append(near.gather(1, apart.indices[:, :k]))
    return Neighbourhoods(torch.cat(distances), torch.cat(found))


def nearest_distances(x: Any, *, k: int) -> torch.Tensor:
    """Return the euclidean distances (n, k) to the k nearest other rows, nearest first, in float64."""
    return neighbourhoods(x, k=k).distances


@derived
def neighbour_scores(x: Any, *, metric: Metric = "cosine") -> torch.Tensor:
    """Return all scores (n, n): higher is nearer within each row, and -inf for the row itself."""
    points, offset = _points(x, metric)
    return _scores(points, points, offset).fill_diagonal_(-torch.inf)


def shared(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return how many of the k numbers in each row of `a` (n, k) are in the same row of `b` (n, k), as (n,)."""
    both = torch.cat([a, b], dim=1).sort(dim=1).values
    return (both[:, 1:] == both[:, :-1]).sum(1)


def places(x: Any, others: torch.Tensor, *, metric: Metric = "cosine") -> torch.Tensor:
    """Return for each row i how near the row `others[i]` (n,) is to it among all others: 1 = its nearest, to n - 1.

    Of equal scores the lowest index is the nearer.
    """
    points, offset = _points(x, metric)
    index, height, found = torch.arange(len(points), device=points.device), max(1, TILE // len(points)), []
    for start in range(0, len(points), height):
        scores = _scores(points[start : start + height], points, offset)
        scores[:, start:].fill_diagonal_(-torch.inf)
        other = others[start : start + height, None]
        own = scores.gather(1, other)
        found.append(1 + ((scores > own) | ((scores == own) & (index < other))).sum(1))
    return torch.cat(found)


def unit_neighbour_indicator(scores: torch.Tensor, *, k: int = 10) -> torch.Tensor:
    """Return 1 / sqrt(m k) at the k highest of each row of (..., m, m) scores, 0 elsewhere: a matrix of norm 1."""
    m = scores.shape[-1]
    _require_neighbours(m, k)
    return torch.zeros_like(scores).scatter_(-1, _top(scores, k).rows, (m * k) ** -0.5)


def search(
    queries: torch.Tensor,
    keys: torch.Tensor,
    k: int,
    *,
    offset: torch.Tensor | None = None,
    leave_one_out: bool = False,
) -> Neighbours:
    """Return for each query the k keys of highest <query, key> + offset, tile by tile.

    With `leave_one_out` the queries are the keys, and no row is its own neighbour, whatever its duplicates are.
    """
    height = max(1, TILE // len(keys))
    found = []
    for start in range(0, len(queries), height):
        rows = queries[start : start + height]
        scores = _scores(rows, keys, offset)
        if leave_one_out:
            scores[:, start : start + height].fill_diagonal_(-torch.inf)
        found.append(_top(scores, k))
    return Neighbours(torch.cat([part.scores for part in found]), torch.cat([part.rows for part in found]))


def _scores(rows: torch.Tensor, keys: torch.Tensor, offset: torch.Tensor | None) -> torch.Tensor:
    return rows @ keys.T if offset is None else torch.addmm(offset, rows, keys.T)


def _top(scores: torch.Tensor, k: int) -> Neighbours:
    """Return the k highest of the last dimension; rows where topk had to choose among equals are sorted instead."""
    values, index = scores.topk(min(k + 1, scores.shape[-1]), dim=-1)
    tied = (values[..., 1:] == values[..., :-1]).any(-1)
    index = index[..., :k]
    if bool(tied.any()):
        index[tied] = scores[tied].sort(dim=-1, descending=True, stable=True).indices[..., :k]
    return Neighbours(values[..., :k], index)


def _points(x: Any, metric: Metric) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return points and an offset such that <a, b> + offset_b orders all b by nearness to a."""
    features = matrix(x)
    require_samples(len(features), 2, "a sample needs another to be its neighbour")
    require_variation(features, "all are each other's neighbours")
    if metric == "cosine":
        return directions(features), None
    if metric == "euclidean":
        points = unit_centered(x)
        return points, (points.double().square().sum(1) / -2).to(points.dtype)
    raise UsageError(
        f"unknown metric {metric!r}", expected="'cosine' or 'euclidean'", got=repr(metric), next_step="metric='cosine'"
    )


def directions(features: torch.Tensor) -> torch.Tensor:
    """Return rows of norm 1, of features that have directions."""
    if features.shape[1] == 1:
        raise UndefinedError(
            "with one column a cosine is only a sign, and all neighbours are ties",
            expected="two columns or more",
            got=f"shape {tuple(features.shape)}",
            next_step="metric='euclidean', where the measure has it",
        )
    return unit_rows(features)


def _require_neighbours(n: int, k: int) -> None:
    if k < 1:
        raise UsageError(
            "a sample has no fewer than one neighbour", expected="k >= 1", got=f"k = {k}", next_step="k=10"
        )
    require_samples(n, k + 1, f"each needs k = {k} others")
