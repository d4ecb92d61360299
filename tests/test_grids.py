"""`simzoo grid` from the outside: files of features keep it quick."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from simzoo.catalog import Catalog
from simzoo.errors import SimzooError, UsageError
from simzoo.grids import plan_grid, run_grid
from simzoo.plugins import load_plugins
from simzoo.table.files import read_table
from simzoo.table.schema import RUN_COLUMNS

sys.path.insert(0, str(Path(__file__).parent / "grid"))
import oddities


@pytest.fixture
def models(tmp_path):
    rng = np.random.default_rng(0)
    names = []
    for number in range(3):
        layers = {f"layer{i}": rng.normal(size=(40, 6 + i)).astype(np.float32) for i in range(3)}
        path = tmp_path / f"m{number}.npz"
        np.savez(path, ids=[f"i{i}" for i in range(40)], labels=np.arange(40) % 4, **layers)
        names.append(f"features:{path}")
    return tuple(names)


@pytest.fixture
def words(models):
    return {"models": models, "data": models[:1], "taps": "layer*", "measures": ("cka", "cka_unbiased", "twonn")}


def plain(table):
    return table.drop(columns=list(RUN_COLUMNS))


def test_rows_are_counted_out_planned_and_found_again(words):
    before = plan_grid(**words).as_json()
    assert before["blocks"]["extract"] == {"all": 3, "done": 0}
    assert before["blocks"]["measure"] == {"all": 15, "done": 0, "skipped": 0}
    # 2 similarities of 6 pairs of 3 x 3 layers and 2 summaries of each of 3 different pairs; 3 layers of 3 models
    assert before["rows"] == 2 * (6 * 9 + 3 * 2) + 9
    assert before["unknown"] == ("cka", "cka_unbiased", "twonn")
    first = run_grid(**words)
    assert (len(first.table), first.ran, first.failed) == (before["rows"], 18, 0)
    again = run_grid(**words)
    assert again.ran == 0
    pd.testing.assert_frame_equal(again.table, first.table)
    after = plan_grid(**words).as_json()
    assert after["blocks"]["measure"]["done"] == 15
    assert (after["unknown"], after["seconds"]) == ((), {})


def test_an_added_measure_and_a_raised_version_run_alone(words, monkeypatch):
    run_grid(**words)
    more = run_grid(**{**words, "measures": (*words["measures"], "effective_rank")})
    assert more.ran == 3
    assert set(more.table["measure"]) == {*words["measures"], "effective_rank"}
    part = Catalog(load_plugins()).measures["twonn"].part
    monkeypatch.setattr(part, "sheet", replace(part.sheet, version=7))
    raised = run_grid(**words)
    assert raised.ran == 3
    assert set(raised.table[raised.table["measure"] == "twonn"]["version"]) == {7}


def test_a_file_with_a_sweep_and_a_filter(models, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        f"""
version = 1
name = "mine"
models = {list(models)}
data = "{models[0]}"
taps = "layer*"
measures = ["twonn", {{ name = "mutual_knn", k = [3, 5] }}]
report = ""

