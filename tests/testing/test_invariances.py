"""Each check lets a sound measure pass, and names what is wrong with one that is not (the suite: test_measures.py)."""

import numpy as np
import pytest

from simzoo.errors import ConformanceError
from simzoo.facts import similarity
from simzoo.testing import invariances
from simzoo.testing.case import cases_of

FACTS = {"version": 1, "range": (0, 1), "identical": 1, "larger": "more alike", "reference": "ours"}
GROUPS = {"permutation", "rotation", "scale", "translation"}


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return float(np.linalg.norm(y.T @ x) ** 2 / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y))


def first_rows(x, y):
    return cka(x[:40], y[:40])


def lopsided(x, y):
    return cka(x, y) * float(np.linalg.norm(x) / (1 + np.linalg.norm(x)))


def case(function=cka, **changes):
    def mine(x, y):
        """How alike two are."""
        return function(x, y)

    (found,) = cases_of(
        similarity(name="mine", **{**FACTS, "symmetric": True, "invariant_to": GROUPS, **changes})(mine)
    )
    return found


CHECKS = [
    invariances.declared_invariances_hold,
    invariances.undeclared_invariances_have_a_counterexample,
    invariances.symmetry_is_as_declared,
    invariances.identical_sides_give_the_declared_value,
    invariances.the_order_of_samples_does_not_matter,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_measure_passes(check):
    check(case())


@pytest.mark.parametrize(
    ("check", "given", "what"),
    [
        (CHECKS[0], {"invariant_to": GROUPS | {"linear"}}, "mine declares that linear does not change it, and it does"),
        (
            CHECKS[1],
            {"invariant_to": GROUPS - {"scale"}},
            "nothing shows that side 0 of mine is not invariant to scale",
        ),
        (CHECKS[2], {"symmetric": False}, "mine is not declared symmetric"),
        (CHECKS[2], {"function": lopsided}, "mine is declared symmetric"),
        (CHECKS[3], {"identical": 0.5}, "mine of identical sides is not what the sheet says"),
        (CHECKS[4], {"function": first_rows}, "mine depends on the order of the samples"),
    ],
)
def test_what_is_wrong_is_named(check, given, what):
    with pytest.raises(ConformanceError) as caught:
        check(case(**given))
    assert caught.value.what == what
