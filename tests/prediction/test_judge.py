import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from simzoo.prediction.judge import dealt, errors, judge, steps, without_supervised
from simzoo.prediction.lasso import Folds
from simzoo.prediction.pool import pool_of
from simzoo.progress import Silent

made = runpy.run_path(str(Path(__file__).with_name("pools.py")))


class Count(Silent):
    total = 0.0

    def advance(self, amount=1, note=""):
        self.total += amount


def judged(pool, permutations=19, step=None):
    return judge(pool, pool.targets[0], step or Silent(), draws=100, permutations=permutations, seed=0)


@pytest.fixture(scope="module")
def pool():
    return pool_of(made["measured"](planted=0.95, models=9))


@pytest.fixture(scope="module")
def found(pool):
    return judged(pool)


def test_what_was_planted_is_found_above_chance(found):
    own, null = found["scores"][0], found["null"]["weighted_tau"]
    assert own["weighted_tau"] > 0.6
    assert own["low"] > null["high"] > null["mean"]
    assert null["p"] == 1 / 20
    assert found["weights"]["mgm.count_mean, crop"] == max(found["weights"].values())


def test_what_is_noise_is_not():
    ps = [
        judged(pool_of(made["measured"](planted=0.0, seed=seed)), 9)["null"]["weighted_tau"]["p"] for seed in range(4)
    ]
    assert np.mean(ps) > 0.2


def test_of_noise_the_null_lies_below_zero(found):
    assert found["null"]["weighted_tau"]["mean"] < 0
    assert found["null"]["r2"]["mean"] < 0


def test_held_out_scores_are_those_of_the_folds(pool, found):
    target = pool.targets[0]
    groups = pd.factorize(pool.groups)[0]
    held = Folds(pool.signature.table.to_numpy(), groups).held_out(target.accuracies.to_numpy())
    assert [one["predicted"] for one in found["held_out"]] == held.scores.tolist()
    assert found["held_out"][3]["points"][1]["measured"] == target.accuracies.iloc[3, 1]


def test_errors_are_scikit_learns():
    generator = np.random.default_rng(0)
    truth = pd.DataFrame({"a": generator.normal(70, 5, 12)})
    points = truth + generator.normal(0, 2, (12, 1))
    found = errors(points, truth)
    assert found["r2"] == pytest.approx(r2_score(truth, points))
    assert found["mae_points"] == pytest.approx(mean_absolute_error(truth, points))
    assert found["mae"] == pytest.approx(mean_absolute_error(truth, points) / truth["a"].std(ddof=0))


def test_predicting_the_mean_of_the_others_has_an_r2_below_zero(found):
    mean = next(one for one in found["scores"] if one["predictor"] == "mean of the others")
    assert mean["r2"] < 0
    assert np.isnan(mean["weighted_tau"])
    assert np.isnan(mean["task_spearman"])


def test_accuracies_are_dealt_to_groups_of_the_same_size():
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 4])
    for seed in range(20):
        order = dealt(groups, np.random.default_rng(seed))
        assert sorted(order) == list(range(8))
        for at in (0, 2, 4):
            assert groups[order[at]] == groups[order[at + 1]] in {0, 1, 2}
        assert set(order[6:]) == {6, 7}


def test_each_model_is_dropped_once_with_its_seeds(found):
    assert [one["without"] for one in found["drop"]] == [f"net{at}#0" for at in range(9)]


def test_it_reports_as_many_steps_as_it_said(pool):
    step = Count()
    judged(pool, 3, step)
    assert step.total == steps(pool.targets[0], 3)


def test_without_permutations_there_is_no_null(pool):
    assert judged(pool, 0)["null"] is None


def test_the_supervised_leave_the_pool_where_enough_others_stay(pool):
    kept = without_supervised(pool, pool.targets[0])
    assert kept.accuracies.shape == (14, 3)
    assert kept.scores["logme"].shape == (14, 3)
    none = replace(pool, supervised=pool.supervised & False)
    assert without_supervised(none, pool.targets[0]) is None
    assert without_supervised(replace(pool, supervised=~pool.supervised), pool.targets[0]) is None


def test_two_measurements_of_the_same_are_the_noise(pool):
    target = pool.targets[0]
    second = target.accuracies.iloc[:12] + 0.01
    twice = replace(pool, targets=(replace(target, second=second),))
    ceiling = judged(twice, 0)["ceiling"]
    assert ceiling["weighted_tau"] == pytest.approx(1.0)
    assert ceiling["models"] == 12
    few = replace(target, second=second.iloc[:3])
    assert judged(replace(pool, targets=(few,)), 0)["ceiling"] is None
