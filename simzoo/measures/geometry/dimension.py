"""Intrinsic dimension: how many numbers it takes to say where a point lies among its neighbours."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import UsageError
from simzoo.facts import geometry
from simzoo.measures.derived.distinct import distinct_neighbourhoods, require_general_position


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
    distances = distinct_neighbourhoods(x, k=2).distances
    n, kept = len(distances), int(len(distances) * (1 - discard))
    ratios = (distances[:, 1] / distances[:, 0]).log().sort().values[: min(kept, n - 1)]
    below = torch.arange(1, len(ratios) + 1, dtype=torch.float64, device=ratios.device) / n
    require_general_position(ratios)
    return float(-(torch.log1p(-below) * ratios).sum() / ratios.square().sum())
