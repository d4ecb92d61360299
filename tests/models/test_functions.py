import random
import sys

import pytest
import torch

from simzoo.errors import ModelError, TapError, UnknownNameError, UsageError
from simzoo.models.functions import call_function
from simzoo.models.load import load
from simzoo.names import resolve

SOURCE = """
import random
import simzoo
import torch
from torch import nn
from pathlib import Path

Path("ran").touch()
NUMBER = 3
network = nn.Conv2d(3, 4, 3)

def plain():
    return nn.Conv2d(3, 4, 3)

def wrapped():
    return simzoo.wrap(plain(), name="not this", input_size=16, mean=[0.5] * 3, std=[0.5] * 3)

def shuffled():
    made = plain()
    with torch.no_grad():
        made.bias.fill_(random.random())
    return made

def constant():
    made = plain()
    for value in made.parameters():
        nn.init.ones_(value)
    return made

def wide(width, *, depth, kind=None):
    return plain()

def raising():
    raise ValueError("no luck\\nat all")

def rubbish():
    return {"model": plain()}

def untappable():
    return simzoo.wrap(plain(), taps="layer*")
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Run in a folder with a module of one's own; nothing of it stays imported."""
    (tmp_path / "own_zoo.py").write_text(SOURCE)
    (tmp_path / "own_broken.py").write_text("import no_such_package\n")
    (tmp_path / "own_exit.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in ("own_zoo", "own_broken", "own_exit"):
        sys.modules.pop(name, None)


def one(text, shelves):
    (spec,) = resolve(text, shelves=shelves)
    return spec


def test_a_function_s_module_is_a_model_under_the_name_that_was_typed(here, shelves):
    spec = one("py:own_zoo:plain", shelves)
    assert not (here / "ran").exists()  # a name alone runs nothing
    model = load(spec, shelves)
    assert (model.name, model.seed, model.fed_by) == ("py:own_zoo:plain", 0, "ImageNet defaults")
    assert (here / "ran").exists()
    assert not model.module.training
    fed = load(one("py:own_zoo:wrapped", shelves), shelves)
    assert (fed.name, fed.fed_by, fed.feed.size) == ("py:own_zoo:wrapped", "wrap", 16)


def test_weights_are_a_pure_function_of_the_seed(here, shelves):
    before, drawn = torch.get_rng_state(), random.getstate()
    for name in ("plain", "shuffled", "wrapped"):
        first, again, other = (load(one(f"py:own_zoo:{name}{seed}", shelves), shelves) for seed in ("", "#0", "#1"))
        assert first.key == again.key != other.key
    assert load(one("py:own_zoo:constant#0", shelves)).key == load(one("py:own_zoo:constant#1", shelves)).key
    assert torch.equal(before, torch.get_rng_state())
    assert drawn == random.getstate()
    assert [spec.name for spec in resolve("py:own_zoo:plain#0-1", shelves=shelves)] == [
        "py:own_zoo:plain#0",
        "py:own_zoo:plain#1",
    ]


def test_the_current_folder_goes_first_then_last(here, shelves):
    before = list(sys.path)
    load(one("py:own_zoo:plain", shelves), shelves)
    assert sys.path == ([*before, str(here)] if "" not in before else before)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        (
            "own_zooo:plain",
            UsageError,
            (
                "py:own_zooo:plain: there is no module 'own_zooo'",
                "own_zooo.py in this folder, or an installed package",
                "none in ",
                "run simzoo in the folder that holds own_zooo.py, or put that folder into PYTHONPATH",
            ),
        ),
        (
            "own_broken:x",
            ModelError,
            (
                "py:own_broken:x: 'own_broken' cannot be imported",
                "a module that imports without an error",
                "ModuleNotFoundError: No module named 'no_such_package'",
                "python -c 'import own_broken'",
            ),
        ),
        (
            "own_exit:x",
            ModelError,
            ("py:own_exit:x: 'own_exit' cannot be imported", "a module", "SystemExit: 3", "python"),
        ),
        (
            "own_zoo:plane",
            UnknownNameError,
            (
                "py:own_zoo:plane: 'own_zoo' has no 'plane'",
                "one of plain, wrapped, shuffled, constant, wide, raising, rubbish, untappable; did you mean plain?",
                "'plane'",
                "py:own_zoo:plain",
            ),
        ),
        ("own_zoo:NUMBER", UsageError, ("py:own_zoo:NUMBER is no function", "a function", "int", "write `def build")),
        (
            "own_zoo:network",
            UsageError,
            ("py:own_zoo:network is no function", "a function", "Conv2d", "write `def build"),
        ),
        (
            "own_zoo:wide",
            UsageError,
            (
                "py:own_zoo:wide needs arguments",
                "a function that can be called without any",
                "no value for width, depth",
                "give them defaults, or write a function that calls it with the values you want",
            ),
        ),
        (
            "own_zoo:raising",
            ModelError,
            (
                "py:own_zoo:raising did not build its model",
                "a function that returns an nn.Module",
                "ValueError: no luck",
                "run it by itself, or add --debug to see where it stopped",
            ),
        ),
        (
            "own_zoo:rubbish",
            ModelError,
            (
                "py:own_zoo:rubbish gives no model",
                "an nn.Module, or what simzoo.wrap(module, ...) returns",
                "dict",
                "let rubbish return its module",
            ),
        ),
        ("own_zoo:untappable", TapError, ("Conv2d has no tap 'layer*'", "a preset", "'layer*'", "--taps ")),
    ],
)
def test_a_function_that_cannot_serve_is_told_why(here, shelves, name, kind, said):
    with pytest.raises(kind) as caught:
        call_function(one(f"py:{name}", shelves))
    error = caught.value
    parts = zip((error.what, error.expected, error.got, error.next_step), said, strict=True)
    for part, starts in parts:
        assert part.startswith(starts)
