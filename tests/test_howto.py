"""The how-to pages hold what they promise: their blocks run, in order and as written."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from simzoo.recipes import Recipe

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run_page(page, folder):
    """Save the blocks that begin with a file's name, run the others; return what each printed."""
    places = [str(Path(sys.executable).parent), os.environ["PATH"]]
    # pytest's own coverage or import settings are not the reader's
    environment = {**os.environ, "PATH": os.pathsep.join(places), "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    printed = []
    for language, text in BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8")):
        if name := re.match(r"# (\w+\.py)\n", text):
            (folder / name[1]).write_text(text, encoding="utf-8")
            continue
        if language == "sh":
            command = ["bash", "-e", "-c", text]
        else:
            (folder / "page.py").write_text(text, encoding="utf-8")
            command = [sys.executable, "page.py"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        printed.append(done.stdout)
    return printed


@pytest.mark.skipif(sys.platform == "win32", reason="the page's commands are for a Unix shell")
def test_a_grid(tmp_path):
    ran, planned, pivot_and_report = run_page("howto-grid.md", tmp_path)
    assert "14 of 14 blocks ran now" in ran
    assert "rows in all" in planned
    assert (tmp_path / "blocks.graphml").is_file()
    assert "crop" in pivot_and_report
    assert (tmp_path / "small-report" / "report.html").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="the page's commands are for a Unix shell")
def test_my_model_on_my_folder(tmp_path):
    _, compared, represented, from_python = run_page("howto-own-model.md", tmp_path)
    assert "py:mymodel:cnn and resnet18-init: block layers" in compared
    table = pd.read_parquet(tmp_path / "mine" / "table.parquet")
    assert set(table["status"]) == {"ok"}
    page = (tmp_path / "mine" / "report.html").read_text(encoding="utf-8")
    assert "py:mymodel:cnn" in page
    assert (tmp_path / "mine-from-python" / "report.html").is_file()
    assert "py:mymodel:cnn: 4 taps of 18 images of shapes" in represented
    assert list((tmp_path / "layers").iterdir())
    assert "[('conv1', (18, 16)), ('conv2', (18, 32)), ('conv3', (18, 64)), ('final', (18, 64))]" in from_python
    assert "['conv1', 'conv2', 'conv3', 'final']" in from_python


@pytest.mark.skipif(sys.platform == "win32", reason="the page's commands are for a Unix shell")
def test_a_map(tmp_path):
    printed, from_python, _ = run_page("howto-map.md", tmp_path)
    assert "Map of 4 models by mgm, digits, cut into 2" in " ".join(printed.split())
    assert (tmp_path / "small-map" / "report.html").is_file()
    assert "'vit-init#1': " in from_python
    assert (tmp_path / "plane.html").is_file()
    assert len(list((tmp_path / "neighbourhoods").glob("neighbourhood-resnet18-init-final-*.svg"))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the page's commands are for a Unix shell")
def test_which_model_to_fine_tune(tmp_path):
    _, reported, tuned, from_python = run_page("howto-transfer-report.md", tmp_path)
    said = " ".join(reported.split())
    assert "first: a linear probe on its features is right of" in said
    assert "of 24 test images of ./photos" in said
    assert (tmp_path / "choice" / "report.html").is_file()
    assert "Fine-tuned by recipe finetune-quick, " in " ".join(tuned.split())
    assert "kept as " in tuned
    assert "logme" in from_python
    assert "Fine-tune " in from_python


@pytest.mark.skipif(sys.platform == "win32", reason="the page's commands are for a Unix shell")
def test_what_predicts_transfer(tmp_path):
    printed, from_python = run_page("howto-transfer.md", tmp_path)[:2]
    page = (ROOT / "docs" / "howto-transfer.md").read_text(encoding="utf-8")
    for figure in (".774", ".617", ".828", ".786"):
        assert figure in page
        assert f"0{figure}" in printed
    assert "static rank on the other data sets" in from_python


@pytest.mark.skipif(sys.platform == "win32", reason="the page's commands are for a Unix shell")
def test_training(tmp_path):
    trained, compared = run_page("howto-train.md", tmp_path)
    short = "quick+epochs=1+train-images=128"
    for name in (f"resnet18-byol:{short}", f"resnet18-simclr:{short}#0", f"resnet18-simclr:{short}#1"):
        assert f"{name}: kNN accuracy " in trained
    assert len(list((tmp_path / "logs").glob("*.csv"))) == 2
    assert "resnet18-init" in compared
    page = (ROOT / "docs" / "howto-train.md").read_text(encoding="utf-8")
    text = re.search(r"^```toml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)[1]
    recipe = Recipe.model_validate(tomllib.loads(text))
    assert f"@digits:{recipe.name}`" in page
    assert recipe.settings("simclr").epochs == 20
