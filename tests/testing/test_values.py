"""Each check lets a sound measure pass, and names what is wrong with one that is not (the suite: test_measures.py)."""

import numpy as np
import pytest
import torch

from simzoo.errors import ConformanceError, ConstantInputError
from simzoo.facts import similarity
from simzoo.testing import values
from simzoo.testing.case import cases_of

FACTS = {"version": 1, "identical": 1, "larger": "more alike", "reference": "ours", "symmetric": True}
DOMAIN = {"constant": "ConstantInputError"}


def cka(x, y):
    x, y = (np.asarray(side, dtype=float) for side in (x, y))
    x, y = x - x.mean(0), y - y.mean(0)
    if np.allclose(x, 0) or np.allclose(y, 0):
        raise ConstantInputError("constant", expected="rows that differ", got="equal rows", next_step="none")
    return float(np.linalg.norm(y.T @ x) ** 2 / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y))


def writing(x, y):
    found = cka(x, y)
    x[0, 0] = 0
    return found


def rough(x, y):
    return cka(np.round(x) if np.asarray(x).dtype == np.float32 else x, y)


def narrow(x, y):
    if min(x.shape[1], y.shape[1]) == 1:
        raise ConstantInputError("one column", expected="two", got="one", next_step="none")
    return cka(x, y)


def drawing(x, y):
    torch.rand(1)
    return cka(x, y)


def unsteady(x, y):
    return cka(x, y) * (1 - 1e-6 * np.random.default_rng().uniform())


def case(function=cka, **changes):
    def mine(x, y):
        """How alike two are."""
        return function(x, y)

    given = {"range": (0, 1), "invariant_to": {"rotation", "scale", "translation"}, "domain": DOMAIN, **changes}
    (found,) = cases_of(similarity(name="mine", **{**FACTS, **given})(mine))
    return found


CHECKS = {
    check.__name__: check
    for check in (
        values.values_are_in_range,
        values.the_value_depends_on_the_input,
        values.different_widths_meet,
        values.float32_agrees_with_float64,
        values.inputs_are_not_changed,
        values.edge_cases_are_as_declared,
        values.randomness_is_as_declared,
        values.inner_and_grid_agree_with_the_value,
    )
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_sound_measure_passes(name):
    CHECKS[name](case())


@pytest.mark.parametrize(
    ("name", "given", "what"),
    [
        ("values_are_in_range", {"range": (0, 0.1)}, "mine leaves its declared range"),
        ("the_value_depends_on_the_input", {"function": lambda x, y: 0.5}, "mine gives one value whatever it is given"),
        ("different_widths_meet", {"function": narrow}, "mine refuses 8 and 1 columns"),
        ("float32_agrees_with_float64", {"function": rough}, "mine is not the same in float32"),
        ("inputs_are_not_changed", {"function": writing}, "mine writes to what it is given"),
        ("edge_cases_are_as_declared", {"domain": {}}, "mine on the edge case 'constant' (side 0)"),
        ("randomness_is_as_declared", {"function": drawing}, "mine draws from a global generator"),
        ("randomness_is_as_declared", {"function": unsteady}, "mine gives two values for one input"),
        ("randomness_is_as_declared", {"stochastic": True}, "mine is declared stochastic and can be called without"),
    ],
)
def test_what_is_wrong_is_named(name, given, what):
    with pytest.raises(ConformanceError) as caught:
        CHECKS[name](case(**given))
    assert caught.value.what.startswith(what)


def test_a_route_that_gives_another_value_is_named(monkeypatch):
    monkeypatch.setattr(values, "matrix_of", lambda sheet, xs, ys, **_: np.array([[0.25]]))
    with pytest.raises(ConformanceError) as caught:
        values.inner_and_grid_agree_with_the_value(case())
    assert caught.value.what == "grid of mine does not agree with its value"
    assert caught.value.got == "0.25"
