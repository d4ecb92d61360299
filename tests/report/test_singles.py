import math

import pytest

from simzoo.report.singles import by_variant, last, ranked, singles
from simzoo.table.schema import Row, Table, frame


def one(measure, model, value, tap="final", setting="none", **more):
    kind, depth = ("final", 1.0) if tap == "final" else ("even", 0.5)
    about = {"tap": tap, "kind": kind, "depth": depth, "augmentation": setting}
    return Row(measure, 1, value=value, model=model, **{**about, **more})


def table(*rows):
    return Table(frame(rows))


def gap(measure, model, status, reason, **more):
    return one(measure, model, None, status=status, reason=reason, **more)


def test_seeds_are_one_row_and_pairs_are_not_among_them():
    rows = [one("twonn", f"a#{seed}", value, seed=seed) for seed, value in enumerate((1.0, 2.0, 6.0))]
    pair = Row("cka", 1, value=0.5, model="a#0", model_b="a#1", tap="final", tap_b="final")
    (row,) = singles(table(*rows, pair)).to_dict("records")
    assert (row["model"], row["value"], row["seeds"], row["status"], row["note"]) == ("a", 3.0, 3, "ok", "")


def test_what_has_no_value_says_why_and_the_worst_is_told():
    rows = singles(
        table(
            gap("twonn", "a#0", "skipped", "left out", seed=0),
            gap("twonn", "a#1", "failed", "MemoryError", seed=1),
            gap("twonn", "b", "undefined", None),
            one("twonn", "c", 4.0),
        )
    ).set_index("model")
    assert rows["status"].to_dict() == {"a": "failed", "b": "undefined", "c": "ok"}
    assert rows.loc["a", "note"] == "failed: MemoryError"
    assert rows.loc["b", "note"] == "undefined: no reason was given"
    assert math.isnan(rows.loc["a", "value"])
    assert rows.loc["a", "seeds"] == 0


def test_one_sound_seed_stands_for_a_seed_that_failed():
    found = singles(table(one("twonn", "a#0", 4.0, seed=0), gap("twonn", "a#1", "failed", "boom", seed=1)))
    assert found[["status", "value", "seeds"]].to_numpy().tolist() == [["ok", 4.0, 1]]


def test_the_last_layer_is_the_final_one_or_else_the_deepest():
    rows = [one("twonn", "a", 1.0, tap="layer1"), one("twonn", "a", 2.0)]
    rows += [one("twonn", "b", 3.0, tap="layer1"), one("twonn", "b", 4.0, tap="layer2", depth=0.9)]
    whole = table(*rows)
    found = last(whole, singles(whole))
    assert found[["model", "value"]].to_numpy().tolist() == [["a", 2.0], ["b", 4.0]]


def test_what_was_measured_elsewhere_only_is_absent():
    whole = table(
        one("twonn", "a", 1.0),
        one("twonn", "a", 2.0, setting="flip"),
        one("twonn", "b", 3.0),
        one("effective_rank", "a", 4.0),
    )
    found = last(whole, singles(whole)).set_index(["measure", "setting", "model"])
    assert len(found) == 5
    row = found.loc["twonn", "flip", "b"]
    assert (row["status"], row["note"]) == ("absent", "absent: not in this table")
    assert math.isnan(row["value"])
    assert ("effective_rank", "none", "b") not in found.index  # which b was never asked for


def test_accuracy_comes_first_and_the_others_as_they_stand(small_grid):
    groups = list(by_variant(singles(small_grid)))
    assert [measure for _, measure, _ in groups] == [
        "knn_accuracy",
        "effective_rank",
        "twonn",
        "class_cka",
        "invariance",
    ]
    assert all(set(rows["variant"]) == {variant} for variant, _, rows in groups)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_models_are_ranked_by_their_mean_over_settings(order):
    rows = [
        one("twonn", "b", 5.0),
        one("twonn", "a", 2.0),
        one("twonn", "a", 9.0, setting="flip"),
        one("twonn", "b", 5.5, setting="flip"),
        gap("twonn", "c", "failed", "boom"),
        one("twonn", "d", 7.0),
    ]
    assert ranked(singles(table(*rows[order]))) == ["d", "a", "b", "c"]
