import json

import pytest

from simzoo.table.files import write_table
from simzoo.table.schema import Row, Table, frame


@pytest.fixture
def folder(tmp_path):
    rows = frame(
        Row(measure, 1, value=value + seed / 10, model=f"m#{seed}", data="digits", seed=seed)
        for measure, value in (("cka", 0.5), ("twonn", 7.0))
        for seed in (0, 1)
    )
    write_table(Table(rows), tmp_path / "out" / "table.parquet")
    return tmp_path / "out"


def test_it_prints_the_columns_that_tell_rows_apart(simzoo, folder):
    done = simzoo("table", folder, "--where", "measure=cka")
    assert done.stdout.splitlines() == [
        "| measure | value | model | seed |",
        "| --- | --- | --- | --- |",
        "| cka | 0.500 | m#0 | 0 |",
        "| cka | 0.600 | m#1 | 1 |",
    ]


def test_conditions_that_no_row_meets_are_told(simzoo, folder):
    done = simzoo("table", folder, "--where", "measure=cka", "--where", "value>=2")
    assert "no row meets this: measure=cka, value>=2" in done.stderr


def test_a_pivot_over_seeds_as_json(simzoo, folder):
    done = simzoo("table", folder, "--over-seeds", "--down", "model", "--across", "measure", "--json")
    assert json.loads(done.stdout) == {"rows": [{"model": "m", "cka": 0.55, "twonn": 7.05}]}


def test_a_form_and_a_file(simzoo, folder, tmp_path):
    done = simzoo("table", folder, "--columns", "model,value", "--format", "csv", "--out", tmp_path / "t.csv")
    assert done.stdout.splitlines()[:2] == ["model,value", "m#0,0.5"]
    assert (tmp_path / "t.csv").read_text() == done.stdout
    assert "wrote " in done.stderr


def test_without_a_name_all_finished_results_are_meant(simzoo):
    assert simzoo("compare", "resnet18-init", "resnet18-init#1", "--taps", "final", "--n", "40").exit_code == 0
    done = simzoo("table", "--where", "measure=cka", "--where", "field=value", "--down", "model", "--across", "model_b")
    assert done.stdout.splitlines()[0] == "| model | resnet18-init | resnet18-init#1 |"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--columns", "modle"), "unknown column 'modle'"),
        (("--down", "data", "--across", "measure"), "several rows fall into one cell"),
        (("--format", "xls"), "unknown form 'xls'\n  expected: csv, json, md, latex"),
        (("--out", "t.xls"), "t.xls has no ending that names a form"),
    ],
)
def test_errors(simzoo, folder, words, said):
    done = simzoo("table", folder, *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_file_that_is_no_table(simzoo, tmp_path):
    done = simzoo("table", tmp_path / "no.parquet")
    assert done.exit_code == 1
    assert "is not a table of simzoo" in done.stderr
