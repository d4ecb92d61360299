"""The verdict on a grid, tested as text."""

import pytest

from simzoo.report.grid_verdict import grid_verdict
from simzoo.report.verdict import verdict
from simzoo.table.schema import Row, Table, frame


def pair(a, b, value, half=0.02, setting="none"):
    row = Row("cka", 1, field="match", value=value, null_mean=0.02, p=0.01, augmentation=setting, data="digits")
    row.low, row.high = (None, None) if half is None else (value - half, value + half)
    row.model, row.model_b, row.kind, row.kind_b = a, b, "even", "even"
    return row


def single(measure, model, value, setting="none", half=0.02, **more):
    low, high = (None, None) if half is None else (value - half, value + half)
    about = {"tap": "final", "kind": "final", "depth": 1.0, "data": "digits", "augmentation": setting}
    return Row(measure, 1, value=value, low=low, high=high, model=model, **about, **more)


def said(grids, *rows):
    return grid_verdict(Table(frame(rows), grids.SHEETS, {}, {"grid": "g"}))


def test_pairs_settings_and_what_is_not_in_the_table(grids):
    assert said(
        grids, pair("a", "b", 0.9), pair("a", "c", 0.5), pair("b", "c", 0.88), pair("a", "b", 0.7, setting="flip")
    ) == [
        "Measured: 3 models, 1 measure and 2 augmentations in 2 settings on digits; 4 rows: 4 ok.",
        (
            "By CKA of even layers, none: a and b are most alike (.90 [.88, .92], null .02), a and c least "
            "(.50 [.48, .52], null .02)."
        ),
        "Cannot be told apart from the most alike pair: b and c.",
        "All 3 pairs are more alike than chance.",
        "The same pair has the largest likeness in 1 of 1 other setting.",
        "How much an augmentation changes a model was not measured.",
        "Not in this table at all: 2 of 6 pairs of models by measure and setting; see Gaps.",
    ]


def test_what_is_not_above_its_null_is_not_called_alike(grids):
    sentences = said(grids, pair("a", "b", 0.9), pair("a", "c", 0.03))
    assert "1 of 2 pairs are more alike than chance; the others cannot be told from it." in sentences


def test_nothing_is_concluded_without_intervals(grids):
    sentences = said(grids, pair("a", "b", 0.9, half=None), pair("a", "c", 0.5, half=None))
    assert "No interval was computed, so nothing is concluded from the order." in sentences
    assert "For 2 pairs of 2 no interval or no null was computed: no claim is made of them." in sentences


def test_change_leader_and_failures(grids):
    rows = [single("invariance", model, value, "crop", strength=1.0) for model, value in (("a", 0.9), ("b", 0.4))]
    rows += [single("knn_accuracy", model, value) for model, value in (("a", 0.80), ("b", 0.79), ("c", 0.5))]
    failed = single("twonn", "a", 0.0)
    failed.status, failed.reason, failed.value, failed.low, failed.high = "failed", "boom", None, None, None
    rows.append(single("twonn", "c", 5.0))
    assert said(grids, *rows, failed)[1:] == [
        (
            "Of all models and settings, crop 1 changes b most (invariance of the final layer .40 [.38, .42]); "
            "crop 1 changes a least (.90 [.88, .92])."
        ),
        "The intervals of all others lie apart from that of the largest change.",
        ("By kNN accuracy of the final layer, none: a leads with .80 [.78, .82]; c is last with .50 [.48, .52]."),
        "Cannot be told apart from the leader: b.",
        "1 row (14 %) hold no value: see Gaps.",
    ]


def test_one_door_serves_comparisons_and_grids(two, small_grid):
    assert verdict(small_grid)[0].startswith("Measured: 3 models (up to 2 seeds each), 8 measures")
    assert not verdict(two)[0].startswith("Measured")


@pytest.mark.parametrize("context", [{}, {"grid": "", "report": ""}, {"grid": "g", "datasets": []}])
def test_no_context_is_needed(small_grid, context):
    assert verdict(Table(small_grid.rows, small_grid.sheets, {}, context))[0].startswith("Measured: 3 models")
