import math

import pandas as pd
import pytest

from simzoo.report.columns import packed


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (pd.Series([1.0, 2.5, math.nan]), [1, 2.5, None]),
        (pd.Series([math.inf, -math.inf, 0.0]), [None, None, 0]),
        (pd.Series([1, None, 3], dtype="Int64"), [1, None, 3]),
        (pd.Series([0.1 + 0.2, 1234567.8, 1.00000049e-9]), [0.3, 1234600.0, 1e-9]),
        (pd.Series([123456789, 2**53]), [123456789, 9.0072e15]),
        (pd.Series([], dtype="float64"), []),
    ],
)
def test_numbers_have_five_digits_and_whole_ones_all(given, held):
    found = packed("value", given)
    assert found == {"name": "value", "numbers": held}
    assert [type(number) for number in found["numbers"]] == [type(number) for number in held]


def test_each_text_is_held_once_and_a_gap_is_an_empty_one():
    names = ["vit", "sl", "vit", None, "sl", ""]
    found = packed("model", pd.Series(names))
    assert found == {"name": "model", "texts": ["vit", "sl", ""], "at": [0, 1, 0, 2, 1, 2]}
    assert [found["texts"][place] for place in found["at"]] == [name or "" for name in names]


def test_truth_values_and_mixed_ones_are_texts():
    assert packed("twin", pd.Series([True, False, True])) == {
        "name": "twin",
        "texts": ["True", "False"],
        "at": [0, 1, 0],
    }
    assert packed(3, pd.Series([1, "a", None], dtype=object)) == {"name": "3", "texts": ["1", "a", ""], "at": [0, 1, 2]}
