import runpy
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from simzoo.report.map_figures import group_colours, plane, tree
from simzoo.report.maps import groups_of, maps
from simzoo.report.palette import UNTRAINED
from simzoo.table.schema import Table

made = runpy.run_path(str(Path(__file__).with_name("maps.py")))


def shown(figure, *place):
    """The rows of data of one part of a figure."""
    spec = part = figure.to_dict()
    for step in place:
        part = part[step]
    return pd.read_csv(StringIO(spec["datasets"][part["data"]["name"]]))


def drawn(make, table):
    (found,) = maps(table)
    return found, make(found, groups_of(table, found.points.names)["paradigm"], "paradigm")


def seeds():
    """Three groups of models, of which the first is three seeds of one model."""
    table = made["signatures"]()
    names = {"a0": "a#0", "a1": "a#1", "a2": "a#2"}
    models = {names.get(name, name): facts for name, facts in table.models.items()}
    return Table(table.rows.assign(model=table.rows["model"].replace(names)), table.sheets, models, table.context)


def test_the_tree_has_a_cell_for_each_number_and_the_cut_between_its_joins():
    found, figure = drawn(tree, made["signatures"]())
    assert shown(figure, "hconcat", 1)["model"].tolist() == [found.points.names[leaf] for leaf in found.order]
    assert len(shown(figure, "hconcat", 2)) == 9 * 30
    (dashed,) = shown(figure, "hconcat", 0, "layer", 1)["height"]
    heights = sorted(found.linkage[:, 2])
    assert heights[-3] < dashed < heights[-2]


def test_the_plane_has_a_point_for_each_model_and_names_that_do_not_meet():
    table, _ = made["likenesses"]()
    found, figure = drawn(plane, table)
    assert len(shown(figure, "layer", 0)) == 2 * 4
    assert shown(figure, "layer", 1)["model"].tolist() == found.points.names
    names = shown(figure, "layer", 2).set_index("name")
    assert names.loc["a0", "below"] != names.loc["a1", "below"]


def test_in_the_plane_a_name_stands_once_for_all_seeds():
    found, figure = drawn(plane, seeds())
    points, names = shown(figure, "layer", 1).set_index("model"), shown(figure, "layer", 2).set_index("name")
    assert sorted(points.index) == sorted(found.points.names)
    assert sorted(names.index) == ["a", "b0", "b1", "b2", "c0", "c1", "c2"]
    assert names.loc["a", "y"] == points.loc[["a#0", "a#1", "a#2"], "y"].max()


@pytest.mark.parametrize("groups", [["untrained", "contrastive"], ["untrained"]])
def test_the_untrained_are_grey(groups):
    scale = group_colours(groups, "paradigm").to_dict()["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True))["untrained"] == UNTRAINED
