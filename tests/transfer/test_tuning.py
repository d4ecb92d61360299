import numpy as np
import pytest

import simzoo
from simzoo.errors import UsageError

TWINS = ("resnet18-init#1", "resnet18-init#2")


def test_the_best_are_fine_tuned_and_compared_on_the_same_images(monkeypatch):
    monkeypatch.setattr("simzoo.training.train.held_out_accuracy", lambda *_, **__: None)  # most of a short training
    modules = simzoo.wrap(simzoo.load("resnet18-init").module, name="given", input_size=32)
    asked = {"data": "digits", "n": 100, "measures": ["logme"], "recipe": "finetune-quick", "epochs": 1}
    found = simzoo.transfer_report(*TWINS, modules, finetune=3, **asked)
    told = {one["model"]: one for one in found.result.context["candidates"]["finetuned"]}
    tuned = told["resnet18-init#1"]
    assert tuned["name"] == "resnet18-init#1@@digits:finetune-quick+epochs=1+train-images=100"
    model = simzoo.load(tuned["name"])
    x = simzoo.represent(model, "digits", taps="final", n=100)[0]
    weight, bias = (part.numpy() for part in model.classifier)
    right = (np.asarray(x.values) @ weight.T + bias).argmax(1) == x.labels
    assert (tuned["accuracy"], tuned["n"]) == (pytest.approx(right.mean()), 100)
    assert tuned["low"] < tuned["accuracy"] < tuned["high"]
    (pair,) = found.result.context["candidates"]["finetuned_pairs"]
    assert {pair["a"], pair["b"]} == {"resnet18-init#1", "resnet18-init#2"}
    assert pair["difference"] == pytest.approx((pair["only_a"] - pair["only_b"]) / 100)
    assert pair["difference"] >= 0
    assert "a module given in Python" in told["given"]["reason"]
    assert found.failed == 1
    assert found.verdict[0].startswith("Fine-tuned by recipe finetune-quick, resnet18-init#")
    assert any(sentence.startswith("given was not fine-tuned: ") for sentence in found.verdict[1:3])
    command = found.result.context["command"]
    assert command.endswith("--finetune 3 --n 100 --recipe finetune-quick --epochs 1")


def test_all_of_the_training_is_asked_about_at_once(monkeypatch):
    asked = []
    monkeypatch.setattr("simzoo.transfer.tuning.ready_to_train", lambda specs, **_: asked.append(len(specs)) or stop())
    with pytest.raises(KeyboardInterrupt):
        simzoo.transfer_report(
            "resnet18-init#1", "resnet18-init#2", data="digits", n=60, measures=["logme"], finetune=2
        )
    assert asked == [2]


def stop():
    raise KeyboardInterrupt


def test_fine_tuning_without_training_is_refused_before_any_work():
    with pytest.raises(UsageError) as caught:
        simzoo.transfer_report("a", "b", data="digits", finetune=1, may_train=False)
    assert caught.value.what == "fine-tuning is training"
    assert (caught.value.expected, caught.value.got) == ("--finetune or --no-train", "both")
    assert caught.value.next_step == "leave one of them out"
