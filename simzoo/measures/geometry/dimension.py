"""Intrinsic dimension: how many numbers it takes to say where a point lies among its neighbours."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import DuplicateRowsError, UndefinedError, UsageError
from simzoo.facts import geometry
from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived.neighbours import nearest_distances


@geometry(
    name="twonn",
    version=1,
    range=(0, float("inf")),
    larger="more dimensions",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="facco2017twonn",
)
def twonn(x: Any, *, discard: float = 0.1) -> float:
    """Estimate the intrinsic dimension from how much farther each sample's second neighbour is than its first.

    Formula: with mu_i = r2_i / r1_i in ascending order and F_i = i / n, the slope through the origin of -log(1 - F_i)
    on log mu_i over the lowest 1 - discard: sum(log mu -log(1 - F)) / sum(log mu^2).
    Arguments: x (n, d); discard, the share of the largest ratios left out.
    Returns: a number of dimensions in (0, inf), the larger the more; it is below the truth by a growing margin above
    about 10 dimensions at a few thousand samples.
    Undefined: fewer than 4 different rows (TooFewSamplesError); rows all equal (ConstantInputError); more than half of
    the rows repeat another (DuplicateRowsError); first and second neighbours at equal distance throughout, as on a
    lattice (UndefinedError).
    Cost: n^2 d multiply-adds and a top-6 of n rows of n; memory for a few rows of scores at a time.
    Departures: of exactly equal rows one is kept, so that n counts different rows (`distinct_rows` gives them).
    Neighbours are searched in the input's precision, distances computed in float64.
    Reference: Facco et al. 2017, "Estimating the intrinsic dimension of datasets by a minimal neighborhood information"
    (Scientific Reports 7).

    >>> x = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0))
    >>> round(twonn(x @ torch.ones(2, 10).tril()))
    2
    """
    if not 0 <= discard < 1:
        raise UsageError(
            "discard is a share of the samples",
            expected="0 <= discard < 1",
            got=f"discard = {discard}",
            next_step="discard=0.1",
        )
    given = matrix(x)
    require_samples(len(given), 4, "the slope needs several ratios")
    require_variation(given, "they have no neighbours at a distance")
    rows = distinct_rows(given)
    if 2 * len(rows) < len(given):
        raise DuplicateRowsError(
            "more than half of the rows repeat another row",
            expected="rows that differ, as the distance to a first neighbour must be above 0",
            got=f"{len(rows)} different rows of {len(given)}",
            next_step="leave the repeated samples out",
        )
    require_samples(len(rows), 4, "the slope needs several different rows")
    distances = nearest_distances(x if len(rows) == len(given) else given[rows], k=2)
    n, kept = len(rows), int(len(rows) * (1 - discard))
    ratios = (distances[:, 1] / distances[:, 0]).log().sort().values[: min(kept, n - 1)]
    below = torch.arange(1, len(ratios) + 1, dtype=torch.float64, device=ratios.device) / n
    if not float(ratios.square().sum()) > 0:
        raise UndefinedError(
            "first and second neighbours are at the same distance throughout",
            expected="points in general position",
            got=f"{len(ratios)} ratios of 1, as on a lattice",
            next_step="add a little noise if the values were rounded",
        )
    return float(-(torch.log1p(-below) * ratios).sum() / ratios.square().sum())


def distinct_rows(x: torch.Tensor) -> list[int]:
    """Return the numbers of the rows of an (n, d) tensor that repeat no row before them.

    >>> distinct_rows(torch.tensor([[0.0, 1.0], [0.0, 1.0], [2.0, 1.0], [-0.0, 1.0]]))
    [0, 2]
    """
    seen: dict[bytes, int] = {}
    for row, values in enumerate((x + 0.0).cpu().numpy()):  # adding 0 turns -0 into 0, which has other bytes
        seen.setdefault(values.tobytes(), row)
    return list(seen.values())
