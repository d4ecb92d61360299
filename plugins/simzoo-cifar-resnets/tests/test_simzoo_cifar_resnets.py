import os
import shutil
from pathlib import Path

import pytest
import simzoo_cifar_resnets as plugin
import torch
from simzoo_cifar_resnets.network import Shortcut

from simzoo.api import load
from simzoo.audit.run import audit
from simzoo.catalog import catalog
from simzoo.registries import find_card
from simzoo.storage import home
from simzoo.testing import require_conformance

SHARED = Path(os.environ.get("SIMZOO_SHARED") or Path(__file__).resolve().parents[4] / "shared") / "data"
FILES = {"resnet20-cifar10": ("resnet20-12fca82f.th", 81.0), "resnet56-cifar10": ("resnet56-4bfd9763.th", 83.2)}


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")


def fetched_by_hand(name):
    path = SHARED / "checkpoints" / FILES[name][0]
    if not path.is_file():
        pytest.skip(f"needs {path.name} (SIMZOO_SHARED)")
    (home() / "downloads").mkdir(parents=True)
    shutil.copy(path, home() / "downloads")


@pytest.mark.parametrize("backbone", plugin.simzoo_backbones(), ids=lambda backbone: backbone.sheet.name)
def test_the_backbones_do_what_simzoo_asks_of_them(backbone):
    require_conformance(backbone)


@pytest.mark.parametrize(("backbone", "layers"), [(plugin.resnet20_cifar, 20), (plugin.resnet56_cifar, 56)])
def test_they_have_as_many_layers_as_their_name_says(backbone, layers):
    convolutions = [part for part in backbone().modules() if isinstance(part, torch.nn.Conv2d)]
    assert len(convolutions) + 1 == layers
    assert backbone(num_classes=0)(torch.zeros(2, 3, 32, 32)).shape == (2, 64)


def test_the_shortcut_halves_pixels_and_adds_zeros():
    out = Shortcut(8)(torch.ones(1, 16, 4, 4))
    assert out.shape == (1, 32, 2, 2)
    assert out[0, :8].sum() == out[0, 24:].sum() == 0
    assert out[0, 8:24].min() == 1


def test_simzoo_finds_them():
    assert "resnet20_cifar" in catalog().backbones
    assert find_card("resnet20-cifar10").backbone == "resnet20_cifar"


@pytest.mark.parametrize("name", FILES)
def test_the_checkpoints_load_whole_and_can_be_read_at_every_preset(name):
    fetched_by_hand(name)
    model = load(name)
    assert len(model.taps("residual")) == 2 * 3 * {"20": 3, "56": 9}[name[6:8]] + 1
    assert model.taps("logits")


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_their_accuracy_is_reproduced(name, monkeypatch):
    fetched_by_hand(name)
    monkeypatch.setenv("SIMZOO_DATA", str(SHARED / "images"))
    assert 100 * audit(name, "cifar10").facts["top1"] == pytest.approx(FILES[name][1], abs=0.3)
