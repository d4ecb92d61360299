import importlib.util
import json
import os
import random
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("fuzz.py")


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fuzz = loaded(HARNESS)


@pytest.mark.parametrize("name", fuzz.FORMATS)
def test_damaged_files_are_refused_or_read_right(name):
    outcomes, wanting = fuzz.fuzz(name, 20)
    assert wanting == []
    assert outcomes.total() == 20


@pytest.mark.slow
@pytest.mark.parametrize("name", fuzz.FORMATS)
def test_files_damaged_in_500_ways_are_refused_or_read_right(name):
    assert fuzz.fuzz(name, 500, seed=1)[1] == []


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        (lambda path: 1 / 0, "traceback"),
        (lambda path: os.system("touch MARKER") and "read", "executed"),  # noqa: S605, S607
        (lambda path: "read", "read"),
    ],
)
def test_the_script_can_fail(check, outcome, monkeypatch, tmp_path, capfd):
    def made(folder):
        path = folder / "bomb"  # not read whole before the first case
        path.write_bytes(b"0" * 300)
        return [path], check

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fuzz, "FORMATS", {"made": made})
    fuzz.work("made", 0, 0, 1)
    last = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert last["outcome"] == outcome
    assert bool(last["wrong"]) == (outcome != "read")


def test_a_mutation_is_a_function_of_its_seed_and_changes_something():
    content = bytes(range(256)) * 8
    first, again = (fuzz.mutated(content, random.Random(seed)) for seed in ("x", "x"))
    assert first == again
    changed = [fuzz.mutated(content, random.Random(seed)) != content for seed in range(100)]
    assert sum(changed) > 90
