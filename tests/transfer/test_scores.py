import io
import json
import math

import pytest
from rich.console import Console

import simzoo
from simzoo.errors import UsageError
from simzoo.measures.transferability.evidence import logme

N = 120


def test_scores_are_of_the_training_images(tmp_path):
    found = simzoo.transfer_scores("resnet18-init", "vit-init", data="digits", measures=["logme", "leep"], n=N)
    x = simzoo.represent("resnet18-init", "digits", taps="final", n=N, split="train")[0]
    assert found.scores.loc["resnet18-init", "logme"] == pytest.approx(logme(x, x.labels), rel=1e-6)
    assert math.isnan(found.scores.loc["vit-init", "leep"])  # it has no head
    assert set(found.table["split"]) == {"train"}
    told = json.loads(json.dumps(found.as_json(tmp_path)))
    assert told["scores"]["vit-init"]["logme"] == pytest.approx(found.scores.loc["vit-init", "logme"])
    assert {(one["model"], one["status"]) for one in told["missing"]} == {
        ("resnet18-init", "undefined"),
        ("vit-init", "undefined"),
    }
    assert (told["failed"], told["data"]["split"], told["data"]["n"]) == (0, "train", N)
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(found)
    text = console.export_text()
    assert "Larger: more transferable" in text
    assert "No leep of resnet18-init and vit-init: " in text
    command = found.result.context["command"]
    assert command == f"simzoo transfer score resnet18-init vit-init --data digits --measures logme,leep --n {N}"
    page = found.save(tmp_path / "out")
    assert "Transferability scores" in next(p for p in page if p.name == "report.html").read_text(encoding="utf-8")


def test_all_scores_by_default_and_a_model_that_cannot_be_loaded_costs_its_own_rows(gone):
    found = simzoo.transfer_scores("resnet18-init", gone, data="digits", n=N)
    every = simzoo.measures("transferability")["name"]
    assert set(found.table["measure"]) == set(every)
    lost = found.table[found.table["model"] == "gone"]
    assert set(lost["status"]) == {"failed"}
    assert lost["reason"].str.contains("nowhere.safetensors is not there").all()
    assert not (found.table.loc[found.table["model"] != "gone", "status"] == "failed").any()
    assert found.failed == len(every)


def test_what_is_no_score_is_refused():
    with pytest.raises(
        UsageError, match=r"cka is no score of one representation(.|\n)*h_score_shrunk(.|\n)*simzoo compare"
    ):
        simzoo.transfer_scores("resnet18-init", data="digits", measures=["cka"])
