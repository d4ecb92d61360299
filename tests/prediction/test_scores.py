import numpy as np
import pandas as pd
import pytest
from scipy.stats import weightedtau

from simzoo.prediction.scores import bootstrap, interval, per_dataset, ranking, weighted_taus


def test_all_rows_at_once_are_scipys_weighted_tau_row_by_row():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 40, 12))
    x[::2], y[::3] = np.round(x[::2]), np.round(y[::3])  # with ties
    own = weighted_taus(x, y)
    assert own == pytest.approx([weightedtau(a, b)[0] for a, b in zip(x, y, strict=True)], abs=1e-12)


def test_a_missing_value_leaves_the_model_out():
    x, y = np.arange(6.0)[None], np.array([[0.0, 2, 1, 5, 4, 3]])
    holed = np.where(np.arange(6) == 2, np.nan, y)
    kept = np.delete(x, 2, axis=1), np.delete(y, 2, axis=1)
    assert weighted_taus(x, holed) == pytest.approx(weighted_taus(*kept), abs=1e-12)
    assert ranking(x[0], holed[0]) == pytest.approx(ranking(kept[0][0], kept[1][0]))


def test_constant_scores_rank_nothing_but_have_a_regret():
    found = ranking([1, 1, 1, 1], [1.0, 2, 3, 6])
    assert np.isnan(found[:4]).all()
    assert found.regret == 3.0  # the best, less the mean of all that are equally good


def test_two_models_are_no_ranking():
    assert np.isnan(ranking([1, 2], [1, 2])).all()


def test_errors_among_the_best_cost_more():
    truth = np.arange(10.0)
    best, worst = truth.copy(), truth.copy()
    best[[8, 9]], worst[[0, 1]] = best[[9, 8]], worst[[1, 0]]
    assert ranking(best, truth).kendall == ranking(worst, truth).kendall
    assert ranking(best, truth).weighted_tau < ranking(worst, truth).weighted_tau


def test_the_mean_is_over_data_sets():
    actual = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [4.0, 3, 2, 1]})
    scores = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 2, 3, 4]})
    assert per_dataset(scores, actual).mean().spearman == 0.0


def test_draws_cover_what_other_pools_of_models_give():
    """Of many pools of 14 models from one population, the intervals of most hold the mean over the pools."""
    generator = np.random.default_rng(1)
    values, ends = [], []
    for seed in range(80):
        quality = generator.normal(size=(14, 1))
        actual = pd.DataFrame(quality + 0.5 * generator.normal(size=(14, 6)))
        predicted = pd.DataFrame(np.repeat(quality + generator.normal(size=(14, 1)), 6, axis=1))
        values.append(per_dataset(predicted, actual).mean().weighted_tau)
        ends.append(interval(bootstrap(predicted, actual, 200, seed)))
    assert np.mean([low <= np.mean(values) <= high for low, high in ends]) > 0.85


def test_the_same_seed_draws_the_same_models_for_every_predictor():
    actual = pd.DataFrame(np.random.default_rng(2).normal(size=(8, 3)))
    assert bootstrap(actual * 3 + 1, actual, 50, 7) == pytest.approx(np.ones(50))
    noisy = actual + 0.1
    assert bootstrap(noisy, actual, 50, 7).tolist() == bootstrap(noisy, actual, 50, 7).tolist()


def test_an_interval_of_what_is_mostly_undefined_is_none():
    assert np.isnan(interval(np.array([1.0, np.nan, np.nan]))).all()


def test_no_draws_are_none():
    actual = pd.DataFrame({"d": [1.0, 2.0, 3.0]}, index=list("abc"))
    assert bootstrap(actual, actual, 0, 0).shape == (0,)
