import json
import runpy
from pathlib import Path

import pytest

import simzoo
from simzoo.errors import DataError, UsageError
from simzoo.prediction.fitted import last_fit, read_fit
from simzoo.table.files import read_table, write_table
from simzoo.table.schema import Table
from simzoo.transfer.fit import transfer_fit

made = runpy.run_path(str(Path(__file__).parents[1] / "prediction" / "pools.py"))
QUICK = {"draws": 40, "permutations": 3}


@pytest.fixture(scope="module")
def table():
    return made["measured"](models=7, seeds=1, sets=("digits", "mnist"))


@pytest.fixture(scope="module")
def fit(table):
    return transfer_fit(table, **QUICK)


def test_scores_correlations_and_verdict_are_at_hand(fit):
    assert fit.scores["predictor"].tolist()[0] == "geometry (lasso)"
    assert set(fit.correlations["task"]) == {"linear_probe"}
    assert fit.verdict[0].startswith("Here geometry")
    assert fit.fitted.data == "digits"


def test_it_writes_page_table_and_pool_and_the_page_says_the_verdict_first(fit, tmp_path):
    written = fit.save(tmp_path)
    assert {path.name for path in written if path.parent == tmp_path} == {"table.parquet", "report.html", "pool.json"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index(fit.verdict[0]) < page.index("Prediction of transfer</h2>")
    assert "failed:" not in page
    assert (tmp_path / "figures" / "transfer-held-out.png").stat().st_size > 5_000
    again = read_table(tmp_path / "table.parquet")
    assert simzoo.report.verdict.verdict(again) == fit.verdict
    assert read_fit(tmp_path) == fit.fitted


def test_a_file_or_folder_will_do_and_stands_in_the_command(table, tmp_path):
    write_table(table, tmp_path / "table.parquet")
    fit = transfer_fit(tmp_path, targets=["linear_probe"], on="digits", **QUICK)
    options = "--on digits --targets linear_probe --resamples 40 --permutations 3"
    assert fit.result.context["command"] == f"simzoo transfer fit {tmp_path} {options}"


def test_what_is_kept_is_what_predict_takes(fit):
    assert not last_fit().exists()
    fit.keep()
    assert read_fit() == fit.fitted


def test_the_same_seed_gives_the_same_fit(table, fit):
    assert transfer_fit(table, **QUICK).found == fit.found


def test_its_json_is_plain(fit, tmp_path):
    found = json.loads(json.dumps(fit.as_json(tmp_path), allow_nan=False))
    assert found["verdict"] == fit.verdict
    assert found["tasks"][0]["scores"][0]["predictor"] == "geometry (lasso)"


def test_what_is_no_table_is_told(tmp_path):
    (tmp_path / "table.parquet").write_text("x")
    with pytest.raises(DataError, match="is not a table of simzoo"):
        transfer_fit(tmp_path)


def test_of_several_tables_all_rows_count_and_seed_0_may_be_left_out(table, fit):
    rows = table.rows
    mgm = rows["measure"] == "mgm"
    accuracies = rows[~mgm].assign(model=rows["model"].str.removesuffix("#0"))
    facts = {name.removesuffix("#0"): known for name, known in table.models.items()}
    apart = (
        Table(rows[mgm].reset_index(drop=True), table.sheets, table.models, table.context),
        Table(accuracies.reset_index(drop=True), table.sheets, facts, table.context),
    )
    together = transfer_fit(*apart, **QUICK)
    assert together.scores.equals(fit.scores)
    assert together.result.context["command"].startswith("simzoo transfer fit TABLE TABLE --resamples")


def test_without_a_table_there_is_nothing_to_learn_from():
    with pytest.raises(UsageError, match="there is nothing to learn from"):
        transfer_fit()


def test_of_published_accuracies_it_cites_the_source():
    names = ["insdis", "moco-v1", "pcl-v1", "pirl", "swav", "byol"]
    fit = transfer_fit(made["published"](names, range(6)), draws=5, permutations=0)
    assert {one["task"] for one in fit.found["tasks"]} >= {"linear", "finetune", "segmentation"}
    assert "How Well Do Self-Supervised Models Transfer?" in fit.result.context["references"]["ericsson2021well"]
