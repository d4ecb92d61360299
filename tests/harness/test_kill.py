import importlib.util
import json
import shlex
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

HARNESS = Path(__file__).with_name("kill.py")
TINY = "--epochs 2 --train-images 32 --n 40 --taps final --resamples 0 --permutations 0"


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


kill = loaded(HARNESS)


@pytest.fixture(autouse=True)
def _idle_workers(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")


def test_a_compare_that_was_killed_ends_as_if_it_had_not_been(tmp_path):
    command = [*kill.COMPARE, *shlex.split(TINY)]
    found = kill.harness(command, 1, tmp_path, phases=["training, after a checkpoint"])
    assert [moment["differences"] for moment in found] == [[]]


@pytest.mark.slow
def test_a_compare_that_was_killed_at_any_moment_ends_as_if_it_had_not_been(tmp_path):
    found = kill.harness(list(kill.LONG), 20, tmp_path)
    assert [moment["differences"] for moment in found] == [[]] * 20
    assert {"training, after a checkpoint", "extraction", "measuring", "writing"} <= {
        moment["phase"] for moment in found
    }


def test_each_phase_has_its_share_of_the_moments_however_short_it_is():
    timeline = [(0.0, "starting"), (2.0, "training"), (6.0, "extraction"), (6.5, "training"), (8.5, "over")]
    assert kill.spread(timeline, 6) == [0.5, 1.5, 3.5, 6.125, 6.375, 7.0]
    assert kill.spread(timeline, 2, phases=["training"]) == [3.5, 7.0]


@pytest.mark.parametrize(
    ("now", "phase"),
    [
        ({}, "starting"),
        ({"training": True}, "training, before a checkpoint"),
        ({"training": True, "checkpoints": 1}, "training, after a checkpoint"),
        ({"weights": 1}, "between blocks"),
        ({"weights": 1, "extracting": True}, "extraction"),
        ({"weights": 1, "representations": 2}, "measuring"),
        ({"weights": 1, "representations": 2, "blocks": 3}, "measuring"),
        ({"weights": 1, "representations": 2, "blocks": 5}, "writing"),
    ],
)
def test_the_phase_is_read_from_what_the_store_holds(now, phase):
    nothing = dict.fromkeys(("weights", "checkpoints", "representations", "blocks", "training", "extracting"), 0)
    end = {**nothing, "weights": 1, "representations": 2, "blocks": 5}
    assert kill.phase_of({**nothing, **now}, end) == phase


WORK = """
import os, pathlib, sys, time
home, out = pathlib.Path(os.environ["SIMZOO_HOME"]), pathlib.Path(sys.argv[1])
again = home.exists()
home.mkdir(exist_ok=True), out.mkdir(exist_ok=True)
import pandas as pd
time.sleep(0.5)
pd.DataFrame({"value": [0.1 + again * float(sys.argv[2])], "host": [time.time()]}).to_parquet(out / "any.parquet")
"""


@pytest.mark.parametrize(("error", "told"), [("0", []), ("1e-17", ["any.parquet: column value differs"])])
def test_any_command_can_be_killed_and_any_table_compared_to_the_last_bit(error, told, tmp_path):
    (found,) = kill.harness([sys.executable, "-c", WORK, "{out}", error], 1, tmp_path)
    assert found["differences"] == told


def stores(tmp_path):
    for name in ("a", "b"):
        for file in ("home/weights/k.safetensors", "home/representations/k.f32"):
            (tmp_path / name / file).parent.mkdir(parents=True)
            (tmp_path / name / file).write_bytes(b"same")
        (tmp_path / name / "out").mkdir()
        table = pd.DataFrame({"value": [0.5], **{column: [name] for column in kill.RUN_COLUMNS}})
        table.to_parquet(tmp_path / name / "out" / "table.parquet")
    return tmp_path / "a", tmp_path / "b"


def test_what_differs_only_in_the_run_is_equal(tmp_path):
    assert kill.differences(*stores(tmp_path)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda b: (b / "home/weights/k.safetensors").write_bytes(b"other"), "k.safetensors differs"),
        (lambda b: (b / "home/representations/k.f32").unlink(), "k.f32 is in one store only"),
        (lambda b: (b / "home/weights/k.ckpt").write_bytes(b""), "k.ckpt was left"),
        (lambda b: (b / "home/weights/k.json.damaged").write_bytes(b""), "k.json.damaged was set aside"),
        (
            lambda b: pd.read_parquet(b / "out/table.parquet").assign(value=0.6).to_parquet(b / "out/table.parquet"),
            "table.parquet: column value differs",
        ),
    ],
)
def test_every_difference_is_found(change, told, tmp_path):
    a, b = stores(tmp_path)
    change(b)
    assert kill.differences(a, b) == [told]


def test_weights_that_differ_are_told_by_tensor_and_by_the_epoch_it_began_in(tmp_path):
    a, b = stores(tmp_path)
    for place, last in ((a, 0.25), (b, 0.5)):
        path = place / "home/weights/k.safetensors"
        save_file({"same": torch.ones(2), "other": torch.tensor([last])}, path)
        path.with_suffix(".json").write_text(json.dumps({"facts": {"losses": [2.0, last]}}))
    assert kill.differences(a, b) == [
        "k.safetensors differs",
        "1 of 2 tensors by at most 0.25: other",
        "loss of epoch 2: 0.25 0.5",
    ]
