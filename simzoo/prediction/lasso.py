"""Predict accuracy from signatures by the lasso: leave one model out, and inside of that leave one out again.

What a training set is standardised by, the accuracies too, is learnt from it alone. A held-out model is predicted as so
many standard deviations above the mean of the models that were learnt from; that is its rank score. In this unit a fit
that learnt nothing says 0 of every model: in points it would say the mean of the others, which is lower for better
models, so that even a fit of noise would rank in reverse. All seeds of one model are left out together.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
ALPHAS = np.logspace(0, -1.5, 16)  # of standardised entries and targets: at 1 every weight is 0 (ours)


@dataclass(frozen=True)
class Linear:
    """A fit: `mean + scale * z` points on each data set, z = (x - centre) / spread @ weights."""

    centre: Array
    spread: Array
    weights: Array
    mean: Array
    scale: Array
    alpha: float

    def rank_scores(self, x: Array) -> Array:
        """Return how many standard deviations above the pool's mean each row of (m, p) is predicted to be."""
        scores: Array = (x - self.centre) / self.spread @ self.weights
        return scores

    def points(self, x: Array) -> Array:
        """Return the predicted accuracy of each row of (m, p) on each data set: (m, sets)."""
        points: Array = self.mean + self.rank_scores(x)[:, None] * self.scale
        return points


@dataclass(frozen=True)
class Held:
    """What was predicted of held-out models: rank scores (m,), points (m, sets), and the alpha of each fold."""

    scores: Array
    points: Array
    alphas: Array


def standardised(values: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation (of the whole) of each column; 1 where a column does not vary."""
    centre = known_mean(values, axis=0)
    spread = np.sqrt(known_mean((values - centre) ** 2, axis=0))
    return centre, np.where(spread > 1e-12 * np.maximum(np.abs(centre), 1e-300), spread, 1.0)


def task_score(accuracies: Array, centre: Array, spread: Array) -> Array:
    """Return the mean over data sets of the accuracies, each in standard deviations from its mean."""
    return known_mean((accuracies - centre) / spread, axis=1)


def known_mean(values: Array, axis: int) -> Array:
    """Return the mean of what is known, NaN where nothing is; numpy's `nanmean` warns of that and is slower."""
    unknown = np.isnan(values)
    if not unknown.any():
        return np.asarray(values.mean(axis=axis))
    count = (~unknown).sum(axis=axis)
    sums = np.where(unknown, 0.0, values).sum(axis=axis)
    means: Array = np.divide(sums, count, out=np.full(np.shape(sums), np.nan), where=count > 0)
    return means


@dataclass(frozen=True)
class _Fold:
    """One training set, standardised, and those it is to predict."""

    train: Rows
    test: Rows
    x: Array
    gram: Array
    others: Array
    centre: Array
    spread: Array


class Folds:
    """The training sets of an outer and an inner leave-one-model-out, made once for all targets and permutations."""

    def __init__(self, x: Array, groups: Rows) -> None:
        """Take signatures (m, p) and the number of each model's group (m,)."""
        self.x, self.groups = x, groups
        self.names = np.unique(groups)

    @cached_property
    def outer(self) -> dict[int, _Fold]:
        """All but one group, by the group."""
        return {int(name): self._without((name,)) for name in self.names}

    @cached_property
    def pairs(self) -> dict[tuple[int, int], _Fold]:
        """All but two groups: what is learnt from them predicts either in the inner loop of the other."""
        return {(int(a), int(b)): self._without((a, b)) for a, b in combinations(self.names, 2)}

    def _without(self, left: tuple[np.intp, ...]) -> _Fold:
        out = np.isin(self.groups, left)
        train, test = np.flatnonzero(~out), np.flatnonzero(out)
        centre, spread = standardised(self.x[train])
        x = np.asfortranarray((self.x[train] - centre) / spread)
        return _Fold(train, test, x, x.T @ x, (self.x[test] - centre) / spread, centre, spread)

    def held_out(self, accuracies: Array) -> Held:
        """Predict each model from a lasso on all other groups, its alpha chosen by leaving out one more.

        Args:
            accuracies: (m, sets) in points; NaN where unknown.
        """
        with _quickly():
            return self._held_out(accuracies)

    def _held_out(self, accuracies: Array) -> Held:
        errors = self._inner_errors(accuracies)
        scores, alphas = np.full(len(self.x), np.nan), np.full(len(self.x), np.nan)
        points = np.full(accuracies.shape, np.nan)
        for name, fold in self.outer.items():
            chosen = int(np.argmin(errors[name]))
            weights, mean, scale = _path(fold, accuracies)
            scores[fold.test] = fold.others @ weights[:, chosen]
            points[fold.test] = mean + scores[fold.test, None] * scale
            alphas[fold.test] = ALPHAS[chosen]
        return Held(scores, points, alphas)

    def fit(self, accuracies: Array) -> Linear:
        """Fit the whole pool, its alpha chosen by leaving one group out: for models that are not in it."""
        errors = np.zeros(len(ALPHAS))
        everyone = self._without(())
        with _quickly():
            for fold in self.outer.values():
                weights, mean, scale = _path(fold, accuracies)
                errors += _squares(fold.others @ weights, accuracies[fold.test], mean, scale)
            weights, mean, scale = _path(everyone, accuracies)
        chosen = int(np.argmin(errors))
        return Linear(everyone.centre, everyone.spread, weights[:, chosen], mean, scale, float(ALPHAS[chosen]))

    def _inner_errors(self, accuracies: Array) -> dict[int, Array]:
        """Return, for each group left out, the squared errors of the inner loop by alpha."""
        errors = {int(name): np.zeros(len(ALPHAS)) for name in self.names}
        for (a, b), fold in self.pairs.items():
            weights, mean, scale = _path(fold, accuracies)
            predicted = fold.others @ weights
            for outer, inner in ((a, b), (b, a)):
                mine = self.groups[fold.test] == inner
                errors[outer] += _squares(predicted[mine], accuracies[fold.test[mine]], mean, scale)
        return errors


@contextmanager
def _quickly() -> Iterator[None]:
    """Leave out scikit-learn's checks of each call, and its word on small alphas: the inner loop judges those."""
    with config_context(skip_parameter_validation=True), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _path(fold: _Fold, accuracies: Array) -> tuple[Array, Array, Array]:
    """Return weights (p, alphas) in standard deviations of the targets, and the mean and deviation of each data set."""
    known = accuracies[fold.train]
    mean, scale = standardised(known)
    target = task_score(known, mean, scale)
    target = target - target.mean()
    size = target.std()
    if size < 1e-12:
        return np.zeros((fold.x.shape[1], len(ALPHAS))), mean, scale
    target = target / size
    given = {"precompute": fold.gram, "Xy": fold.x.T @ target, "check_input": False, "copy_X": False}
    _, weights, _ = lasso_path(fold.x, target, alphas=ALPHAS, **given)
    return weights * size, mean, scale


def _squares(predicted: Array, accuracies: Array, mean: Array, scale: Array) -> Array:
    """Return the sum over models of squared errors, by alpha, in standard deviations of the training set."""
    truth = task_score(accuracies, mean, scale)
    squares: Array = ((predicted - truth[:, None]) ** 2).sum(axis=0)
    return squares
