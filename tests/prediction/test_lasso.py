import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso

from simzoo.prediction.lasso import ALPHAS, Folds, known_mean, standardised, task_score

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(9, 5))
QUALITY = X[:, 1] + 0.1 * GENERATOR.normal(size=9)
Y = np.column_stack([60 + 5 * QUALITY, 80 + 2 * QUALITY + 0.1 * GENERATOR.normal(size=9)])


def naive(x, y, groups):
    """Two nested loops as one would write them down, each lasso by scikit-learn's own class."""

    def fit(rows, alpha):
        centre, spread = x[rows].mean(axis=0), x[rows].std(axis=0)
        mean, scale = y[rows].mean(axis=0), y[rows].std(axis=0)
        target = ((y[rows] - mean) / scale).mean(axis=1)
        size = target.std()
        lasso = Lasso(alpha=alpha, fit_intercept=False, tol=1e-10, max_iter=100_000)
        lasso.fit((x[rows] - centre) / spread, target / size)
        return lambda at: (x[at] - centre) / spread @ lasso.coef_ * size, mean, scale

    scores = np.empty(len(x))
    for out in np.unique(groups):
        rows = np.flatnonzero(groups != out)
        errors = []
        for alpha in ALPHAS:
            error = 0.0
            for inner in np.unique(groups[rows]):
                kept = rows[groups[rows] != inner]
                predict, mean, scale = fit(kept, alpha)
                at = rows[groups[rows] == inner]
                error += ((predict(at) - ((y[at] - mean) / scale).mean(axis=1)) ** 2).sum()
            errors.append(error)
        predict, _, _ = fit(rows, ALPHAS[int(np.argmin(errors))])
        at = np.flatnonzero(groups == out)
        scores[at] = predict(at)
    return scores


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_is_the_nested_loop_written_down_naively():
    groups = np.arange(9)
    assert Folds(X, groups).held_out(Y).scores == pytest.approx(naive(X, Y, groups), abs=2e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_seeds_of_a_model_are_left_out_together():
    groups = np.array([0, 0, 1, 1, 2, 3, 4, 4, 5])
    assert Folds(X, groups).held_out(Y).scores == pytest.approx(naive(X, Y, groups), abs=2e-3)


def test_the_accuracy_of_the_model_left_out_changes_nothing_of_its_prediction():
    folds, changed = Folds(X, np.arange(9)), Y.copy()
    changed[4] = [10.0, 99.0]
    before, after = folds.held_out(Y), folds.held_out(changed)
    assert before.scores[4] == after.scores[4]
    assert before.points[4].tolist() == after.points[4].tolist()
    assert before.scores[5] != after.scores[5]


def test_a_relation_is_found_in_points_too():
    held = Folds(X, np.arange(9)).held_out(Y)
    assert spearmanr(held.scores, QUALITY)[0] > 0.8
    assert np.abs(held.points - Y).mean() < np.abs(Y - Y.mean(axis=0)).mean() / 2


def test_where_nothing_is_learnt_every_model_scores_zero():
    constant = np.repeat([[50.0, 70.0]], 9, axis=0)
    held = Folds(X, np.arange(9)).held_out(constant)
    assert (held.scores == 0).all()
    assert (held.points == constant).all()


def test_the_whole_pools_fit_predicts_others_on_its_scale():
    made = Folds(X, np.arange(9)).fit(Y)
    new = np.zeros((1, 5))
    new[0, 1] = X[:, 1].mean() + 2 * X[:, 1].std()
    assert made.rank_scores(new)[0] > 1
    assert made.points(new)[0] == pytest.approx(made.mean + made.rank_scores(new)[0] * made.scale)
    assert made.points(made.centre[None])[0] == pytest.approx(Y.mean(axis=0))


def test_means_of_what_is_known_are_numpys_and_silent_where_nothing_is():
    values = np.random.default_rng(0).normal(size=(6, 4))
    np.testing.assert_allclose(known_mean(values, axis=0), values.mean(axis=0), rtol=1e-14)
    values[:, 1], values[2, 3] = np.nan, np.nan
    found = known_mean(values, axis=0)  # a warning would be an error here
    assert np.isnan(found).tolist() == [False, True, False, False]
    np.testing.assert_allclose(found[[0, 2, 3]], np.nanmean(values[:, [0, 2, 3]], axis=0), rtol=1e-14)
    centre, spread = standardised(values)
    np.testing.assert_allclose(spread[[0, 2, 3]], np.nanstd(values[:, [0, 2, 3]], axis=0), rtol=1e-12)
    assert (np.isnan(centre[1]), spread[1]) == (True, 1.0)


def test_unknown_accuracies_leave_the_others():
    holed = Y.copy()
    holed[2, 0] = np.nan
    held = Folds(X, np.arange(9)).held_out(holed)
    assert np.isfinite(held.scores).all()
    score = task_score(holed, *standardised(holed))
    assert score[2] == pytest.approx((Y[2, 1] - Y[:, 1].mean()) / Y[:, 1].std())
