import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import timm
from safetensors.torch import save_file

from simzoo.zoo import add

facts = runpy.run_path(str(Path(__file__).parents[1] / "audit" / "facts.py"))["facts"]


@pytest.fixture
def asked(monkeypatch):
    """Models whose audits are known beforehand, and what the command asks for."""
    known = {"net": facts(), "lost": facts(model="lost", top1=0.2), "near": facts(model="near", top1=0.245)}
    calls = []

    def audit(name, data, **options):
        calls.append((name, data, {key: options[key] for key in ("n", "seed", "device")}))
        return SimpleNamespace(as_dict=known[name])

    monkeypatch.setattr("simzoo.audit.run.audit", audit)
    return calls


def test_it_audits_both_and_prints_one_object(simzoo, tmp_path, monkeypatch):
    monkeypatch.setattr("simzoo.audit.run.MOST_SUPPORT", 100)
    save_file(timm.create_model("test_resnet", num_classes=10).state_dict(), tmp_path / "net.safetensors")
    add(tmp_path / "net.safetensors", "timm:test_resnet", name="net", input_size=32, crop=1.0)
    done = simzoo("audit", "net", "--data", "digits", "--n", "40", "--json", "--against", "net", "--out", "mine")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {"top1", "top5", "knn_accuracy", "linear_accuracy", "regression", "seconds"} <= set(told)
    assert (told["against"], told["worse"], told["n"], told["out"]) == ("net", False, 40, "mine")
    assert (tmp_path / "mine" / "report.html").is_file()


def test_it_prints_the_verdict_the_warnings_and_the_tables(simzoo, tmp_path, asked):
    done = simzoo("audit", "net")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("net on 1,200 images of digits (test).\n")
    assert "warning: dead channels: 2 of 96 features are the same for all 1,200 images" in done.stdout
    for said in ("linear probe", "95.0% [93.6%, 96.1%]", "invariance to flip", "12,345"):
        assert said in done.stdout
    assert "wrote simzoo-out/audit-net-digits/report.html" in done.stderr
    assert asked == [("net", None, {"n": None, "seed": 0, "device": "cpu"})]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [((), 1, "WORSE"), (("--tolerance", "0.06"), 0, "-0.06"), (("--json",), 1, '"worse": true')],
)
def test_the_exit_code_is_the_regression(words, code, said, simzoo, asked):
    done = simzoo("audit", "lost", "--data", "digits", "--n", "60", "--seed", "3", "--against", "net", *words)
    assert done.exit_code == code
    assert said in done.stdout
    options = {"n": 60, "seed": 3, "device": "cpu"}
    assert asked == [("lost", "digits", options), ("net", "digits", options)]


def test_a_loss_within_the_tolerance_is_none(simzoo, asked):
    told = json.loads(simzoo("audit", "near", "--against", "net", "--json").stdout)
    assert told["worse"] is False
    assert {row["value"]: row["change"] for row in told["regression"]}["top1"] == pytest.approx(-0.005)


def test_the_page_names_the_command_that_makes_it_again(simzoo, tmp_path, asked):
    simzoo("audit", "lost", "--data", "digits", "--n", "60", "--seed", "3", "--against", "net", "--out", "o")
    command = "simzoo audit lost --data digits --n 60 --seed 3 --against net --tolerance 0.01"
    assert command in (tmp_path / "o" / "report.html").read_text(encoding="utf-8")


def test_an_unknown_model_is_told_what_was_meant(simzoo):
    done = simzoo("audit", "resnet18-int", "--data", "digits")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "did you mean resnet18-init" in done.stderr
