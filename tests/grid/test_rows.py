import json
from dataclasses import replace

import numpy as np
import pytest

from simzoo.errors import MismatchError
from simzoo.grid.rows import similarity_rows, tap_rows
from simzoo.measures.geometry.collapse import neural_collapse
from simzoo.measures.transferability.discriminant import ncti
from simzoo.measures.transferability.source import leep
from simzoo.representations.representation import Representation

NO_DRAWS = {"resamples": 0, "permutations": 0, "seed": 0}


def taps(name, count=3, n=30, seed=0, ids=None):
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    return [
        Representation(
            draw.normal(size=(n, 4 + i)).astype(np.float32),
            tuple(ids or (str(j) for j in range(n))),
            labels=labels,
            model=name,
            tap=f"t{i}",
            kind="even",
            depth=i / (count - 1),
        )
        for i in range(count)
    ]


def test_a_matrix_becomes_a_row_for_each_cell_and_its_summaries(shelves):
    sheet = shelves.measures["cka"].sheet
    rows = similarity_rows(sheet, taps("a"), taps("b", seed=1), {}, {"resamples": 20, "permutations": 20, "seed": 0})
    cells = [row for row in rows if row.field == "value"]
    assert [(row.tap, row.tap_b) for row in cells] == [(f"t{i}", f"t{j}") for i in range(3) for j in range(3)]
    totals = {row.field: row for row in rows if row.field != "value"}
    assert set(totals) == {"match", "lag"}
    best = np.array([row.value for row in cells]).reshape(3, 3).max(axis=1).mean()
    assert totals["match"].value == pytest.approx(best)
    assert totals["match"].tap is totals["match"].tap_b is None
    assert (totals["match"].kind, totals["match"].model, totals["match"].model_b) == ("even", "a", "b")
    assert totals["match"].low < totals["match"].value < totals["match"].high


def test_a_model_with_itself_has_no_summaries_and_ones_on_the_diagonal(shelves):
    xs = taps("a")
    rows = similarity_rows(shelves.measures["cka"].sheet, xs, xs, {}, NO_DRAWS)
    assert len(rows) == 9
    assert [row.value for row in rows if row.tap == row.tap_b] == pytest.approx([1, 1, 1], abs=1e-6)


def test_other_images_are_refused(shelves):
    others = taps("b", ids=[f"other{i}" for i in range(30)])
    with pytest.raises(MismatchError, match="their image ids differ"):
        similarity_rows(shelves.measures["cka"].sheet, taps("a"), others, {}, NO_DRAWS)


def test_options_and_chance_stand_in_the_row(shelves):
    rows = similarity_rows(shelves.measures["mutual_knn"].sheet, taps("a"), taps("b", seed=1), {"k": 5}, NO_DRAWS)
    assert json.loads(rows[0].params) == {"k": 5}
    assert rows[0].chance == pytest.approx(5 / 29)
    assert rows[0].low is None


def test_each_field_of_a_measure_is_a_row(shelves):
    rows = tap_rows(shelves.measures["class_cka"].sheet, taps("a"), [], {}, {**NO_DRAWS, "resamples": 10})
    assert [(row.tap, row.field) for row in rows] == [
        (f"t{i}", field) for i in range(3) for field in ("biased", "unbiased")
    ]
    assert all(row.low <= row.value <= row.high for row in rows)


def test_a_field_that_needs_what_a_grid_does_not_give_is_undefined_with_its_reason(shelves):
    rows = tap_rows(neural_collapse.sheet, taps("a"), [], {}, {**NO_DRAWS, "resamples": 10})[:5]
    assert [(row.field, row.status) for row in rows if row.status != "ok"] == [("nc3", "undefined")]
    (missing,) = (row for row in rows if row.field == "nc3")
    assert "has no nc3 without an input" in missing.reason
    assert missing.value is missing.low is None
    assert all(row.low <= row.value <= row.high for row in rows if row.field != "nc3")


def test_a_tap_without_labels_is_undefined_with_its_reason(shelves):
    bare = [Representation(x.values, x.ids, model="a", tap=x.tap) for x in taps("a")]
    rows = tap_rows(shelves.measures["class_cka"].sheet, bare, [], {}, NO_DRAWS)
    assert {row.status for row in rows} == {"undefined"}
    assert "labels" in rows[0].reason


def test_measures_of_outputs_are_undefined_of_layers(shelves):
    xs = [replace(tap, values=tap.values[:, :4]) for tap in taps("a")]
    xs[1] = replace(xs[1], tap="head", kind="logits")
    rows = similarity_rows(shelves.measures["error_kappa"].sheet, xs, [replace(x) for x in xs], {}, NO_DRAWS)
    assert [row.status for row in rows if row.field == "value"] == ["undefined"] * 4 + ["ok"] + ["undefined"] * 4
    assert "error_kappa is of a model's outputs, and t0 is a layer before them" in rows[0].reason
    assert "--taps logits" in rows[0].reason
    assert rows[4].value == 1


def test_a_score_of_outputs_is_of_the_logits_alone():
    layer, logits = taps("a", count=2)
    rows = tap_rows(leep.sheet, [layer, replace(logits, tap="logits")], [], {}, {**NO_DRAWS, "resamples": 10})
    assert [row.status for row in rows] == ["undefined", "ok"]
    assert "leep is of a model's outputs, and t0 is a layer before them" in rows[0].reason
    assert rows[1].low < rows[1].value < rows[1].high <= 0


def test_a_score_with_several_parts_has_a_row_for_each():
    rows = tap_rows(ncti.sheet, taps("a", count=2)[:1], [], {}, NO_DRAWS)
    assert [row.field for row in rows] == ["self_consistency", "class_means", "collapse"]
    assert all(row.status == "ok" for row in rows)
