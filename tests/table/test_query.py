import numpy as np
import pandas as pd
import pytest
from scipy import stats

from simzoo.errors import UnknownNameError, UsageError
from simzoo.table.query import choose, last_layers, over_seeds, pivot
from simzoo.table.schema import Row, frame

ROWS = frame(
    [
        Row("cka", 1, value=0.9, model="vit-simclr", tap="a", strength=None, seed=0),
        Row("cka", 1, value=0.7, model="vit-simclr#1", tap="a", strength=0.5, seed=1),
        Row("cka", 1, value=0.5, model="resnet50-sl", tap="b", strength=1.0, seed=0),
        Row("twonn", 1, value=7.0, model="resnet50-sl", tap="b", seed=0),
        Row("twonn", 1, model="vit-simclr", tap="a", status="failed", reason="no", seed=0),
    ]
)


@pytest.mark.parametrize(
    ("conditions", "kept"),
    [
        ([], [0, 1, 2, 3, 4]),
        (["measure=cka"], [0, 1, 2]),
        (["model=vit-*"], [0, 1, 4]),
        (["model=vit-*", "status!=failed"], [0, 1]),
        (["model=resnet50-sl|vit-simclr#1"], [1, 2, 3]),
        (["value>=0.7"], [0, 1, 3]),
        (["value < 0.7"], [2]),
        (["strength="], [0, 3, 4]),
        (["strength=0.5"], [1]),
        (["seed!=0"], [1]),
        (["strength!=x"], [0, 1, 2, 3, 4]),
    ],
)
def test_conditions_are_met_all_together(conditions, kept):
    assert choose(ROWS, conditions).index.tolist() == kept


@pytest.mark.parametrize(
    ("condition", "error", "said"),
    [
        ("cka", UsageError, r"'cka' is no condition(.|\n)*COLUMN=GLOB"),
        ("mesure=cka", UnknownNameError, r"unknown column 'mesure'(.|\n)*did you mean measure"),
        ("model>3", UsageError, r"'model' cannot be compared with '3'(.|\n)*a column of numbers"),
        ("value>x", UsageError, r"'value' cannot be compared with 'x'(.|\n)*next: --where 'value=x'"),
    ],
)
def test_a_condition_that_makes_no_sense_says_why(condition, error, said):
    with pytest.raises(error, match=said):
        choose(ROWS, [condition])


def test_seeds_are_taken_together_by_students_interval():
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=4)
    rows = frame(Row("cka", 1, value=v, model=f"m#{i}" if i else "m", seed=i) for i, v in enumerate(drawn))
    (found,) = over_seeds(rows).to_dict("records")
    low, high = stats.t.interval(0.95, 3, loc=drawn.mean(), scale=stats.sem(drawn))
    assert found["model"] == "m"
    assert found["seeds"] == 4
    assert (found["value"], found["sd"]) == pytest.approx((drawn.mean(), drawn.std(ddof=1)))
    assert (found["low"], found["high"]) == pytest.approx((low, high))


def test_a_model_under_two_spellings_counts_once():
    rows = frame(Row("cka", 1, value=0.5, model=name, seed=seed) for name, seed in (("m", 0), ("m#0", 0), ("m#1", 1)))
    assert over_seeds(rows)["seeds"].tolist() == [2]


def test_one_seed_has_no_interval_and_failed_rows_do_not_count():
    found = over_seeds(ROWS)
    assert found[["measure", "model", "seeds"]].to_numpy().tolist() == [
        ["cka", "vit-simclr", 1],
        ["cka", "vit-simclr", 1],  # of another strength
        ["cka", "resnet50-sl", 1],
        ["twonn", "resnet50-sl", 1],
    ]
    assert found["low"].isna().all()


def test_a_pivot_is_one_value_a_cell():
    table = pivot(choose(ROWS, ["status=ok"]), ["model"], ["measure"])
    assert table.index.tolist() == ["vit-simclr", "vit-simclr#1", "resnet50-sl"]
    assert table.loc["resnet50-sl"].tolist() == [0.5, 7.0]
    assert pd.isna(table.loc["vit-simclr", "twonn"])


def test_two_rows_in_a_cell_are_refused_with_what_tells_them_apart():
    with pytest.raises(
        UsageError, match=r"several rows fall into one cell(.|\n)*1 too many, which differ in measure"
    ) as error:
        pivot(choose(ROWS, ["tap=b"]), ["model"], ["tap"])
    assert error.value.next_step == "add a condition (--where measure=...) or a level (--down ..., measure)"
    with pytest.raises(UnknownNameError, match="unknown column 'modle'"):
        pivot(ROWS, ["modle"], ["measure"])


def test_the_final_layer_stands_for_a_model_or_else_the_deepest():
    rows = frame(
        [
            Row("twonn", 1, value=1.0, model="a", tap="final", kind="final", depth=0.5),
            Row("twonn", 1, value=2.0, model="a", tap="block", kind="block", depth=1.0),
            Row("twonn", 1, value=3.0, model="b", tap="low", kind="block", depth=0.0),
            Row("twonn", 1, value=4.0, model="b", tap="high", kind="block", depth=1.0),
            Row("anisotropy", 1, value=5.0, model="b", tap="low", kind="block", depth=0.0),
            Row("cka", 1, value=6.0, model="b", model_b="a", tap="high", tap_b="final", kind="block", depth=1.0),
        ]
    )
    assert last_layers(rows)["value"].tolist() == [1.0, 4.0]
    assert last_layers(rows, ["model", "measure"])["value"].tolist() == [1.0, 4.0, 5.0]
