"""Labelled folders, and a card whose weights are not there."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

CARD = """version = 1
name = "gone"
backbone = "timm:resnet18"
weights = { path = "nowhere.safetensors" }
licence = "CC BY-NC 4.0"
"""


@pytest.fixture
def gone(tmp_path):
    """A model that cannot be loaded."""
    path = tmp_path / "gone.toml"
    path.write_text(CARD, encoding="utf-8")
    return f"file:{path}"


@pytest.fixture
def folder(tmp_path):
    """Return a function that makes a folder of noisy images of these classes."""

    def make(*classes, name="photos", count=10):
        draw = np.random.default_rng(0)
        for place, label in enumerate(classes):
            home = tmp_path / name / label
            home.mkdir(parents=True)
            for number in range(count):
                levels = 40 + 120 * place + draw.integers(0, 60, (16, 16, 3))
                Image.fromarray(levels.astype(np.uint8)).save(home / f"{number}.png")
        return str(tmp_path / name)

    return make


@pytest.fixture(scope="session")
def candidates():
    """The builder of tables of candidates, of the tests of reports."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "report" / "candidates.py")))
