"""Fine-tuning: a training that begins with another model's weights, kept as a model of its own."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.stats import binomtest

import simzoo
from simzoo.errors import UsageError
from simzoo.images.find import open_data
from simzoo.models.backbones import initialise
from simzoo.models.load import HEAD, begun, load
from simzoo.models.weights import weights_key
from simzoo.names import resolve
from simzoo.progress import Silent
from simzoo.registries import find_recipe
from simzoo.storage import home
from simzoo.training.estimate import estimate_seconds
from simzoo.training.prepare import prepare
from simzoo.training.train import train

SHORT = "finetune-quick+epochs=2+train-images=64"
CARD = """version = 1
name = "mine"
backbone = "timm:resnet18"
backbone_args = { num_classes = 5 }
weights = { path = "mine.safetensors" }
input = { size = 32 }
licence = "MIT"
trained_on = "elsewhere"
"""


@pytest.fixture(autouse=True)
def _no_neighbours(monkeypatch):
    monkeypatch.setattr("simzoo.training.train.held_out_accuracy", lambda *_, **__: None)  # most of a short training


def one(text):
    return resolve(text)[0]


@pytest.fixture
def mine(tmp_path):
    """A card with a weight file of ours."""
    (tmp_path / "mine.toml").write_text(CARD, encoding="utf-8")
    spec = one("init:resnet18#7")
    card = spec.card.model_copy(update={"backbone_args": {"num_classes": 5}})
    save_file(initialise(card, 7).state_dict(), tmp_path / "mine.safetensors")
    return f"file:{tmp_path / 'mine.toml'}"


def test_a_name_says_start_data_recipe_and_seed(mine):
    spec = one("resnet18-sl@mnist:quick#1@@digits#2")
    assert (spec.name, spec.start.name, spec.seed) == (
        "resnet18-sl@mnist:quick#1@@digits#2",
        "resnet18-sl@mnist:quick#1",
        2,
    )
    assert spec.training.settings == find_recipe("finetune").settings("supervised")
    assert (spec.training.data, spec.card.trained_on) == ("digits", "mnist, then digits")
    short = one(f"resnet18-init@@digits:{SHORT}")
    assert short.name == f"resnet18-init@@digits:{SHORT}"
    assert short == resolve("resnet18-init@@digits:finetune-quick", changes={"epochs": 2, "train-images": 64})[0]
    assert [spec.name for spec in resolve("resnet18-init#0-1@@digits#0-1")] == [
        f"resnet18-init#{start}@@digits{seed}" for start in (0, 1) for seed in ("", "#1")
    ]
    again = one("resnet18-init@@mnist@@digits")
    assert (again.start.name, again.start.start.name) == ("resnet18-init@@mnist", "resnet18-init")
    card = one(f"{mine}@@digits").card
    assert (card.weights, card.licence, card.objective, card.trained_on) == (
        None,
        "MIT",
        "supervised",
        "elsewhere, then digits",
    )


@pytest.mark.parametrize("text", ["@@digits", "resnet18-init@@", "resnet18-init@@digits#x", "resnet18-init@@a b"])
def test_a_malformed_name_is_told_the_grammar(text):
    with pytest.raises(UsageError, match=r"START@@DATA\[:RECIPE\]\[#SEED\]|no readable seed"):
        resolve(text)


def test_what_a_function_builds_has_no_name_to_be_tuned_by():
    with pytest.raises(UsageError, match=r"py:torch:nn cannot be fine-tuned by its name(.|\n)*simzoo zoo add FILE"):
        resolve("py:torch:nn@@digits")


def test_the_key_holds_the_weights_that_it_starts_from(mine, tmp_path):
    before = weights_key(one(f"{mine}@@digits"))
    assert before == weights_key(one(f"{mine}@@digits"))
    keys = {
        weights_key(one(text)) for text in ("resnet18-init@@digits", "resnet18-init#1@@digits", "resnet18-sl@@digits")
    }
    assert len({before, *keys}) == 4
    state = load_file(tmp_path / "mine.safetensors")
    save_file({name: value + 1 if name == "conv1.weight" else value for name, value in state.items()}, tmp_path / "new")
    (tmp_path / "new").replace(tmp_path / "mine.safetensors")
    assert weights_key(one(f"{mine}@@digits")) != before


def test_it_begins_with_the_weights_of_its_start(mine):
    spec = one(f"{mine}@@digits:{SHORT}")
    given = load(spec.start).module.state_dict()
    run = prepare(spec)
    own = run.model.module.state_dict()
    assert own.keys() == given.keys()
    assert all(torch.equal(own[name], given[name]) for name in own)
    assert run.heads.weight.shape == (10, 512)
    assert not torch.equal(prepare(spec, timed=True).model.module.state_dict()["conv1.weight"], given["conv1.weight"])
    headless = replace(spec, card=spec.card.model_copy(update={"backbone_args": {}}))  # as a published head is
    left = begun(headless).state_dict()
    assert given.keys() - left.keys() == {"fc.weight", "fc.bias"}
    assert torch.equal(left["layer4.1.conv2.weight"], given["layer4.1.conv2.weight"])


def test_it_is_a_model_of_its_own_with_the_accuracy_of_its_head(mine):
    spec = one(f"{mine}@@digits:finetune-quick+epochs=2+train-images=300")
    facts = train(spec).header
    assert facts["start"] == {"name": "mine", "key": weights_key(spec.start)}
    assert facts["losses"][-1] < facts["losses"][0]
    model = simzoo.load(spec.name.replace("mine", mine, 1))
    images = open_data("digits", "test")
    x = simzoo.represent(model, "digits", taps="final", n=None)[0]
    weight, bias = (part.numpy() for part in model.classifier)
    right = (np.asarray(x.values) @ weight.T + bias).argmax(1) == [images.label(i) for i in range(len(images))]
    assert facts["accuracy"]["value"] == pytest.approx(right.mean())
    assert facts["accuracy"]["value"] > 0.3  # ten classes
    theirs = binomtest(int(right.sum()), 500).proportion_ci(method="wilson")
    assert facts["accuracy"]["low"] == pytest.approx(theirs.low, abs=1e-6)
    assert facts["accuracy"]["n"] == 500
    assert not torch.equal(
        model.module.state_dict()["conv1.weight"], load(spec.start).module.state_dict()["conv1.weight"]
    )
    assert load(spec.start).classifier is None


class StopError(Exception):
    pass


class Dies(Silent):
    """Progress that raises at one step of the training."""

    left = 3

    def advance(self, amount=1, note=""):
        Dies.left -= amount
        if Dies.left < 0:
            raise StopError


def test_one_that_died_ends_with_the_same_bits(monkeypatch, tmp_path):
    monkeypatch.setenv("SIMZOO_CHECKPOINT_SECONDS", "0")
    spec = one(f"resnet18-init@@digits:{SHORT}")
    whole = train(spec)
    assert {name for name in load_file(whole.path) if name.startswith(HEAD)} == {f"{HEAD}weight", f"{HEAD}bias"}
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(StopError):
        train(spec, progress=Dies())
    assert len(list((home() / "weights").glob("*.ckpt"))) == 1
    assert train(spec).path.read_bytes() == whole.path.read_bytes()


def test_a_start_that_is_to_be_trained_is_trained_first():
    spec = one("resnet18-sl:quick+epochs=1+train-images=64@@digits:finetune-quick+epochs=1+train-images=64")
    assert spec.start.name == "resnet18-sl:quick+epochs=1+train-images=64"
    assert estimate_seconds(spec) > 0  # before there is anything to start from
    train(spec)
    start = load(spec.start)  # there now
    assert load(spec).module.state_dict().keys() == start.module.state_dict().keys()
    assert spec.untrained.start is None


def test_batch_norms_keep_the_statistics_of_the_start(mine):
    spec = one(f"{mine}@@digits:{SHORT}")
    given, own = load(spec.start).module.state_dict(), load_file(train(spec).path)
    kept = [name for name in given if name.endswith(("running_mean", "running_var"))]
    assert len(kept) == 40
    assert all(torch.equal(given[name], own[name]) for name in kept)
    assert not torch.equal(given["bn1.weight"], own["bn1.weight"])
