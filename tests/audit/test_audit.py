import json
import os
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from typer.testing import CliRunner

from simzoo.audit import checks, summary
from simzoo.audit.accuracy import scores
from simzoo.audit.page import write_page
from simzoo.audit.regression import regression
from simzoo.audit.run import audit
from simzoo.catalog import catalog
from simzoo.cli.app import app
from simzoo.errors import UsageError
from simzoo.representations.representation import Representation
from simzoo.zoo import add

SHARED = Path(os.environ.get("SIMZOO_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "data"
NET = "timm:test_resnet"


def seen(values, kind="final", labels=None):
    values = np.asarray(values, np.float32)
    words = {"model": "m", "tap": kind, "kind": kind, "data": "d", "split": "test"}
    return Representation(values=values, ids=tuple(map(str, range(len(values)))), labels=labels, **words)


def made(folder):
    """A network with ten classes, by name: it knows digits no better than chance."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(timm.create_model("test_resnet", num_classes=10).state_dict(), folder / "net.safetensors")
    return add(folder / "net.safetensors", NET, name="net", input_size=32, crop=1.0, licence="CC BY-NC 4.0").card.name


@pytest.fixture
def net(tmp_path):
    return made(tmp_path)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audited")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMZOO_HOME", str(folder / "home"))
        return audit(made(folder), "digits", n=120)


def test_an_audit_holds_what_was_promised(found):
    facts = found.as_dict
    assert (facts["model"], facts["data"], facts["n"], facts["classes"]) == ("net", "digits", 120, 10)
    assert facts["load"]["finite"]
    assert facts["load"]["tensors"] > 50
    assert facts["speed"]["images_per_second"] > 0
    assert facts["memory"]["weights_mib"] > 0
    for name in ("top1", "top5", "knn_accuracy", "linear_accuracy"):
        low, high = facts["intervals"][name]
        assert low <= facts[name] <= high
    assert facts["linear_accuracy"] > 0.5 > facts["top1"]
    measured = {row["measure"] for row in facts["values"] if row["value"] is not None}
    assert {"rankme", "twonn", "uniformity", "neural_collapse"} <= measured
    assert set(facts["invariance"]) == {"crop", "flip", "colorjitter", "rotate", "augs"}
    assert all(-1 <= value <= 1 for value in facts["invariance"].values())
    assert np.isclose(sum(facts["spectrum"]), 1, atol=0.05)
    assert facts["seconds"]["all"] == pytest.approx(sum(facts["seconds"].values()) - facts["seconds"]["all"], abs=0.1)
    assert any(warning == "non-commercial use only (CC BY-NC 4.0)" for warning in facts["warnings"])
    json.dumps(facts, default=str)


def test_what_was_audited_before_is_a_relative(net, tmp_path):
    assert audit(net, "digits", n=60).facts["relatives"] == []
    add(tmp_path / "net.safetensors", NET, name="twin", input_size=32, crop=1.0, mean="0.3", std="0.4")
    again = audit("twin", "digits", n=60).facts["relatives"]
    assert [one["model"] for one in again] == ["net"]
    assert again[0]["n"] == 60
    assert again[0]["cka"] > 0.9


def test_top_1_and_top_5_are_those_of_a_sort():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(300, 20)), rng.integers(0, 20, 300)
    logits[np.arange(300), labels] += 1.5
    found = scores(seen(logits), seen(logits, "logits", labels), None, 20, catalog())
    order = np.argsort(-logits, axis=1)
    assert found["top1"] == np.mean(order[:, 0] == labels)
    assert found["top5"] == np.mean((order[:, :5] == labels[:, None]).any(1))
    flat = scores(seen(logits), seen(np.zeros((300, 20)), "logits", labels), None, 20, catalog())
    assert flat["top1"] == 0


def test_what_cannot_be_measured_says_why():
    labels = np.arange(30)
    found = scores(seen(np.random.default_rng(0).normal(size=(30, 4)), labels=labels), None, None, 30, catalog())
    assert found["top1"] is found["knn_accuracy"] is found["linear_accuracy"] is None
    assert found["undefined"]["top1"] == "the model has no head"
    assert "one sample" in found["undefined"]["knn_accuracy"]
    assert "no training images" in found["undefined"]["linear_accuracy"]
    other = scores(seen(np.ones((30, 4))), seen(np.ones((30, 7)), "logits", labels), None, 30, catalog())
    assert other["undefined"]["top1"] == "its head has 7 classes and the data 30"


def test_dead_channels_and_empty_filters_are_counted():
    values = np.random.default_rng(0).normal(size=(50, 6))
    values[:, [1, 4]] = 3.0
    assert checks.dead_channels(values) == 2
    layer = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(2, 2))
    assert checks.empty_filters(layer) == []
    with torch.no_grad():
        layer[0].weight[2] = 0
    assert checks.empty_filters(layer) == ["0"]


def test_the_misfit_of_a_batch_norm_is_zero_where_it_learnt_these_images():
    pixels = torch.rand(16, 3, 12, 12, generator=torch.Generator().manual_seed(0)) * 2 - 1
    norm = nn.BatchNorm2d(5, momentum=1.0)
    module = nn.Sequential(nn.Conv2d(3, 5, 3), norm, nn.ReLU())
    module(pixels)
    module.eval()
    assert checks.misfit(module, norm, pixels) == pytest.approx(0, abs=1e-3)
    assert checks.misfit(module, norm, pixels * 20) > 50
    assert checks.misfit(module, norm, pixels + 1) > checks.misfit(module, norm, pixels)


def test_a_regression_is_what_got_worse_by_more_than_allowed(found):
    old = found.as_dict
    assert not any(row["worse"] for row in regression(old, old))
    worse = {**old, "linear_accuracy": old["linear_accuracy"] - 0.02}
    assert [row["value"] for row in regression(worse, old) if row["worse"]] == ["linear_accuracy"]
    assert not any(row["worse"] for row in regression(worse, old, tolerance=0.03))
    assert [row["value"] for row in regression({**old, "top1": None}, old) if row["worse"]] == ["top1"]
    warned = {**old, "warnings": [*old["warnings"], "weights that are not finite"]}
    assert [row["value"] for row in regression(warned, old) if row["worse"]] == [
        "new warning: weights that are not finite"
    ]
    with pytest.raises(
        UsageError, match=r"not of the same images(.|\n)*120 images of digits(.|\n)*audit both with the same"
    ):
        regression({**old, "n": 90}, old)


def test_the_page_is_one_offline_file_with_the_verdict_first(found, tmp_path):
    facts = {**found.as_dict, "model": "<script>alert(1)</script>"}
    paths = write_page(facts, tmp_path, "simzoo audit net", regression(found.as_dict, found.as_dict))
    text = paths[0].read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert "Its nearest relative" not in text
    assert "linear probe" in text
    assert "non-commercial use only" in text
    assert 'src="http' not in text
    assert {path.name for path in paths} >= {"report.html", "spectrum.svg", "invariance.png"}


def test_the_verdict_is_plain_sentences(found):
    said = summary.verdict(found.as_dict)
    assert said[0] == "net on 120 images of digits (test)."
    assert said[1].startswith("top-1 of its own head ")
    assert "(chance 0.1)." in said[1]
    assert said[-1].endswith("warnings.") or said[-1].endswith("warning.")


def test_the_command_prints_one_object_and_its_exit_code_is_the_regression(net, tmp_path, monkeypatch):
    words = ["audit", net, "--data", "digits", "--n", "60", "--out", str(tmp_path / "out")]
    said = CliRunner().invoke(app, [*words, "--json", "--against", net])
    assert said.exit_code == 0, said.output
    facts = json.loads(said.stdout)
    assert {"top1", "top5", "knn_accuracy", "linear_accuracy", "regression", "seconds"} <= set(facts)
    assert facts["worse"] is False
    row = {"value": "top1", "old": 0.9, "new": 0.2, "change": -0.7, "allowed": -0.01, "worse": True}
    monkeypatch.setattr("simzoo.audit.regression.regression", lambda *_: [row])
    lost = CliRunner().invoke(app, [*words, "--against", net])
    assert lost.exit_code == 1
    assert "WORSE" in lost.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "backbone", "top1", "crop_first"),
    [
        ("mobilenet_v2_1.0_224_quant", "timm:mobilenetv2_100", 86.1, False),
        ("tf2_mobilenet_v2_1.0_224_ptq", "timm:mobilenetv2_100", 86.7, False),
        ("mobilenet_v1_0.25_128_quant", "mobilenetv1_025", 46.8, False),
        ("mobilenet_v1_0.5_160_quant", "mobilenetv1_050", 66.4, True),  # 65.8 where the resize comes first
    ],
)
def test_the_published_accuracies_are_reproduced(name, backbone, top1, crop_first, monkeypatch):
    path = SHARED / "checkpoints" / f"{name}.safetensors"
    if not path.is_file():
        pytest.skip(f"needs {path.name} (SIMZOO_SHARED)")
    monkeypatch.setenv("SIMZOO_DATA", str(SHARED / "images"))
    add(path, backbone, name="real", crop_first=crop_first)
    facts = audit("real", "imagenet_samples").facts
    assert 100 * facts["top1"] == pytest.approx(top1, abs=0.5)
    assert not any("normalisation" in warning for warning in facts["warnings"])
