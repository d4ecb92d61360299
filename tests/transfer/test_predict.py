import runpy
from pathlib import Path

import pytest

from simzoo.errors import UndefinedError
from simzoo.grids import run_grid
from simzoo.table.files import write_table
from simzoo.table.schema import Table, frame
from simzoo.transfer.fit import transfer_fit
from simzoo.transfer.predict import grid_words, transfer_predict

made = runpy.run_path(str(Path(__file__).parents[1] / "prediction" / "pools.py"))
NETS = [f"resnet18-init#{seed}" for seed in range(3)]
QUICK = {"draws": 20, "permutations": 0}


@pytest.fixture(scope="module")
def pool():
    return transfer_fit(made["measured"](models=7, seeds=1, sets=("digits", "mnist")), **QUICK).fitted


@pytest.fixture
def table(tmp_path):
    rows = made["signatures"](NETS, [-2.0, 0.0, 2.0], 1.0)
    return write_table(Table(frame(rows), made["SHEETS"], {}, {}), tmp_path / "table.parquet")


def test_models_are_ranked_by_what_was_learnt(pool, table):
    found = transfer_predict("resnet18-init#0-2", data="mnist", pool=pool, table=table).set_index("model")
    assert found.index.tolist() == ["resnet18-init#0", "resnet18-init#1", "resnet18-init#2"]
    assert found["score"].is_monotonic_increasing
    assert found["points"].is_monotonic_increasing
    assert (found["points"] > 40).all()


def test_a_signature_that_lacks_a_number_is_told(pool, tmp_path):
    rows = [row for row in made["signatures"](NETS, [0.0] * 3, 1.0) if row.field != "count_mean"]
    path = write_table(Table(frame(rows), made["SHEETS"], {}, {}), tmp_path / "table.parquet")
    with pytest.raises(
        UndefinedError, match=r"resnet18-init has no mgm\.count_mean, none, which the fit predicts from"
    ):
        transfer_predict(NETS[0], pool=pool, table=path)


def test_the_words_of_the_grid_are_those_the_signature_was_measured_with(pool):
    words = grid_words(pool)
    assert words["measures"] == [{"name": "mgm", "k": 50, "views": 20}]
    assert words["augmentations"] == [{"name": "none", "n": 100}, {"name": "crop", "n": 100, "strength": 1.0}]
    assert words["data"] == ["digits"]


def test_a_model_is_measured_as_the_pool_was(tmp_path):
    options = '{"k": 50, "kernel": "cosine", "solver": "exact", "views": 3}'
    rows = made["measured"](models=7, seeds=1, sets=("digits",)).rows
    mgm = rows["measure"] == "mgm"
    rows.loc[mgm, "params"] = options
    rows.loc[mgm, "n"] = rows["augmentation"].map({"none": 20, "crop": 6}).astype("Int64")
    fit = transfer_fit(Table(rows, made["SHEETS"], {}, {"notes": []}), **QUICK).fitted
    found = transfer_predict("resnet18-init", data="digits", pool=fit)
    assert found["score"].notna().all()
    assert found["held_out"].tolist() == [False]
    grid = run_grid(models=["resnet18-init#0"], **grid_words(fit)).result
    again = transfer_predict("resnet18-init", data="digits", pool=fit, table=write_table(grid, tmp_path / "x.parquet"))
    assert again.equals(found)
