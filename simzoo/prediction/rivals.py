"""What a prediction from geometry has to beat: the mean, one number, one score, and ranks on other data sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from simzoo.prediction.baselines import everywhere, static_rank
from simzoo.prediction.lasso import Array, Folds, Held, Rows, standardised, task_score
from simzoo.prediction.pool import Pool, Target

GEOMETRY = "geometry (lasso)"
MEAN = "mean of the others"
BEST = "best single measure"
TOP1 = "ImageNet top-1"
STATIC = "static rank on the other data sets"


class Predictor(NamedTuple):
    """Scores that rank models, and points where it says some; models x data sets. `knows` says what it has seen."""

    name: str
    knows: str
    scores: pd.DataFrame
    points: pd.DataFrame


def predictors(pool: Pool, target: Target, folds: Folds, held: Held) -> Iterator[Predictor]:
    """Yield the geometry first, then what it has to beat, as far as the pool has it; all held out.

    Numbers that need no fit to rank (ImageNet top-1, a static rank, a score of features and labels) rank as they are;
    their points are of a line through the other models, for each data set.
    """
    actual, groups = target.accuracies, folds.groups
    yield Predictor(GEOMETRY, "signature", _wide(held.scores, actual), _like(held.points, actual))
    flat = np.zeros(len(actual))
    yield Predictor(MEAN, "nothing", _wide(flat, actual), _lines(_wide(flat, actual), actual, groups))
    best, points = _best_single(folds, actual.to_numpy(float))
    yield Predictor(BEST, "signature", _wide(best, actual), _like(points, actual))
    top1 = pool.top1.reindex(actual.index)
    if top1.notna().sum() > len(top1) / 2:
        wide = everywhere(top1, actual)
        yield Predictor(TOP1, "labels of ImageNet", wide, _lines(wide, actual, groups))
    for name, scores in target.scores.items():
        shared = scores.reindex(index=actual.index, columns=actual.columns)
        yield Predictor(name, "labels of the data", shared, _lines(shared, actual, groups))
    if actual.shape[1] > 1:
        static = static_rank(actual)
        yield Predictor(STATIC, "accuracies on the other data sets", static, _lines(static, actual, groups))


def _wide(scores: Array, actual: pd.DataFrame) -> pd.DataFrame:
    return everywhere(pd.Series(scores, index=actual.index), actual)


def _like(values: Array, actual: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(values, index=actual.index, columns=actual.columns)


def _lines(scores: pd.DataFrame, actual: pd.DataFrame, groups: Rows) -> pd.DataFrame:
    """Return, for each model and data set, the least-squares line through the models of other groups at its score."""
    x, y = scores.to_numpy(float), actual.to_numpy(float)
    points = np.full(y.shape, np.nan)
    for group in np.unique(groups):
        out = groups == group
        for column in range(y.shape[1]):
            known = ~out & np.isfinite(x[:, column]) & np.isfinite(y[:, column])
            if known.sum() >= 2:
                points[out, column] = _line(x[known, column], y[known, column], x[out, column])
    return _like(points, actual)


def _line(x: Array, y: Array, at: Array) -> Array:
    spread = x - x.mean()
    square = spread @ spread
    slope = 0.0 if square < 1e-24 else spread @ (y - y.mean()) / square
    found: Array = y.mean() + slope * (at - x.mean())
    return found


def _best_single(folds: Folds, accuracies: Array) -> tuple[Array, Array]:
    """Predict each model by the one entry whose ranks go best with the accuracies of the others, chosen afresh."""
    scores, points = np.full(len(folds.x), np.nan), np.full(accuracies.shape, np.nan)
    for fold in folds.outer.values():
        mean, scale = standardised(accuracies[fold.train])
        target = task_score(accuracies[fold.train], mean, scale)
        strength = np.abs(_rank_correlations(folds.x[fold.train], target))
        entry = int(np.nanargmax(strength)) if np.isfinite(strength).any() else 0
        scores[fold.test] = _line(folds.x[fold.train, entry], target, folds.x[fold.test, entry])
        points[fold.test] = mean + scores[fold.test, None] * scale
    return scores, points


def _rank_correlations(x: Array, y: Array) -> Array:
    """Return Spearman's correlation of each column with y; NaN of a column that does not vary."""
    ranks, other = rankdata(x, axis=0), rankdata(y)
    ranks, other = ranks - ranks.mean(axis=0), other - other.mean()
    size = np.sqrt((ranks**2).sum(axis=0) * (other @ other))
    found: Array = np.divide(other @ ranks, size, out=np.full(x.shape[1], np.nan), where=size > 0)
    return found
