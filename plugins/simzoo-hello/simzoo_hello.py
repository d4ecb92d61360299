"""The smallest simzoo plugin: one measure, declared and handed over."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import simzoo
from simzoo.errors import ConstantInputError


@simzoo.similarity(
    name="norm_correlation",
    version=1,
    range=(-1, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale"},
    domain={"constant": "ConstantInputError", "zero rows": "value"},
    reference="ours",
)
def norm_correlation(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Say whether two representations find the same images large: the Pearson correlation of their row norms.

    Formula: r = corr(|x_i|, |y_i|) over the rows i.
    Arguments: x (n, d) and y (n, e), rows = the same samples in the same order.
    Returns: a number without unit in [-1, 1]; 1 = norms agree up to scale and shift, 0 = unrelated, -1 = opposite.
    Undefined: all rows of one side have the same norm (ConstantInputError).
    Cost: n (d + e) multiply-adds.
    Departures: none.
    Reference: ours, an example.

    >>> import numpy as np
    >>> x = np.diag([1.0, 2.0, 3.0, 4.0])
    >>> round(norm_correlation(x, 5 * x), 6)
    1.0
    """
    norms: list[Any] = [np.linalg.norm(np.asarray(side, dtype=float), axis=1) for side in (x, y)]
    if any(np.ptp(side) <= 1e-12 * side.max(initial=0.0) for side in norms):
        raise ConstantInputError("norm_correlation is undefined", expected="rows of different norms", got="equal norms")
    return float(np.corrcoef(norms[0], norms[1])[0, 1])


@simzoo.hookimpl
def simzoo_measures() -> list[Any]:
    """Hand the measure to simzoo."""
    return [norm_correlation]
