import importlib.util
import sys

import pytest
import torch
from torch import nn

from simzoo.models.identity import module_key

SOURCE = """
import functools
import torch
from torch import nn

def activated(x):
    return halved(x)

def halved(x):
    return x / 2

def unused(x):
    return x

class Part(nn.Module):
    def forward(self, x):
        return activated(x)

class Mine(nn.Module):
    def __init__(self):
        super().__init__()
        self.part, self.scale, self.act = Part(), 2.0, functools.partial(torch.clamp, min=0)
        self.register_buffer("table", torch.ones(2), persistent=False)

    def forward(self, x):
        return self.part(x) * self.scale
"""


@pytest.fixture
def made(tmp_path):
    """Make the module of a source, as if its file had been edited."""
    count = iter(range(99))

    def make(source=SOURCE):
        path = tmp_path / f"{next(count)}" / "own_identity.py"
        path.parent.mkdir()
        path.write_text(source)
        spec = importlib.util.spec_from_file_location("own_identity", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["own_identity"] = module  # inspect finds the source of a class by the name of its module
        spec.loader.exec_module(module)
        return module.Mine()

    yield make
    sys.modules.pop("own_identity", None)


def key(module):
    return module_key(module, {})


@pytest.mark.parametrize(
    "edit",
    [
        ("return self.part(x) * self.scale", "return self.part(x) + self.scale"),
        ("return activated(x)", "return 2 * activated(x)"),
        ("return halved(x)", "return -halved(x)"),
        ("return x / 2", "return x / 3"),
        ("2.0, functools", "3.0, functools"),
        ("min=0", "min=1"),
        ("torch.ones(2)", "torch.zeros(2)"),
    ],
)
def test_every_edit_that_can_change_the_numbers_changes_the_key(made, edit):
    assert key(made(SOURCE.replace(*edit))) != key(made())


def test_the_same_source_has_the_same_key_and_what_is_not_used_is_no_part_of_it(made):
    first = key(made())
    assert key(made()) == first
    assert key(made(SOURCE.replace("def unused(x):\n    return x", "def unused(x):\n    return 2 * x"))) == first


def test_states_of_every_sort_are_hashed():
    class Odd(nn.Module):
        def __init__(self, note="a"):
            super().__init__()
            self.note = note
            self.register_buffer("one", torch.tensor(1 + 2j))
            self.register_buffer("two", torch.zeros(3, 2, dtype=torch.bfloat16).T)

        def get_extra_state(self):
            return {"note": self.note}

        def set_extra_state(self, state):
            self.note = state["note"]

    assert key(Odd()) == key(Odd()) != key(Odd("b"))


def test_a_function_made_in_a_console_is_known_by_its_code():
    def made(text):
        space = {}
        exec(f"def f(x): return {text}", space)  # noqa: S102 - a function without a source file
        module = nn.Linear(1, 1)
        holder = type("Holder", (nn.Module,), {"__module__": "__main__"})()
        holder.inner, holder.f = module, space["f"]
        with torch.no_grad():
            module.weight.fill_(1), module.bias.fill_(0)
        return key(holder)

    assert made("x + 1") == made("x + 1") != made("x * x")
