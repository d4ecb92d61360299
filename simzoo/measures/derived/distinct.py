"""Neighbours among the different rows of a representation: what every estimator of intrinsic dimension starts from.

A row that repeats another is at distance 0 from it, and a dimension is read from logarithms of distances.
"""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import DuplicateRowsError, UndefinedError, UsageError
from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived.neighbours import Near, near
from simzoo.representations.derived import derived

SHARED = 50  # neighbours that are found at once for all estimators that look at up to so many


def distinct_rows(x: torch.Tensor) -> list[int]:
    """Return the numbers of the rows of an (n, d) tensor that repeat no row before them.

    >>> distinct_rows(torch.tensor([[0.0, 1.0], [0.0, 1.0], [2.0, 1.0], [-0.0, 1.0]]))
    [0, 2]
    """
    seen: dict[bytes, int] = {}
    for row, values in enumerate((x + 0.0).cpu().numpy()):  # adding 0 turns -0 into 0, which has other bytes
        seen.setdefault(values.tobytes(), row)
    return list(seen.values())


@derived
def distinct(x: Any) -> torch.Tensor:
    """Return (n, d) features without the rows that repeat another, after refusing what is mostly repeats."""
    given = matrix(x)
    require_samples(len(given), 4, "a dimension needs several distances")
    require_variation(given, "they have no neighbours at a distance")
    rows = distinct_rows(given)
    if 2 * len(rows) < len(given):
        raise DuplicateRowsError(
            "more than half of the rows repeat another row",
            expected="rows that differ, as the distance to a first neighbour must be above 0",
            got=f"{len(rows)} different rows of {len(given)}",
            next_step="leave the repeated samples out",
        )
    require_samples(len(rows), 4, "a dimension needs several different rows")
    return given if len(rows) == len(given) else given[rows]


@derived
def distinct_neighbourhoods(x: Any, *, k: int) -> Near:
    """Return the k nearest different rows of each different row: numbers count the rows of `distinct(x)`."""
    points: torch.Tensor = distinct(x)
    return near(x if len(points) == len(matrix(x)) else points, k=k, metric="euclidean")


def local_neighbourhoods(x: Any, *, k: int, least: int = 2) -> Near:
    """Return `distinct_neighbourhoods`, found once for all k up to `SHARED`; refuse k below `least`."""
    if k < least:
        raise UsageError(
            f"k = {k} neighbours say nothing of a dimension",
            expected=f"k >= {least}",
            got=f"k = {k}",
            next_step="leave k out for the usual number",
        )
    n = len(distinct(x))
    require_samples(n, k + 1, f"each needs k = {k} others that differ from it")
    found = distinct_neighbourhoods(x, k=min(max(k, SHARED), n - 1))
    return Near(found.distances[:, :k], found.rows[:, :k])


def require_general_position(logarithms: torch.Tensor) -> None:
    """Refuse logarithms of ratios of distances, none below 0, that are all 0."""
    if not float(logarithms.sum()) > 0:
        raise UndefinedError(
            "nearer and farther neighbours are at the same distance throughout",
            expected="points in general position",
            got=f"{logarithms.numel()} ratios of 1, as on a lattice",
            next_step="add a little noise if the values were rounded",
        )
