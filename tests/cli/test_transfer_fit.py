import json
import runpy
from pathlib import Path

import pytest

from simzoo.table.files import write_table
from simzoo.table.schema import Table, frame

made = runpy.run_path(str(Path(__file__).parents[1] / "prediction" / "pools.py"))


@pytest.fixture
def grid(tmp_path):
    table = made["measured"](models=6, seeds=1, sets=("digits",))
    write_table(table, tmp_path / "grid" / "table.parquet")
    return tmp_path / "grid"


def test_fit_says_the_verdict_and_predict_takes_the_fit(simzoo, grid, tmp_path):
    done = simzoo("transfer", "fit", grid, "--resamples", "20", "--permutations", "2", "--out", "fitted")
    assert done.exit_code == 0, done.stderr
    assert "Here geometry" in done.stdout
    for name in ("table.parquet", "report.html", "pool.json", "figures"):
        assert (tmp_path / "fitted" / name).exists()
        assert f"wrote fitted/{name}" in done.stderr
    rows = made["signatures"](["resnet18-init#0", "vit-init#0"], [1.0, -1.0], 1.0)
    write_table(Table(frame(rows), made["SHEETS"], {}, {}), tmp_path / "new" / "table.parquet")
    words = ("transfer", "predict", "resnet18-init", "vit-init", "--data", "digits", "--table", "new")
    told = simzoo(*words)
    assert told.exit_code == 0, told.stderr
    assert "measured linear probe" in told.stdout
    assert "How far to trust this order:" in told.stdout
    assert "No points" not in told.stdout
    elsewhere = simzoo("transfer", "predict", "resnet18-init", "vit-init", "--data", "digts", "--table", "new")
    assert "No points: the pool holds no accuracy that was measured on digts." in " ".join(elsewhere.stdout.split())
    rows = json.loads(simzoo(*words, "--json").stdout)["predictions"]
    assert [row["model"] for row in rows] == ["resnet18-init", "vit-init"]
    assert rows[0]["score"] > rows[1]["score"]


def test_fit_as_json_is_one_object(simzoo, grid):
    done = simzoo("transfer", "fit", grid, "--resamples", "5", "--permutations", "0", "--out", "x", "--json")
    found = json.loads(done.stdout)
    assert found["out"] == "x"
    assert found["tasks"][0]["null"] is None
