import json
import subprocess
import sys

import pytest

from simzoo.table.files import write_table
from simzoo.table.schema import Row, Table, frame


def rows():
    about = {"data": "digits", "split": "test", "n": 500}
    for setting in ("none", "flip"):
        for seed in (0, 1):
            for model, value in (("a", 0.9), ("b", 0.6)):
                single = {"model": f"{model}#{seed}", "seed": seed, "tap": "final", "kind": "final", "depth": 1.0}
                yield Row("knn_accuracy", 1, value=value + seed / 100, augmentation=setting, **single, **about)
                yield Row("twonn", 1, value=10 * value, augmentation=setting, **single, **about)


@pytest.fixture
def folder(tmp_path):
    """A grid's output folder, without a context."""
    write_table(Table(frame(rows())), tmp_path / "out" / "table.parquet")
    return tmp_path / "out"


def test_a_folder_gets_its_page_and_figures(simzoo, folder):
    done = simzoo("report", folder)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Measured: 2 models (up to 2 seeds each), 2 measures")
    assert "wrote " in done.stderr
    assert "<h2>Rankings</h2>" in (folder / "report.html").read_text()
    assert (folder / "figures" / "ranking-kNN-accuracy-all.pdf").read_bytes().startswith(b"%PDF")


def test_a_file_another_folder_and_json(simzoo, folder, tmp_path):
    done = simzoo("report", folder / "table.parquet", "--out", tmp_path / "there", "--json")
    told = json.loads(done.stdout)
    assert told["report"] == str(tmp_path / "there" / "report.html")
    assert told["rows"] == 16
    assert told["verdict"][0].startswith("Measured: ")
    assert any(path.endswith(".svg") for path in told["figures"])
    assert not (folder / "report.html").exists()


def test_a_table_that_is_not_there(simzoo, tmp_path):
    done = simzoo("report", tmp_path / "nowhere.parquet")
    assert done.exit_code != 0
    assert "nowhere.parquet" in done.stderr


def test_it_loads_no_torch(folder):
    code = f"""
import sys
from simzoo.cli.app import app
try:
    app(["report", {str(folder)!r}])
except SystemExit as done:
    assert not done.code, done.code
print("torch" in sys.modules, "altair" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.splitlines()[-1] == "False True"