[[skip]]
measure = "mutual_knn"
model = "*m2.npz"
reason = "not that one"
"""
    )
    result = run_grid(path)
    rows = result.table
    assert set(rows[rows["measure"] == "mutual_knn"]["params"]) == {'{"k": 3}', '{"k": 5}'}
    skipped = rows[rows["status"] == "skipped"]
    assert len(skipped) == 2 * 3
    assert set(skipped["reason"]) == {"not that one"}
    assert result.result.context["grid"] == "mine"
    assert result.result.context["command"] == f"simzoo grid run {path}"
    assert plan_grid(path).as_json()["rows"] == len(rows)
    over = run_grid(path, measures=("twonn",))
    assert over.result.context["command"] == f"simzoo grid run {path} --measures twonn"
    assert over.ran == 0


def test_measures_that_raise_hang_die_or_give_no_number_cost_their_rows(words, tmp_path, monkeypatch):
    oddities.install(tmp_path / "plugin", monkeypatch)
    monkeypatch.setattr("simzoo.grids.catalog", lambda: Catalog(load_plugins()))
    words |= {"models": words["models"][:2], "taps": "layer0", "measures": ("twonn", "odd_*", "cka")}
    result = run_grid(**words, workers=2, timeout=8)
    rows = result.table.set_index("measure")
    assert set(rows.loc["twonn", "status"]) == set(rows.loc["cka", "status"]) == {"ok"}
    assert set(rows.loc["odd_raises", "reason"]) == {"RuntimeError: it went wrong"}
    assert rows.loc["odd_hangs", "reason"].str.contains("did not end").all()
    assert rows.loc["odd_dies", "reason"].str.contains("the process that did this died").all()
    assert set(rows.loc["odd_nan", "status"]) == {"undefined"}
    assert result.failed == 6
    assert len(rows) == 2 + 3 + 4 * 2


def test_two_processes_over_one_store_share_the_work_and_give_one_table(words, tmp_path):
    command = [sys.executable, "-m", "simzoo", "grid", "run", "--json", "--resamples", "20", "--permutations", "10"]
    command += [f"--{name}={value if isinstance(value, str) else ','.join(value)}" for name, value in words.items()]

    def start(home, out):
        env = {**os.environ, "SIMZOO_HOME": str(tmp_path / home)}
        return subprocess.Popen([*command, "--out", str(tmp_path / out)], env=env, stdout=subprocess.PIPE)  # noqa: S603

    alone = start("other", "alone")
    both = [start("shared", name) for name in ("a", "b")]
    said = [json.loads(process.communicate()[0]) for process in (alone, *both)]
    assert [process.returncode for process in (alone, *both)] == [0, 0, 0]
    assert said[0]["ran"] == said[0]["blocks"] == said[1]["ran"] + said[2]["ran"]
    tables = [read_table(tmp_path / name / "table.parquet").rows for name in ("alone", "a", "b")]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(plain(table), plain(tables[0]))


def test_the_graph_can_be_read_by_other_tools(words, tmp_path):
    path = plan_grid(**words).write_graphml(tmp_path / "grid.graphml")
    graph = nx.read_graphml(path)
    assert graph.number_of_nodes() == 18
    assert {data["state"] for _, data in graph.nodes(data=True)} == {"missing"}
    assert graph.number_of_edges() == 2 * (3 + 3 * 2) + 3


def test_a_grid_that_measures_nothing_or_filters_nothing_is_refused(words, models, tmp_path):
    with pytest.raises(UsageError, match=r"this grid measures nothing(.|\n)*1 models, pairs = 'cross'"):
        plan_grid(**{**words, "models": models[:1], "measures": ("cka",)}, pairs="cross")
    path = tmp_path / "mine.toml"
    path.write_text(f'version = 1\nname = "mine"\nmodels = {list(models)}\ndata = "{models[0]}"\ntaps = "layer*"\n')
    with path.open("a") as file:
        file.write('[[skip]]\nmeasure = "ckaa"\n')
    with pytest.raises(
        UsageError, match=r"mine.toml, line 6, skip: this filter leaves nothing out(.|\n)*globs that fit"
    ):
        plan_grid(path)


def test_a_sweep_over_nothing_is_refused(models, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        f'version = 1\nname = "mine"\nmodels = {list(models)}\nmeasures = [{{ name = "mutual_knn", k = [] }}]\n'
    )
    with pytest.raises(UsageError, match=r"line 4, measures: a sweep over no value of 'k'(.|\n)*one value or more"):
        plan_grid(path, data=models[:1])


def test_models_are_trained_in_worker_processes_too():
    found = run_grid(
        models="resnet18-sl",
        measures=("twonn",),
        taps="final",
        n=40,
        epochs=1,
        train_images=64,
        workers=2,
        yes=True,
    )
    assert (found.failed, found.table["status"].tolist()) == (0, ["ok"])


def test_what_is_missing_of_an_output_folder_is_written_again(words, tmp_path):
    result = run_grid(**{**words, "measures": ("cka",)})
    assert result.save(tmp_path / "out")
    again = run_grid(**{**words, "measures": ("cka",)})
    assert again.save(tmp_path / "out") == []
    shutil.rmtree(tmp_path / "out" / "figures")
    assert any(path.parent.name == "figures" for path in again.save(tmp_path / "out"))
    (tmp_path / "odd" / "report.html").mkdir(parents=True)
    with pytest.raises(SimzooError, match=r"cannot write report\.html"):
        again.save(tmp_path / "odd")


def test_an_output_folder_that_is_a_file_is_told(words, tmp_path):
    (tmp_path / "taken").write_text("")
    result = run_grid(**{**words, "measures": ("twonn",)})
    with pytest.raises(SimzooError, match="a writable folder"):
        result.save(tmp_path / "taken")
