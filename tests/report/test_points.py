import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import zscore

from simzoo.report.points import points_of
from simzoo.table.schema import Table

made = runpy.run_path(str(Path(__file__).with_name("maps.py")))


def test_a_signature_is_thirty_numbers_z_scored_over_the_models():
    table = made["signatures"]()
    (points,) = points_of(table)
    assert points.signature.shape == (9, 30)
    assert points.method == "ward"
    assert [name for name in points.signature.columns if name.startswith("count mean")] == [
        f"count mean, {setting}" for setting in ("semantic", "augs", "crop", "colorjitter", "rotate")
    ]
    rows = table.rows
    own = rows[(rows["field"] == "affinity_sd") & (rows["augmentation"] == "crop")]
    np.testing.assert_allclose(points.signature["affinity sd, crop"], zscore(own["value"].to_numpy(float)))
    values = points.signature.to_numpy()
    assert points.distances[0, 5] == pytest.approx(np.linalg.norm(values[0] - values[5]))
    assert len(points.halves) == 4
    assert not np.allclose(points.halves[0], points.halves[1])
    for word in ("30 numbers", "none 200", "crop 40", "k 50", "views 12", "solver exact"):
        assert word in points.about


def test_each_data_set_and_each_setting_of_the_options_is_a_map_of_its_own():
    table = made["signatures"](data=("digits", "cifar10"))
    assert [points.title for points in points_of(table)] == ["mgm, digits", "mgm, cifar10"]
    other = table.rows.assign(params=table.rows["params"].str.replace("12", "24"))
    swept = Table(pd.concat([table.rows, other]), table.sheets, table.models, table.context)
    titles = [points.title for points in points_of(swept)]
    assert len(titles) == 4
    assert "views 24" in titles[1]


def test_what_no_model_has_and_who_lacks_most_is_left_out_and_told():
    table = made["signatures"]()
    rows = table.rows
    semantic = rows["augmentation"] == "none"
    rows.loc[semantic, ["value", "status"]] = [None, "undefined"]
    rows.loc[semantic, "reason"] = "a class of one sample is no manifold\n  expected: two"
    rows.loc[rows["model"] == "c2", ["value", "status"]] = [None, "failed"]
    rows.loc[(rows["model"] == "a0") & (rows["augmentation"] == "rotate") & (rows["field"] == "count_sd"), "value"] = (
        None
    )
    rows.loc[(rows["augmentation"] == "crop") & (rows["field"] == "count_sd"), "value"] = 2.5
    (points,) = points_of(table)
    assert points.names == ["a0", "a1", "a2", "b0", "b1", "b2", "c0", "c1"]
    assert points.signature.shape == (8, 22)
    assert "count mean, semantic: no model has it (a class of one sample is no manifold)" in points.left_out
    assert "c2: lacks most of the numbers" in points.left_out
    assert "count sd, rotate: not of every model" in points.left_out
    assert "the same for all models: count sd, crop" in points.left_out


def test_a_similarity_is_how_much_less_alike_two_are_and_a_distance_is_as_it_is():
    for measure, scale in (("cka", 0.1), ("gap", 1.0)):
        table, places = made["likenesses"](measure)
        (points,) = points_of(table)
        assert points.method == "average"
        np.testing.assert_allclose(points.distances, scale * abs(places[:, None] - places), atol=1e-12)
        assert len(points.halves) == 3
        np.testing.assert_allclose(points.halves[0], points.distances)


def test_two_models_or_no_such_measure_are_no_map():
    table = made["signatures"](each=1)
    few = table.rows[table.rows["model"] != "c0"]
    assert points_of(Table(few, table.sheets, table.models, {})) == []
    assert points_of(Table(table.rows.assign(measure="twonn"), {}, {}, {})) == []
    assert len(points_of(Table(table.rows, table.sheets, table.models, {}))) == 1
    assert points_of(Table(table.rows, table.sheets, table.models, {}))[0].halves == []
