import importlib.util
import itertools
import sys
from pathlib import Path

import pandas as pd
import pytest

HARNESS = Path(__file__).with_name("kill.py")
RUN = "import os; os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE'); from simzoo.cli import main; main()"
TINY = (
    "--epochs",
    "2",
    "--train-images",
    "32",
    "--n",
    "40",
    "--taps",
    "final",
    "--resamples",
    "0",
    "--permutations",
    "0",
)


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


kill = loaded(HARNESS)


def harness(tmp_path, shares):
    command = [sys.executable, "-c", RUN, "compare", "resnet18-sl", "resnet18-init", *TINY]
    return kill.harness(command, shares, tmp_path)


def test_a_compare_that_was_killed_ends_as_if_it_had_not_been(tmp_path):
    assert [moment["differences"] for moment in harness(tmp_path, [0.7])] == [[]]


@pytest.mark.slow
def test_a_compare_that_was_killed_at_any_moment_ends_as_if_it_had_not_been(tmp_path):
    assert [moment["differences"] for moment in harness(tmp_path, kill.moments(20))] == [[]] * 20


def test_moments_are_spread_over_the_whole_from_the_first_few_on():
    assert sorted(kill.moments(4)) == [0.125, 0.375, 0.625, 0.875]
    first = sorted(kill.moments(16)[:4])
    assert max(second - before for before, second in itertools.pairwise(first)) == 0.25


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
            "column value differs",
        ),
    ],
)
def test_every_difference_is_found(change, told, tmp_path):
    a, b = stores(tmp_path)
    change(b)
    assert kill.differences(a, b) == [told]
