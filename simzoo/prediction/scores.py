"""How good a ranking of models is: rank scores, regret, and their intervals over models and data sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import kendalltau, pearsonr, spearmanr, weightedtau

Array = npt.NDArray[np.float64]
FEWEST = 3  # models of which a ranking is scored


class Ranking(NamedTuple):
    """How well scores rank models by their accuracy; NaN where one of them is constant, or models are too few.

    `weighted_tau` is SciPy's: hyperbolic weights by either ranking, so that errors among the best cost most. `regret`
    is how far the accuracy of the model with the best score lies below the best accuracy (the mean, of equal scores).
    """

    weighted_tau: float
    kendall: float
    spearman: float
    pearson: float
    regret: float


def ranking(scores: Sequence[float] | Array, accuracies: Sequence[float] | Array) -> Ranking:
    """Score a ranking of models on one data set; models that lack either number are left out.

    >>> ranking([1, 2, 3, 4], [50.0, 60.0, 80.0, 70.0]).regret
    10.0
    """
    x, y = np.asarray(scores, dtype=float), np.asarray(accuracies, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < FEWEST:
        return Ranking(math.nan, math.nan, math.nan, math.nan, math.nan)
    regret = float(y.max() - y[x == x.max()].mean())
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Ranking(math.nan, math.nan, math.nan, math.nan, regret)
    tau, kendall = float(weightedtau(x, y)[0]), float(kendalltau(x, y)[0])
    return Ranking(tau, kendall, float(spearmanr(x, y)[0]), float(pearsonr(x, y)[0]), regret)


def per_dataset(predicted: pd.DataFrame, actual: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of each data set; both tables are models x data sets."""
    predicted = predicted.reindex(index=actual.index, columns=actual.columns)
    rows = [ranking(predicted[name].to_numpy(float), actual[name].to_numpy(float)) for name in actual.columns]
    return pd.DataFrame(rows, index=actual.columns, columns=list(Ranking._fields), dtype="float64")


def bootstrap(
    predicted: pd.DataFrame,
    actual: pd.DataFrame,
    draws: int,
    seed: int = 0,
    groups: npt.ArrayLike | None = None,
) -> Array:
    """Return the mean weighted tau on draws of models and of data sets, both with replacement.

    A pair of one model with itself says nothing and counts nothing. The predictions stay as they are, so the interval
    is that of a score, not of a fit. The same seed draws the same models and data sets for every predictor, so that
    differences of two can be taken draw by draw.

    Arguments: tables of models x data sets; the number of draws; a group for each model (its seeds), which are drawn
    together. Returns (draws,); NaN where a draw cannot be scored.
    """
    generator = np.random.default_rng(seed)
    count, sets = actual.shape
    drawn = _drawn(np.arange(count) if groups is None else np.asarray(groups), draws, generator)
    chosen = generator.integers(sets, size=(draws, sets))
    predicted = predicted.reindex(index=actual.index, columns=actual.columns)
    taus = np.column_stack(
        [weighted_taus(_at(predicted[name], drawn), _at(actual[name], drawn)) for name in actual.columns]
    )
    taken = np.take_along_axis(taus, chosen, axis=1)
    known = np.isfinite(taken)
    total, counted = np.where(known, taken, 0.0).sum(axis=1), known.sum(axis=1)
    means: Array = np.divide(total, counted, out=np.full(draws, np.nan), where=counted > 0)
    return means


def _drawn(groups: npt.NDArray[Any], draws: int, generator: np.random.Generator) -> npt.NDArray[np.intp]:
    """Return the places of the models of each draw of groups: (draws, most), -1 where a draw has fewer."""
    names = np.unique(groups)
    members = [np.flatnonzero(groups == name) for name in names]
    most = max(map(len, members))
    padded = np.array([np.pad(own, (0, most - len(own)), constant_values=-1) for own in members])
    taken = generator.integers(len(names), size=(draws, len(names)))
    return padded[taken].reshape(draws, len(names) * most)


def _at(values: pd.Series, places: npt.NDArray[np.intp]) -> Array:
    return np.append(values.to_numpy(float), np.nan)[places]


def interval(values: Array, level: float = 0.95) -> tuple[float, float]:
    """Return the percentiles between which the values lie; NaN where half of them or more are undefined."""
    known = values[np.isfinite(values)]
    if len(known) <= len(values) / 2:
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def weighted_taus(x: Array, y: Array) -> Array:
    """Return the weighted tau of each row, as SciPy's `weightedtau` with its defaults, all rows at once.

    Rows with a value that is not finite have it left out of their pairs. Arguments: (draws, models) each.
    """
    missing = ~(np.isfinite(x) & np.isfinite(y))
    x, y = np.where(missing, np.nan, x), np.where(missing, np.nan, y)
    by_x, by_y = _weighted(x, y, x, y), _weighted(y, x, x, y)
    found: Array = (by_x + by_y) / 2
    return found


def _weighted(first: Array, second: Array, x: Array, y: Array) -> Array:
    """Return tau with weights by the rank of `first`, ties broken by `second`, from the largest down."""
    order = np.lexsort((-second, -first), axis=-1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(x.shape[1]), x.shape), axis=1)
    weights = 1.0 / (1.0 + ranks)
    pairs = weights[:, :, None] + weights[:, None, :]
    sign_x = np.nan_to_num(np.sign(x[:, :, None] - x[:, None, :]))
    sign_y = np.nan_to_num(np.sign(y[:, :, None] - y[:, None, :]))
    both = (pairs * sign_x * sign_y).sum(axis=(1, 2))
    spread = np.sqrt((pairs * sign_x**2).sum(axis=(1, 2)) * (pairs * sign_y**2).sum(axis=(1, 2)))
    found: Array = np.divide(both, spread, out=np.full(len(x), np.nan), where=spread > 0)
    return found
