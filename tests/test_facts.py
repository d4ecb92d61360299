import functools
import json
from dataclasses import FrozenInstanceError
from typing import NamedTuple

import pytest

from simzoo import facts
from simzoo.errors import UsageError
from simzoo.facts import geometry, similarity, transferability


class Both(NamedTuple):
    biased: float
    unbiased: float


def both(x) -> "Both":
    """Say both.

    Not part of the summary.
    """
    return Both(x, x)


def pair(x, y):
    return 0.0


def declare(function=pair, **changes):
    sheet = {
        "name": "pair",
        "version": 1,
        "range": (0, 1),
        "identical": 1,
        "larger": "more alike",
        "symmetric": True,
        "invariant_to": {"rotation"},
        "reference": "ours",
    }
    return similarity(**{**sheet, **changes})(function)


def single(function=both, decorator=geometry, **changes):
    sheet = {"name": "both", "version": 1, "range": (0, float("inf")), "larger": "more", "reference": "ours"}
    return decorator(**{"invariant_to": (), **sheet, **changes})(function)


def test_decorators_return_the_same_function_which_still_works_alone():
    def plain(x, y):
        return x + y

    assert declare(plain) is plain
    assert plain(1, 2) == 3
    assert plain.sheet.function is plain


@pytest.mark.parametrize("kind", ["objective", "backbone", "dataset", "augmentation", "executor"])
def test_the_other_decorators_return_the_same_part_with_a_sheet_of_their_kind(kind):
    class Part:
        """Do something.

        At length.
        """

    assert getattr(facts, kind)(name="part", version=2)(Part) is Part
    sheet = Part.sheet
    assert (sheet.kind, sheet.name, sheet.version, sheet.summary) == (kind, "part", 2, "Do something.")
    with pytest.raises(FrozenInstanceError):
        sheet.name = "other"
    assert json.loads(json.dumps(sheet.as_dict())) == sheet.as_dict()


def test_facts_of_a_part_stand_beside_its_own_words_and_never_replace_them():
    part = facts.backbone(name="net", stem={"3x3"}, kind="resnet", summary="?")(lambda: None)
    assert part.sheet.as_dict() == {
        "name": "net", "version": 1, "kind": "backbone", "reference": "", "summary": "", "stem": ["3x3"]
    }  # fmt: skip


def test_a_sheet_is_frozen():
    with pytest.raises(FrozenInstanceError):
        declare().sheet.version = 2


@pytest.mark.parametrize(
    ("changes", "word", "expected", "got"),
    [
        ({"invariant_to": {"rotation", "rotations"}}, "invariant_to", "permutation, rotation", "rotations"),
        ({"invariant_to": ({"scale"}, {"shear"})}, "invariant_to", "permutation, rotation", "shear"),
        ({"invariant_to": "scale"}, "invariant_to", "permutation, rotation", "a, c, e, l, s"),
        ({"needs": {"label", "views"}}, "needs", "labels, views, logits", "label"),
        ({"takes": {"support"}}, "takes", "labels, views", "support"),
        ({"domain": {"n = d": "value"}}, "domain", "n <= d, n < 4, constant", "n = d"),
        ({"domain": {"constant": "ConstantInputEror"}}, "domain", "value, ConstantInputError", "ConstantInputEror"),
        ({"domain": {"constant": ("value", "ValueEror")}}, "domain", "value, ConstantInputError", "ValueEror"),
        ({"variants": [{"k": 1, "domain": {"zero row": "value"}}]}, "domain", "zero rows", "zero row"),
        ({"variants": [{"k": 1, "invariant_to": ("all",)}]}, "invariant_to", "permutation", "all"),
    ],
)
def test_an_unknown_word_is_refused_by_name(changes, word, expected, got):
    with pytest.raises(UsageError) as caught:
        declare(**changes)
    assert caught.value.what == f"measure 'pair': unknown word in {word}"
    assert expected in caught.value.expected
    assert caught.value.got == got


@pytest.mark.parametrize("limits", [(1, 1), (2, 1), (float("nan"), 1)])
def test_an_empty_range_is_refused(limits):
    with pytest.raises(UsageError, match="'pair': its range is empty\n  expected: low < high\n  got: "):
        declare(range=limits)


@pytest.mark.parametrize(
    ("given", "x", "y"),
    [
        ({"scale", "rotation"}, {"scale", "rotation"}, {"scale", "rotation"}),
        (("scale", "rotation"), {"scale", "rotation"}, {"scale", "rotation"}),
        (({"linear"}, {"rotation"}), {"linear"}, {"rotation"}),
        ([{"linear"}, ()], {"linear"}, set()),
        (["scale"], {"scale"}, {"scale"}),
        ((), set(), set()),
    ],
)
def test_invariances_are_kept_for_each_side(given, x, y):
    assert declare(invariant_to=given).sheet.invariant_to == (x, y)


def test_every_edge_case_has_an_answer_and_a_value_is_the_default():
    sheet = declare(domain={"constant": "ConstantInputError"}).sheet
    assert tuple(sheet.domain) == facts.EDGE_CASES
    assert {case: word for case, word in sheet.domain.items() if word != "value"} == {"constant": "ConstantInputError"}


def test_the_fields_of_a_named_tuple_become_the_fields_of_the_measure():
    assert single().sheet.fields == ("biased", "unbiased")
    assert single(functools.cache(both)).sheet.fields == ("biased", "unbiased")
    assert single(functools.partial(both)).sheet.fields == ("value",)
    assert single(functools.partial(both), fields=("a", "b")).sheet.fields == ("a", "b")
    assert declare().sheet.fields == ("value",)


def test_the_summary_is_the_first_line_of_the_docstring():
    assert single().sheet.summary == "Say both."
    assert declare().sheet.summary == ""


def test_a_transferability_score_needs_labels_without_saying_so():
    assert single(decorator=transferability).sheet.needs == {"labels"}
    assert single(decorator=transferability, needs=["logits"]).sheet.needs == {"labels", "logits"}


def test_a_sheet_as_plain_data_survives_json_and_holds_no_function():
    variants = ({"metric": "cosine"}, {"metric": "l2", "invariant_to": {"rotation", "permutation"}})
    part = declare(inner=abs, grid=abs, chance=lambda n: 1 / n, needs={"views", "labels"}, variants=variants)
    plain = part.sheet.as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert not {"inner", "grid", "function"} & set(plain)
    assert plain["has_inner"] is True
    assert plain["chance"] == "depends on n and the options"
    assert plain["needs"] == ["labels", "views"]
    assert plain["takes"] == []
    assert "by_rows" not in plain
    assert plain["invariant_to"] == [["rotation"], ["rotation"]]
    assert plain["variants"][1]["invariant_to"] == ["permutation", "rotation"]
    assert (declare(chance=0.5).sheet.as_dict()["chance"], declare().sheet.as_dict()["has_inner"]) == (0.5, False)


def test_a_word_that_no_sheet_has_is_refused():
    with pytest.raises(TypeError, match="symetric"):
        single(symetric=True)
