from types import SimpleNamespace

import numpy as np
import pytest

from simzoo.errors import ConformanceError
from simzoo.facts import geometry
from simzoo.testing import Result, checks, conformance, require_conformance

SHEET = {
    "name": "mine",
    "version": 1,
    "range": (0, 9),
    "larger": "more",
    "invariant_to": {"scale"},
    "reference": "ours",
}
FALSE = "declared invariances hold"


def declared(**more):
    def mine(x):
        return float(np.abs(np.asarray(x, dtype=float)).mean())

    return geometry(**{**SHEET, **more})(mine)


def by_name(part):
    return {result.check: result for result in conformance(part)}


def test_a_waiver_with_a_reason_is_printed_with_it():
    found = by_name(declared(waive={FALSE: "scale is near enough"}))[FALSE]
    assert found == Result(FALSE, ok=True, reason="scale is near enough", waived=True)
    assert str(found) == f"waived (scale is near enough)  {FALSE}"
    assert not by_name(declared())[FALSE].ok


@pytest.mark.parametrize(
    ("waive", "said"),
    [
        ({FALSE: ""}, f"no reason for {FALSE!r}"),
        ({FALSE: " "}, "no reason"),
        ({"speling": "why"}, "no check 'speling'"),
    ],
)
def test_a_waiver_without_a_reason_or_a_check_is_a_failure(waive, said):
    found = by_name(declared(waive=waive))["waivers have a check and a reason"]
    assert not found.ok
    assert said in found.reason
    assert f"the checks are: {FALSE}" in found.reason


def test_a_waiver_is_shown_with_the_sheet():
    assert declared(waive={FALSE: "why"}).sheet.as_dict()["waive"] == {FALSE: "why"}
    assert "waive" not in declared().sheet.as_dict()


def test_one_error_lists_every_check_that_fails():
    with pytest.raises(ConformanceError) as caught:
        require_conformance(declared())
    text = str(caught.value)
    assert text.startswith("'mine' fails ")
    for words in (
        FALSE,
        "mine declares that scale does not change it, and it does",
        "the docstring is whole",
        "expected: a part that does what its sheet says",
        "waive=",
    ):
        assert words in text


def test_a_part_that_raises_anything_is_a_result():
    @geometry(**SHEET)
    def mine(x):
        raise SystemExit(3)

    assert by_name(mine)[FALSE].reason == "it raised SystemExit: 3"


@pytest.mark.parametrize("part", [len, SimpleNamespace(sheet=SimpleNamespace(kind="section"))])
def test_what_has_no_suite_is_named(part):
    with pytest.raises(ConformanceError, match=r"no conformance suite for(.|\n)*made with simzoo's decorators"):
        checks(part)
