"""How far a value would move with other images, and what it would be without any correspondence of images.

Intervals come from half-samples of the images without replacement, the same for both sides. With replacement, rows
would repeat: duplicates are each other's neighbours and put the diagonal back into unbiased HSIC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simzoo.errors import UndefinedError
from simzoo.facts import MeasureSheet
from simzoo.measures.arrays import held
from simzoo.measures.evaluate import Matrix, evaluate, inputs_of, matrix_of, told
from simzoo.measures.resampling import Rows, halved, halves, in_order, on_part
from simzoo.representations.representation import Representation

BOUNDS = (2.5, 97.5)
ROUNDING = 1e-7  # null values this near to the value count as equal to it: they come by another route of computation


class Bounds(NamedTuple):
    """An interval and a null, of an array of values; None where not asked for, NaN where undefined."""

    low: Matrix | None
    high: Matrix | None
    null_mean: Matrix | None
    p: Matrix | None


class Uncertainty(NamedTuple):
    """A matrix (p, q), its bounds, each of that shape, and value, low, high, null_mean and p of each statistic.

    `parts` are the matrices of the half-samples, NaN where undefined.
    """

    values: Matrix
    bounds: Bounds
    statistics: dict[Any, dict[str, float | None]]
    parts: list[Matrix]

    def cell(self, i: int, j: int) -> dict[str, float | None]:
        """Return low, high, null_mean and p of one entry; None where there is none."""
        return _numbers(self.bounds, (i, j))


def uncertainty(
    sheet: MeasureSheet,
    xs: Sequence[Any],
    ys: Sequence[Any] | None = None,
    *,
    resamples: int,
    permutations: int,
    seed: int,
    statistics: Mapping[Any, Callable[[Matrix], float]] | None = None,
    **params: Any,
) -> Uncertainty:
    """Return `matrix_of(sheet, xs, ys, **params)` with intervals and nulls, and of statistics of that matrix.

    interval = value + (2.5 and 97.5 percentiles of the half-sample values - their mean); neighbour measures halve k,
    and values that grow with a power of n are taken times that power of 2.
    null: the rows of `ys` permuted against those of `xs`; p = (1 + nulls at least as alike) / (permutations + 1). A
    statistic is computed of the whole matrix, of each half-sample's and of each permutation's.
    """
    left = [held(x) for x in xs]
    right = left if ys is None or ys is xs else [held(y) for y in ys]
    values = matrix_of(sheet, left, None if right is left else right, **params)
    n, (of_halves, of_orders) = len(left[0]), np.random.default_rng(seed).spawn(2)
    parts, nulls = [], []
    if resamples:
        on_half = on_part(sheet, left, right, halved(sheet, params))
        to_all = (n / (n // 2)) ** sheet.grows
        parts = [to_all * _defined(on_half, rows, values.shape) for rows in halves(n, resamples, of_halves)]
    if permutations:
        permuted = in_order(sheet, left, right, params)
        nulls = [_defined(permuted, of_orders.permutation(n), values.shape) for _ in range(permutations)]
    alike = 1 if sheet.larger == "more alike" else -1
    summaries = {}
    for name, statistic in (statistics or {}).items():
        value = np.asarray(statistic(values))
        bounds = _bounds(value, [_of(statistic, m) for m in parts], [_of(statistic, m) for m in nulls], alike)
        summaries[name] = {"value": float(value), **_numbers(bounds, ())}
    return Uncertainty(values, _bounds(values, parts, nulls, alike), summaries, parts)


class Measured(NamedTuple):
    """What a measure of one representation gave by field: values, (low, high), and the values of each half-sample.

    `parts` is empty unless the measure has `by_rows`.
    """

    values: dict[str, float]
    bounds: dict[str, tuple[float, float]]
    parts: list[dict[str, float]]


def measured(
    sheet: MeasureSheet, x: Any, *, resamples: int, seed: int, inputs: Mapping[str, Any], **params: Any
) -> Measured:
    """Return the values of a measure of one representation with their intervals, by half-samples as in `uncertainty`.

    `inputs` are what it gets beside x: labels, views, support.
    """
    if sheet.by_rows is None or not resamples:
        values = evaluate(sheet, x, **inputs, **params)
        return Measured(values, spread(sheet, x, **inputs, resamples=resamples, seed=seed, **params), [])
    of_rows = sheet.by_rows(x, **inputs_of(sheet, inputs), **params)
    values = told(sheet, of_rows(np.arange(len(x))))
    of_halves, _ = np.random.default_rng(seed).spawn(2)
    try:
        parts = [told(sheet, of_rows(rows)) for rows in halves(len(x), resamples, of_halves)]
    except UndefinedError:
        return Measured(values, {}, [])
    low, high = _interval(np.array(list(values.values())), [np.array(list(part.values())) for part in parts])
    return Measured(values, {name: (float(low[i]), float(high[i])) for i, name in enumerate(values)}, parts)


def spread(
    sheet: MeasureSheet,
    x: Any,
    *,
    resamples: int,
    seed: int,
    labels: Any = None,
    views: Any = None,
    support: Any = None,
    classifier: Any = None,
    **params: Any,
) -> dict[str, tuple[float, float]]:
    """Return (low, high) of each field of a measure of one representation, by half-samples as in `uncertainty`.

    The support side stays whole, and then k does too. Empty where `resamples` is 0 or a half-sample is outside the
    measure's domain.
    """
    if not resamples:
        return {}
    fixed: dict[str, Any] = {"support": support, "classifier": classifier, "seed": seed if sheet.stochastic else None}
    values = evaluate(sheet, x, labels=labels, views=views, **fixed, **params)
    options = params if support is not None else halved(sheet, params)
    of_halves, _ = np.random.default_rng(seed).spawn(2)
    found = []
    for rows in halves(len(x), resamples, of_halves):
        some: dict[str, Any] = {
            "labels": None if labels is None else np.asarray(labels)[rows],
            "views": None if views is None else [_take(view, rows) for view in views],
        }
        try:
            found.append(np.array(list(evaluate(sheet, _take(x, rows), **some, **fixed, **options).values())))
        except UndefinedError:
            return {}
    low, high = _interval(np.array(list(values.values())), found)
    return {name: (float(low[i]), float(high[i])) for i, name in enumerate(values)}


def _bounds(values: Matrix, parts: Sequence[Matrix], nulls: Sequence[Matrix], alike: int) -> Bounds:
    low = high = null_mean = p = None
    if parts:
        low, high = _interval(values, parts)
    if nulls:
        many = np.stack(nulls)
        reached = (alike * (many - values) >= -ROUNDING * np.maximum(1, np.abs(values))).sum(axis=0)
        null_mean = many.mean(axis=0)
        p = np.where(np.isnan(null_mean), np.nan, (1 + reached) / (len(nulls) + 1))
    return Bounds(low, high, null_mean, p)


def _interval(values: Matrix, parts: Sequence[Matrix]) -> tuple[Matrix, Matrix]:
    many = np.stack(parts)
    # percentiles between which one more half-sample lies in 95 of 100 cases, however few there are
    low, high = values + np.percentile(many, BOUNDS, axis=0, method="weibull") - many.mean(axis=0)
    return low, high


def _numbers(bounds: Bounds, at: tuple[int, ...]) -> dict[str, float | None]:
    entries = {name: part if part is None else float(part[at]) for name, part in bounds._asdict().items()}
    return {name: None if entry is None or np.isnan(entry) else entry for name, entry in entries.items()}


def _defined(compute: Callable[[Rows], Matrix], rows: Rows, shape: tuple[int, ...]) -> Matrix:
    """Compute, or return NaN where these rows are outside the measure's domain."""
    try:
        return compute(rows)
    except UndefinedError:
        return np.full(shape, np.nan)


def _of(statistic: Callable[[Matrix], float], matrix: Matrix) -> npt.NDArray[np.float64]:
    return np.asarray(np.nan if np.isnan(matrix).any() else statistic(matrix), dtype=np.float64)


def _take(x: Any, rows: Rows) -> Any:
    return x.take(rows) if isinstance(x, Representation) else held(x).values[rows]
