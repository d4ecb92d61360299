import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simzoo.errors import DataError, UsageError
from simzoo.prediction.fit import judged
from simzoo.prediction.fitted import fitted, last_fit, predicted, read_fit, trust, write_fit
from simzoo.prediction.lasso import Folds
from simzoo.prediction.pool import pool_of
from simzoo.progress import Silent

made = runpy.run_path(str(Path(__file__).with_name("pools.py")))


@pytest.fixture(scope="module")
def pool():
    return pool_of(made["measured"](models=7, seeds=1))


@pytest.fixture(scope="module")
def fit(pool):
    found = judged(pool, Silent(), draws=20, permutations=2)
    return fitted(pool, found, {"linear_probe": "above chance"}, "simzoo transfer fit x")


def test_what_is_written_is_what_is_read(fit, tmp_path):
    path = write_fit(fit, tmp_path / "pool.json")
    assert read_fit(path) == read_fit(tmp_path) == fit
    write_fit(fit, last_fit())
    assert read_fit() == fit


def test_a_model_of_the_pool_has_the_score_it_had_when_it_was_left_out(fit, pool):
    rows = predicted(fit, pool.signature.table, "mnist").set_index("model")
    held = Folds(pool.signature.table.to_numpy(), np.arange(7)).held_out(pool.targets[0].accuracies.to_numpy())
    assert rows["score"].tolist() == pytest.approx(held.scores.tolist())
    assert rows["held_out"].all()


def test_another_model_has_that_of_the_whole_pool(fit, pool):
    values = pool.signature.table.iloc[:2].set_axis(["new", "newer"])
    rows = predicted(fit, values, "mnist")
    actual = pool.targets[0].accuracies
    whole = Folds(pool.signature.table.to_numpy(), np.arange(7)).fit(actual.to_numpy())
    assert rows["score"].tolist() == pytest.approx(whole.rank_scores(values.to_numpy()).tolist())
    assert rows["points"].tolist() == pytest.approx(whole.points(values.to_numpy())[:, 1].tolist())
    assert not rows["held_out"].any()
    assert (rows["mae_points"] > 0).all()
    assert rows["claim"].unique().tolist() == ["above chance"]


def test_of_data_that_the_pool_never_measured_there_are_no_points(fit, pool):
    for data in (None, "imagenet"):
        assert predicted(fit, pool.signature.table, data)["points"].isna().all()


def test_published_accuracies_give_no_points(fit, pool):
    published = fit.model_copy(update={"tasks": (fit.tasks[0].model_copy(update={"kind": "published"}),)})
    assert predicted(published, pool.signature.table, "mnist")["points"].isna().all()


def test_a_task_that_fewer_models_have_is_on_the_scale_of_the_whole_signature(pool):
    some = pool.targets[0].accuracies.iloc[:6]
    targets = (type(pool.targets[0])("t", "t", "linear_probe", some, {}),)
    smaller = type(pool)(pool.signature, pool.groups, pool.supervised, pool.top1, targets)
    found = judged(smaller, Silent(), draws=20, permutations=0)
    fit = fitted(smaller, found, {"t": ""}, "")
    new = pool.signature.table.iloc[[6]].set_axis(["new"])
    whole = Folds(pool.signature.table.iloc[:6].to_numpy(), np.arange(6)).fit(some.to_numpy())
    assert predicted(fit, new)["score"].item() == pytest.approx(whole.rank_scores(new.to_numpy()).item())


def test_without_a_fit_the_command_to_run_is_told(tmp_path):
    with pytest.raises(UsageError, match="there is no fitted pool") as caught:
        read_fit()
    assert "simzoo transfer fit TABLE" in caught.value.next_step
    assert caught.value.exit_code == 2
    with pytest.raises(UsageError, match=r"there is no fitted pool at .*other\.json"):
        read_fit(tmp_path / "other.json")


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda text: text[:100], "pool.json is not a fitted pool: the file"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "is not a fitted pool: version"),
        (lambda text: text.replace('"spread": ', '"spread": -'), "is not a fitted pool: numbers.0.spread"),
        (lambda _: "{}", "is not a fitted pool: version"),
    ],
)
def test_a_damaged_file_is_told_by_its_place(fit, tmp_path, damage, what):
    path = write_fit(fit, tmp_path / "pool.json")
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataError) as caught:
        read_fit(path)
    assert what in str(caught.value)


def test_weights_must_be_as_many_as_numbers(fit, tmp_path):
    short = fit.tasks[0].model_copy(update={"weights": fit.tasks[0].weights[1:]})
    path = write_fit(fit.model_copy(update={"tasks": (short,)}), tmp_path / "pool.json")
    with pytest.raises(DataError, match="is not a fitted pool: weights of linear_probe"):
        read_fit(path)


def test_predictions_are_a_table_of_every_task_and_model(fit, pool):
    rows = predicted(fit, pd.DataFrame(pool.signature.table))
    assert list(rows)[:4] == ["model", "task", "title", "score"]
    assert len(rows) == 7


def test_what_there_is_not_is_none_beside_what_there_is(fit, pool):
    silent = fit.tasks[0].model_copy(update={"name": "other", "kind": "published", "weighted_tau": None})
    rows = predicted(fit.model_copy(update={"tasks": (*fit.tasks, silent)}), pool.signature.table, "mnist")
    first, last = rows.iloc[0], rows.iloc[-1]
    assert (first["points"] is None, last["points"] is None) == (False, True)
    assert (first["weighted_tau"] is None, last["weighted_tau"] is None) == (False, True)


def test_trust_is_said_with_what_there_is():
    row = {"weighted_tau": 0.5, "low": 0.1, "high": 0.8, "p": 0.02, "claim": "c"}
    assert trust(row) == "on models left out of the pool a weighted tau of 0.50 [0.10, 0.80], p 0.02: c"
    assert trust({**row, "low": None, "high": None, "p": None}).endswith("a weighted tau of 0.50: c")
    assert trust({**row, "weighted_tau": None}) == "not at all, the fit ranks no model (c)"
