import json
import runpy
from pathlib import Path

import pytest

from simzoo.prediction.fit import judged, tree
from simzoo.prediction.pool import pool_of
from simzoo.progress import Silent

made = runpy.run_path(str(Path(__file__).with_name("pools.py")))


@pytest.fixture(scope="module")
def pool():
    return pool_of(made["measured"](models=8, sets=("digits", "mnist")), targets=["linear_probe"])


@pytest.fixture(scope="module")
def found(pool):
    return judged(pool, Silent(), draws=50, permutations=5)


def test_every_task_is_judged_with_the_supervised_and_without(found):
    assert [(one["task"], one["pool"], one["groups"]) for one in found["tasks"]] == [
        ("linear_probe", "all", 8),
        ("linear_probe", "without the supervised", 6),
    ]


def test_it_is_plain_data_with_nothing_that_json_cannot_say(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    mean = found["tasks"][0]["scores"][1]
    assert mean["weighted_tau"] is None


def test_p_over_tasks_is_corrected(found):
    for one in found["tasks"]:
        null = one["null"]["weighted_tau"]
        assert null["q"] == pytest.approx(null["p"])  # one task a pool: nothing to correct


def test_the_tree_is_of_depth_two_and_names_what_was_planted(pool):
    text = tree(pool, pool.targets[0])
    assert "mgm.count_mean, crop" in text.splitlines()[0]
    assert max(line.count("|   ") for line in text.splitlines()) == 2
