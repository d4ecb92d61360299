import math

import numpy as np
import pytest

from simzoo.table.schema import COLUMNS, DTYPES, RUN_COLUMNS, Row, Table, frame, params_text, typed

DESIGNED = """
measure, version, field, params, value, low, high, chance, null_mean, p, status, reason,
model, tap, kind, depth, model_b, tap_b, kind_b, depth_b, data, split, n, d, d_b,
augmentation, strength, draw, seed, seed_b,
run_id, host, created, started, seconds, device_seconds
"""


def test_the_columns_are_those_of_the_design_in_its_order():
    assert list(COLUMNS) == DESIGNED.replace(",", " ").split()
    assert COLUMNS[-6:] == RUN_COLUMNS


def test_a_frame_has_the_schemas_columns_and_nullable_types():
    whole, real = "version n d d_b draw seed seed_b", "value low high chance null_mean p depth depth_b strength"
    expected = dict.fromkeys(COLUMNS, "string") | dict.fromkeys(whole.split(), "Int64")
    expected |= dict.fromkeys([*real.split(), "seconds", "device_seconds"], "Float64")
    for rows in ([], [Row("cka", 1)], [Row("cka", 1, value=1, n=2, seed=3, low=0.5, reason="x", seconds=1)]):
        table = frame(rows)
        assert {name: str(dtype) for name, dtype in table.dtypes.items()} == expected == DTYPES
        assert list(table.columns) == list(COLUMNS)
        assert len(table) == len(rows)


def test_values_arrive_as_they_were_and_what_is_not_known_is_missing():
    rows = [
        Row("cka", 1, value=0.1, n=2**60 + 1),
        Row("cka", 1, value=np.float32(0.5), low=-math.inf, seed=np.int64(3)),
    ]
    table = frame(rows)
    assert table["value"].tolist() == [0.1, 0.5]
    assert table["n"][0] == 2**60 + 1
    assert (table["low"][1], table["seed"][1]) == (-math.inf, 3)
    missing = table.isna().loc[0]
    assert set(missing[missing].index) == {
        *("low", "high", "chance", "null_mean", "p", "reason", "tap", "kind", "depth"),
        *(
            "model_b",
            "tap_b",
            "kind_b",
            "depth_b",
            "d",
            "d_b",
            "strength",
            "seed",
            "seed_b",
            "seconds",
            "device_seconds",
        ),
    }
    assert frame([Row("cka", 1, value=math.nan)])["value"].isna().all()


def test_a_row_takes_no_word_of_its_own():
    with pytest.raises(TypeError, match="colour"):
        Row("cka", 1, colour="red")
    with pytest.raises(AttributeError):
        Row("cka", 1).colour = "red"


def test_typing_restores_order_and_adds_what_is_missing():
    shuffled = frame([Row("cka", 1, value=0.5)])[["value", "measure"]].assign(other=1)
    table = typed(shuffled)
    assert list(table.columns) == list(COLUMNS)
    assert (table["value"][0], table["measure"][0], table["model"].isna().all()) == (0.5, "cka", True)


def test_the_options_of_a_measure_are_one_canonical_text():
    assert params_text({}) == "{}" == Row("cka", 1).params
    assert params_text({"metric": "cosine", "k": 20}) == params_text({"k": 20, "metric": "cosine"})


def test_two_tables_share_nothing():
    first, second = Table(frame([])), Table(frame([]))
    first.sheets["cka"] = {}
    assert second.sheets == {}
