import json

import pytest

from simzoo.table.parts import part_rows, without_parts
from simzoo.table.schema import Row, frame


def test_values_of_half_samples_leave_the_rows_and_stand_beside_them():
    base = Row("mgm", 2, params='{"views": 5}', chance=0.1, model="a", tap="final", augmentation="crop", strength=1.0)
    other = Row("twonn", 1, value=3.0)
    parts = part_rows(base, [{"count_mean": 1.0, "count_sd": 0.5}, {"count_mean": 2.0, "count_sd": 0.25}])
    assert [json.loads(row.params)["half_sample"] for row in parts] == [0, 0, 1, 1]
    assert {row.chance for row in parts} == {None}
    rows, found = without_parts(frame([base, *parts, other]))
    assert rows["measure"].tolist() == ["mgm", "twonn"]
    assert [(part["field"], part["values"]) for part in found] == [
        ("count_mean", [1.0, 2.0]),
        ("count_sd", [0.5, 0.25]),
    ]
    assert found[0]["params"] == '{"views": 5}'
    assert (found[0]["augmentation"], found[0]["strength"], found[0]["seed"]) == ("crop", 1.0, None)


def test_rows_without_half_samples_stay_and_a_gap_is_no_value():
    rows = frame([Row("twonn", 1, value=3.0)])
    assert without_parts(rows)[0] is rows
    parts = part_rows(Row("mgm", 2), [{"count_mean": 1.0}, {"count_mean": 2.0}])
    with pytest.raises(ValueError, match=r"half-sample 1 of .* stands at place 0"):
        without_parts(frame(parts[1:]))
