"""Exact nearest neighbours, self left out by index, in bounded memory.

Ties go to the lowest index. Scores are products in the input's precision: what rounds to one score is a tie.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch

from simzoo.errors import UndefinedError, UsageError
from simzoo.measures.arrays import matrix, require_samples, require_variation, unit_rows
from simzoo.measures.derived.gram import centred, unit_centered
from simzoo.measures.derived.order import numbers_of
from simzoo.representations.derived import derived, follows

Metric = Literal["cosine", "euclidean"]
TILE = 2**22  # scores that are looked through at once
BLOCK = 2**17  # numbers whose differences are taken at once: they stay in the cache
HELD_BYTES = 2**30  # scores of all pairs up to this size are held, if each is computed once for both of its rows
HALF = 512  # rows that are multiplied at once for that, and the width from which on it pays
NARROW = 0.9  # mean cosine of all pairs from which on directions are centred, as their products lose digits
FEW = 4  # members of a group below which grouping does not pay
SPARE = 4  # candidates beyond k whose distances are computed again, as products of close points lose digits


class Neighbours(NamedTuple):
    """The k keys that score highest for each query, best first: their scores (m, k) and row numbers (m, k).

    `left_out` (m,) counts those that were above a ceiling.
    """

    scores: torch.Tensor
    rows: torch.Tensor
    left_out: torch.Tensor


class Near(NamedTuple):
    """The k nearest other rows of each row, nearest first: their distances (n, k), float64, and row numbers (n, k)."""

    distances: torch.Tensor
    rows: torch.Tensor


@follows(numbers_of)
def nearest(x: Any, *, k: int, metric: Metric = "cosine", double: bool = False) -> torch.Tensor:
    """Return the row numbers (n, k) of the k nearest other rows of each row, nearest first.

    With `double` the products are made in float64: for measures that the order of nearly equal ones moves.
    """
    _require_neighbours(len(matrix(x)), k)
    points, offset = _points(matrix(x).double() if double else x, metric)
    return search(points, points, k, offset=offset, leave_one_out=True).rows


@derived
def near(x: Any, *, k: int, metric: Metric = "cosine") -> Near:
    """Return the k nearest other rows of each row with their distances: euclidean, or 1 - cosine.

    The candidates are found by products, their distances computed again from differences, in float64.
    """
    features = matrix(x)
    _require_neighbours(len(features), k)
    points, offset = _points(x, metric)
    candidates = search(points, points, min(k + SPARE, len(points) - 1), offset=offset, leave_one_out=True).rows
    candidates = candidates.sort(dim=1).values  # so that a stable order leaves ties with the lowest index
    height = max(1, BLOCK // (features.shape[1] * candidates.shape[1]))
    parts = []
    for start in range(0, len(features), height):
        rows, others = features[start : start + height], candidates[start : start + height]
        here, there = rows.double(), features[others].double()
        if metric == "cosine":
            here, there = (side / torch.linalg.vector_norm(side, dim=-1, keepdim=True) for side in (here, there))
        apart = torch.linalg.vector_norm(there.sub_(here[:, None]), dim=2)
        found = (apart.square() / 2 if metric == "cosine" else apart).sort(dim=1, stable=True)
        parts.append(Near(found.values[:, :k], others.gather(1, found.indices[:, :k])))
    return Near(*map(torch.cat, zip(*parts, strict=True)))


def nearest_distances(x: Any, *, k: int) -> torch.Tensor:
    """Return the euclidean distances (n, k) to the k nearest other rows, nearest first, in float64."""
    return near(x, k=k, metric="euclidean").distances


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

    In float64; of equal scores the lowest index is the nearer.
    """
    points, offset = _points(matrix(x).double(), metric)
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
    ceiling: float | None = None,
) -> Neighbours:
    """Return for each query the k keys of highest <query, key> + offset, tile by tile.

    With `leave_one_out` the queries are the keys, and no row is its own neighbour, whatever its duplicates are. Keys
    that score above `ceiling` are left out; where that leaves fewer than k, the last scores are -inf.
    """
    height = max(1, TILE // len(keys))
    products = _symmetric(keys) if leave_one_out and _can_be_held(keys) else None
    held = keys.new_empty(height, len(keys)) if products is None else products
    found = []
    for start in range(0, len(queries), height):
        stop = min(start + height, len(queries))
        if products is None:
            scores = torch.mm(queries[start:stop], keys.T, out=held[: stop - start])
        else:
            scores = held[start:stop]
        if offset is not None:
            scores += offset
        if leave_one_out:
            scores[:, start:stop].fill_diagonal_(-torch.inf)
        top = _top(scores, k)
        if ceiling is not None and bool((over := top.scores[:, 0] > ceiling).any()):
            lower = scores[over]
            high = lower > ceiling
            again = _top(lower.masked_fill_(high, -torch.inf), k)
            top.scores[over], top.rows[over], top.left_out[over] = again.scores, again.rows, high.sum(-1)
        found.append(top)
    return Neighbours(*map(torch.cat, zip(*found, strict=True)))


def _can_be_held(points: torch.Tensor) -> bool:
    return min(points.shape) >= HALF and len(points) ** 2 * points.element_size() <= HELD_BYTES


def _symmetric(points: torch.Tensor) -> torch.Tensor:
    """Return the products (n, n) of all pairs, each multiplied once."""
    products = points.new_empty(len(points), len(points))
    for start in range(0, len(points), HALF):
        stop = start + HALF
        panel = points[start:stop] @ points[start:].T
        products[start:stop, start:] = panel
        products[stop:, start:stop] = panel[:, HALF:].T
    return products


def _scores(rows: torch.Tensor, keys: torch.Tensor, offset: torch.Tensor | None) -> torch.Tensor:
    return rows @ keys.T if offset is None else torch.addmm(offset, rows, keys.T)


def _top(scores: torch.Tensor, k: int) -> Neighbours:
    """Return the k highest of the last dimension; rows where topk had to choose among equals are sorted instead."""
    values, index = _highest(scores, min(k + 1, scores.shape[-1]))
    tied = (values[..., 1:] == values[..., :-1]).any(-1)
    index = index[..., :k]
    if bool(tied.any()):
        index[tied] = scores[tied].sort(dim=-1, descending=True, stable=True).indices[..., :k]
    return Neighbours(values[..., :k], index, torch.zeros_like(index[..., 0]))


def _highest(scores: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return topk of the last dimension, by groups: the k highest are in the k groups of highest maxima."""
    width = scores.shape[-1]
    size = int((width / k) ** 0.5)  # members of a group: as many groups to choose from as members of those chosen
    if size < FEW or scores.ndim != 2:
        return scores.topk(k, dim=-1)
    groups = width // size
    maxima = scores[:, : size * groups].view(-1, size, groups).amax(1)
    chosen = maxima.topk(k, dim=1).indices
    members = (chosen[:, None] + groups * torch.arange(size, device=scores.device)[:, None]).flatten(1)
    rest = torch.arange(size * groups, width, device=scores.device).expand(len(scores), -1)
    members = torch.cat([members, rest], dim=1)
    values, index = scores.gather(1, members).topk(k, dim=1)
    return values, members.gather(1, index)


def _points(x: Any, metric: Metric) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return points and an offset such that <a, b> + offset_b orders all b by nearness to a."""
    features = matrix(x)
    require_samples(len(features), 2, "a sample needs another to be its neighbour")
    require_variation(features, "all are each other's neighbours")
    if metric == "cosine":
        units = directions(features)
        centre = units.mean(0)
        return (units, None) if float(centre @ centre) < NARROW else _with_offset(centred(units)[2])
    if metric == "euclidean":
        return _with_offset(unit_centered(x))
    raise UsageError(
        f"unknown metric {metric!r}", expected="'cosine' or 'euclidean'", got=repr(metric), next_step="metric='cosine'"
    )


def _with_offset(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points and what makes their products order by distance."""
    return points, (points.double().square().sum(1) / -2).to(points.dtype)


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
