import runpy
from pathlib import Path

import pytest

from simzoo.errors import UsageError
from simzoo.prediction.downstream import downstream
from simzoo.prediction.pool import pool_of
from simzoo.prediction.tasks import STUDY, TASKS, accuracies, imagenet
from simzoo.registries import find_card, grids

made = runpy.run_path(str(Path(__file__).with_name("pools.py")))


@pytest.fixture(scope="module")
def ericsson():
    linear = accuracies(downstream(), TASKS[0]).mean(axis=1)
    quality = (linear - linear.mean()) / linear.std()
    return made["published"]([find_card(name).name for name in linear.index], quality)


def test_published_accuracies_come_by_name_or_alias_of_the_card(ericsson):
    pool = pool_of(ericsson)
    assert [target.name for target in pool.targets] == [task.name for task in TASKS]
    assert {target.kind for target in pool.targets} == {"published"}
    linear = pool.targets[0].accuracies
    published = accuracies(downstream(), TASKS[0])
    assert linear.loc["simclr-v1", "DTD"] == published.loc["SimCLR-v1", "DTD"]
    assert pool.top1["swav"] == imagenet(downstream())["SwAV"]
    assert list(pool.supervised[pool.supervised].index) == ["supervised-tv"]
    assert pool.targets[-1].accuracies.min().min() > 1  # a fraction in the table, per cent here


def test_the_grid_of_the_study_is_of_the_studys_models():
    rows = downstream()
    names = [find_card(name).name for name in grids()["transfer"].models]
    assert len(set(names)) == 14
    assert set(names) == set(rows.loc[rows["study"] == STUDY, "card"])


def test_the_second_measurement_is_that_of_fine_tuning(ericsson):
    second = {target.name: target.second for target in pool_of(ericsson).targets}
    assert [name for name, table in second.items() if table is not None] == ["finetune"]
    assert second["finetune"].shape == (12, 11)
    assert set(second["finetune"].index) < set(pool_of(ericsson).models)


def test_accuracies_of_the_table_are_targets_in_per_cent_and_scores_of_labels_are_rivals():
    table = made["measured"]()
    (target,) = pool_of(table).targets
    rows = table.rows
    own = rows[(rows["measure"] == "linear_probe") & (rows["model"] == "net3#1") & (rows["data"] == "mnist")]
    assert target.accuracies.loc["net3#1", "mnist"] == pytest.approx(100 * own["value"].item())
    assert list(target.accuracies) == ["digits", "mnist", "dtd10"]
    assert list(target.scores) == ["logme"]
    assert target.kind == "linear_probe"


def test_seeds_of_one_model_are_one_group():
    pool = pool_of(made["measured"]())
    assert pool.groups["net3#0"] == pool.groups["net3#1"] == "net3"
    assert pool.groups.nunique() == 8
    assert list(pool.supervised[pool.supervised].index) == ["net0#0", "net0#1", "net1#0", "net1#1"]


def test_too_few_models_are_told_with_those_left_out():
    table = made["measured"](models=5)
    with pytest.raises(UsageError, match="too few models to learn from") as caught:
        pool_of(table)
    assert "got: 5" in str(caught.value)
    assert "seeds of one model counted once" in str(caught.value)


def test_models_without_any_known_accuracy_are_told():
    table = made["measured"]()
    with pytest.raises(UsageError, match="the pool has no accuracies to learn from"):
        pool_of(table, targets=["published"])
    with pytest.raises(UsageError, match="got: knn_accuracy: fewer than 6 of 16 models have it"):
        pool_of(table, targets=["knn_accuracy"])
