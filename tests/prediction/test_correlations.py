import runpy
from pathlib import Path

import pytest
from scipy.stats import spearmanr

from simzoo.prediction.correlations import WHOLE, correlations
from simzoo.prediction.pool import pool_of

made = runpy.run_path(str(Path(__file__).with_name("pools.py")))


@pytest.fixture(scope="module")
def pool():
    return pool_of(made["measured"](models=10))


@pytest.fixture(scope="module")
def found(pool):
    return correlations(pool, pool.targets[0])


def test_every_number_meets_every_data_set_and_the_task(found):
    assert len(found) == 12 * 4
    assert found["dataset"].unique().tolist() == [WHOLE, "digits", "mnist", "dtd10"]


def test_seeds_are_averaged_before_anything_is_counted(found, pool):
    entry = pool.signature.table["mgm.count_sd, none"].groupby(pool.groups).mean()
    accuracy = pool.targets[0].accuracies["mnist"].groupby(pool.groups).mean()
    row = found[(found["entry"] == "mgm.count_sd, none") & (found["dataset"] == "mnist")].iloc[0]
    assert row["models"] == 10
    assert (row["spearman"], row["spearman_p"]) == pytest.approx(tuple(spearmanr(entry, accuracy)))


def test_q_is_benjamini_hochberg_written_down_naively(found):
    p = sorted(found["pearson_p"])
    naive = [min(p[at] * len(p) / (at + 1) for at in range(first, len(p))) for first in range(len(p))]
    assert sorted(found["pearson_q"]) == pytest.approx([min(1.0, q) for q in naive])


def test_what_was_planted_is_what_stands_out(found):
    assert set(found.loc[found["spearman_q"] < 0.05, "entry"]) == {"mgm.count_mean, crop"}


def test_a_number_that_is_constant_over_models_has_no_row(pool):
    table = pool.signature.table.assign(**{"mgm.count_sd, none": 1.0})
    constant = type(pool)(pool.signature._replace(table=table), pool.groups, pool.supervised, pool.top1, pool.targets)
    assert "mgm.count_sd, none" not in set(correlations(constant, pool.targets[0])["entry"])
