import runpy
from pathlib import Path

import pandas as pd
import pytest

from simzoo.errors import UnknownNameError, UsageError
from simzoo.prediction.signature import signature
from simzoo.table.schema import frame

made = runpy.run_path(str(Path(__file__).with_name("pools.py")))


@pytest.fixture
def table():
    return made["measured"](models=3, seeds=1)


def test_of_mgm_it_takes_the_numbers_of_the_study(table):
    found = signature(table.rows, table.sheets)
    assert found.table.shape == (3, 12)  # six fields in two settings, ranks left out
    assert found.data == "digits"
    assert [entry.field for entry in found.entries].count("count_mean") == 2
    assert next(iter(found.table)) == "mgm.diameter_mean, none"
    held = table.rows
    one = held[(held["model"] == "net1#0") & (held["field"] == "count_sd") & (held["augmentation"] == "crop")]
    assert found.table.loc["net1#0", "mgm.count_sd, crop"] == one["value"].item()


def test_accuracies_and_scores_of_labels_are_no_signature(table):
    named = [made["row"]("twonn", name, at) for at, name in enumerate(("net0#0", "net1#0", "net2#0"))]
    others = table.rows[table.rows["measure"] != "mgm"]
    found = signature(pd.concat([others, frame(named)]), table.sheets)
    assert list(found.table) == ["twonn, none"]


def test_incomplete_models_and_constant_numbers_are_left_out_and_named(table):
    rows = table.rows.copy()
    rows.loc[(rows["model"] == "net0#0") & (rows["field"] == "count_sd"), "status"] = "undefined"
    rows.loc[rows["field"] == "affinity_sd", "value"] = 3.0
    found = signature(rows, table.sheets)
    assert list(found.table.index) == ["net1#0", "net2#0"]
    assert "mgm.affinity_sd, crop" not in found.table
    assert len(found.entries) == found.table.shape[1] == 10
    assert "net0#0: lacks 2 numbers" in found.left_out
    assert "mgm.affinity_sd, none: the same for all models" in found.left_out


def test_the_last_layer_stands_for_a_model(table):
    earlier = table.rows.assign(tap="layer1", kind="block", depth=0.5, value=99.0)
    together = signature(pd.concat([earlier, table.rows]), table.sheets)
    assert together.table.equals(signature(table.rows, table.sheets).table)


def test_another_measure_of_the_table_may_be_named(table):
    with pytest.raises(UnknownNameError, match="unknown measures of this table 'ckaa'"):
        signature(table.rows, table.sheets, ["ckaa"])


def test_a_table_without_geometry_says_what_to_measure(table):
    with pytest.raises(UsageError, match="the table has no geometry to predict from"):
        signature(table.rows[table.rows["measure"] == "linear_probe"], table.sheets)
    with pytest.raises(UsageError, match=r"got: mgm on imagenet"):
        signature(table.rows, table.sheets, data="imagenet")


def test_options_tell_numbers_apart(table):
    rows = table.rows.copy()
    other = rows[rows["measure"] == "mgm"].assign(params='{"k": 10, "views": 20}')
    found = signature(pd.concat([rows, other.assign(value=other["value"] * 2)]), table.sheets)
    assert "mgm.count_mean, crop (k 50, views 20)" in found.table
    assert "mgm.count_mean, crop (k 10, views 20)" in found.table
