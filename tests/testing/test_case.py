import numpy as np
import pytest

from simzoo.facts import EDGE_CASES, geometry, similarity
from simzoo.measures.similarity.cka import linear_cka
from simzoo.testing.case import EXACT, Case, cases_of, support_ways

FACTS = {"version": 1, "range": (0, 9), "reference": "ours"}
PAIR = {**FACTS, "identical": 0, "larger": "less alike", "symmetric": True, "invariant_to": {"rotation"}}


def pair(**changes):
    @similarity(name="mine", **{**PAIR, **changes})
    def mine(x, y, *, power=1):
        """How far two are apart."""
        return float(abs(x - y[:, :1]).sum() ** power)

    return mine


def single(function, **changes):
    return geometry(name="mine", larger="bigger", **{**FACTS, "invariant_to": set(), **changes})(function)


def test_a_value_is_what_the_measure_gives_of_the_sample():
    (case,) = (case for case in cases_of(linear_cka) if not case.options)
    given = case.sample()
    assert [side.shape for side in given.sides] == [(80, 8), (80, 6)]
    assert case.value(given).tolist() == [linear_cka(*given.sides)]


def test_each_variant_is_a_case_with_its_own_facts():
    variants = ({}, {"power": 2, "invariant_to": {"scale"}, "range": (0, 1), "domain": {"constant": "ZeroRowsError"}})
    plain, squared = cases_of(pair(variants=variants))
    assert (str(plain), str(squared)) == ("", "power=2")
    assert squared.options == {"power": 2}
    assert plain.sheet.range == (0, 9)
    assert squared.sheet.range == (0, 1)
    assert squared.invariant_to(0) == squared.invariant_to(1) == {"scale"}
    assert squared.sheet.domain == {**dict.fromkeys(EDGE_CASES, "value"), "constant": "ZeroRowsError"}
    given = plain.sample()
    assert squared.value(given) == pytest.approx(plain.value(given) ** 2)


@pytest.mark.parametrize(
    ("declared", "held"),
    [
        (set(), set()),
        ({"scale"}, {"scale"}),
        ({"rotation"}, {"rotation", "permutation"}),
        ({"affine"}, {"affine", "linear", "rotation", "permutation", "scale", "translation"}),
    ],
)
def test_a_group_holds_those_that_it_contains(declared, held):
    (case,) = cases_of(pair(invariant_to=declared))
    assert case.invariant_to(0) == held


def test_a_measure_that_may_take_a_support_is_tried_both_ways():
    def may(x, labels, *, support=None):
        """With or without."""
        return 0.0 if support is None else float(len(support[0]))

    def must(x, labels, *, support):
        """With."""
        return float(len(support[0]))

    needs = {"needs": {"labels", "support"}}
    assert support_ways(single(may, **needs).sheet) == [False, True]
    assert support_ways(single(must, **needs).sheet) == [True]
    assert support_ways(pair().sheet) == [False]
    without, beside = cases_of(single(may, **needs))
    assert (str(without), str(beside)) == ("", "support")
    assert (without.value(without.sample(n=40)).item(), beside.value(beside.sample(n=40)).item()) == (0, 80)


def test_a_tolerance_is_added_to_what_rounding_may_do():
    assert Case(pair().sheet).slack == EXACT
    assert cases_of(pair())[0].sample(1).labels.tolist() == (np.arange(80) % 4).tolist()
