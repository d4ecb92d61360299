import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from simzoo.prediction.lasso import Folds
from simzoo.prediction.pool import Pool, Target
from simzoo.prediction.rivals import BEST, GEOMETRY, MEAN, STATIC, TOP1, predictors
from simzoo.prediction.signature import Signature

GENERATOR = np.random.default_rng(3)
NAMES = [f"net{at}" for at in range(10)]
X = GENERATOR.normal(size=(10, 4))
TRUTH = pd.DataFrame({name: 70 + 4 * X[:, 2] + GENERATOR.normal(size=10) for name in ("a", "b", "c")}, index=NAMES)


def made(actual=TRUTH, top1=None, scores=None):
    signature = Signature(pd.DataFrame(X, index=NAMES), (), "digits", "test", ())
    none = pd.Series(np.nan, index=NAMES)
    target = Target("t", "t", "linear_probe", actual, scores or {})
    groups = pd.Series(NAMES, index=NAMES)
    pool = Pool(signature, groups, groups == "net0", none if top1 is None else top1, (target,))
    folds = Folds(X, np.arange(10))
    return {one.name: one for one in predictors(pool, target, folds, folds.held_out(actual.to_numpy()))}


def test_geometry_comes_first_and_what_is_not_known_is_no_rival():
    assert list(made()) == [GEOMETRY, MEAN, BEST, STATIC]
    assert list(made(TRUTH[["a"]])) == [GEOMETRY, MEAN, BEST]
    assert TOP1 in made(top1=pd.Series(np.arange(10.0), index=NAMES))


def test_the_mean_of_the_others_is_in_points_and_ranks_nobody():
    mean = made()[MEAN]
    assert mean.scores.nunique().tolist() == [1, 1, 1]
    assert mean.points.loc["net3", "b"] == pytest.approx(TRUTH["b"].drop("net3").mean())


def test_the_line_of_a_rival_is_that_of_least_squares_without_the_model():
    top1 = pd.Series(GENERATOR.normal(size=10), index=NAMES)
    points = made(top1=top1)[TOP1].points
    slope, intercept = np.polyfit(top1.drop("net4"), TRUTH["c"].drop("net4"), 1)
    assert points.loc["net4", "c"] == pytest.approx(slope * top1["net4"] + intercept)


def test_the_best_single_measure_is_chosen_without_the_model_it_predicts():
    best = made()[BEST]
    assert spearmanr(best.scores["a"], X[:, 2])[0] > 0.9
    changed = TRUTH.copy()
    changed.loc["net6"] = [0.0, 0.0, 0.0]
    again = made(changed)[BEST]
    assert again.scores.loc["net6"].tolist() == best.scores.loc["net6"].tolist()


def test_a_measure_that_goes_down_with_accuracy_is_turned_round():
    best = made(100 - TRUTH)[BEST]
    assert spearmanr(best.scores["a"], -X[:, 2])[0] > 0.9


def test_a_score_of_labels_ranks_as_it_is_on_the_data_sets_it_has():
    logme = pd.DataFrame({"a": np.arange(10.0), "b": np.arange(10.0)}, index=NAMES)
    found = made(scores={"logme": logme})["logme"]
    assert found.scores["a"].tolist() == list(range(10))
    assert found.scores["c"].isna().all()
    assert found.points["c"].isna().all()
