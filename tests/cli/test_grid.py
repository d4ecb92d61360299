import json

import numpy as np
import pytest

from simzoo.table.files import read_table


@pytest.fixture
def words(tmp_path):
    names = []
    for number in range(2):
        rng = np.random.default_rng(number)
        path = tmp_path / f"m{number}.npz"
        np.savez(path, ids=[f"i{i}" for i in range(30)], a=rng.normal(size=(30, 5)), b=rng.normal(size=(30, 4)))
        names.append(f"features:{path}")
    return ["--models", ",".join(names), "--data", names[0], "--taps", "a,b", "--measures", "cka,twonn"]


def test_a_plan_then_a_run_then_nothing_left(simzoo, words, tmp_path):
    planned = simzoo("grid", "plan", *words, "--graphml", "g.graphml")
    assert planned.exit_code == 0
    assert "18 rows in all" in planned.stdout
    assert "without an estimate, because they never ran here: cka, twonn" in planned.stdout.replace("\n", " ")
    assert (tmp_path / "g.graphml").exists()
    done = simzoo("grid", "run", *words, "--out", "out")
    assert done.exit_code == 0, done.output
    assert "18 rows; 7 of 7 blocks ran now" in done.stdout
    assert len(read_table(tmp_path / "out" / "table.parquet").rows) == 18
    assert (tmp_path / "out" / "report.html").exists()
    before = (tmp_path / "out" / "report.html").stat().st_mtime_ns
    rerun = simzoo("grid", "run", *words, "--out", "out", "--json")
    again = json.loads(rerun.stdout)
    assert "out holds this table and its page already" in rerun.stderr
    assert (tmp_path / "out" / "report.html").stat().st_mtime_ns == before
    assert (again["rows"], again["ran"], again["status"]) == (18, 0, {"ok": 18})
    (tmp_path / "out" / "table.parquet").write_bytes(b"damaged")
    mended = simzoo("grid", "run", *words, "--out", "out")
    assert "wrote out/report.html" in mended.stderr
    assert len(read_table(tmp_path / "out" / "table.parquet").rows) == 18
    left = json.loads(simzoo("grid", "plan", *words, "--json").stdout)
    assert left["blocks"]["measure"] == {"all": 5, "done": 5, "skipped": 0}


def test_an_unknown_measure_is_told_with_its_flag(simzoo, words):
    done = simzoo("grid", "run", *words[:-1], "ckaa")
    assert done.exit_code == 2
    assert "--measures: unknown measure 'ckaa'" in done.stderr


def test_grids_are_listed_and_shown(simzoo):
    names = [part["name"] for part in json.loads(simzoo("list", "grids", "--json").stdout)["items"]]
    assert names
    shown = json.loads(simzoo("show", names[0], "--json").stdout)
    assert (shown["name"], shown["kind"]) == (names[0], "grid")
