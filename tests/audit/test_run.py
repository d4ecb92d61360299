import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from simzoo.audit.run import _head, _memory, _speed, audit
from simzoo.cards import Input
from simzoo.errors import UnknownNameError
from simzoo.models.load import Model
from simzoo.zoo import add

SHARED = Path(os.environ.get("SIMZOO_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "data"


class Network(nn.Module):
    def __init__(self, bias=True):
        super().__init__()
        self.body, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 4, bias=bias)
        self.seen = []

    def forward(self, pixels):
        self.seen.append(tuple(pixels.shape))
        return self.head(self.body(pixels).mean((2, 3)))


def test_an_audit_holds_what_was_promised(audited, made):
    facts = audited[0].as_dict
    assert set(facts) == set(made.facts())
    assert (facts["model"], facts["data"], facts["n"], facts["classes"]) == ("net", "digits", 60, 10)
    assert facts["train_images"] == 300  # as many as are allowed
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


def test_what_was_audited_before_is_a_relative(audited):
    net, twin = (one.facts["relatives"] for one in audited)
    assert net == []
    assert [one["model"] for one in twin] == ["net"]
    assert twin[0]["n"] == 60
    assert twin[0]["cka"] > 0.9


def test_an_unknown_model_is_an_error_before_any_work():
    with pytest.raises(UnknownNameError, match="unknown model 'resnet18-int'"):
        audit("resnet18-int", "digits")


def test_the_head_is_the_linear_layer_that_stands_on_the_features():
    network = Network()
    weight, bias = _head(Model("net", network, Input(size=16)), 8)
    assert torch.equal(weight, network.head.weight)
    assert torch.equal(bias, network.head.bias)
    assert not weight.requires_grad
    assert _head(Model("net", network, Input(size=16)), 9) is None  # it stands on something else
    assert _head(Model("net", network, Input(size=16), pool="cls"), 8) is None
    assert _head(Model("net", Network(bias=False), Input(size=16)), 8) is None
    assert _head(Model("net", network.body, Input(size=16)), 8) is None


def test_speed_is_of_blank_images_of_the_models_size_and_memory_of_its_weights():
    network = Network()
    model = Model("net", network, Input(size=16))
    found = _speed(model, "cpu")
    assert network.seen == [(16, 3, 16, 16)] * 3
    assert found["images_per_second"] * found["ms_per_image"] == pytest.approx(1000)
    assert (found["batch"], found["device"]) == (16, "cpu")
    held = _memory(model)
    assert held["weights_mib"] * 2**20 == 4 * (8 * 3 * 9 + 8 + 4 * 8 + 4)
    assert 50 < held["peak_mib"] < 1e6


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
