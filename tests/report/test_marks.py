import altair as alt
import pandas as pd
import pytest
import vl_convert

from simzoo.report.export import VEGA_LITE
from simzoo.report.marks import GROUND, INK, SHAPES, gap_marks
from simzoo.report.palette import UNDEFINED

STATUSES = ["ok", *SHAPES]


def layers_of(present, cell=30):
    frame = pd.DataFrame({"x": range(len(STATUSES)), "status": STATUSES})
    base = alt.Chart(frame).encode(x="x:O")
    return [layer.to_dict() for layer in gap_marks(base, present, ["status:N"], cell)]


def test_a_whole_figure_has_no_marks():
    assert layers_of(["ok"]) == layers_of([]) == []


def test_each_reason_has_a_ground_and_all_share_one_mark():
    *grounds, mark = layers_of(["absent", "ok", "failed"])
    assert [layer["transform"] for layer in grounds] == [
        [{"filter": "datum.status == 'failed'"}],
        [{"filter": "datum.status == 'absent'"}],
    ]
    assert [layer["mark"]["color"] for layer in grounds] == [UNDEFINED, GROUND["absent"]]
    assert mark["transform"] == [{"filter": "datum.status != 'ok'"}]
    shape, ink = mark["encoding"]["shape"]["scale"], mark["encoding"]["stroke"]["scale"]
    assert shape == {"domain": ["failed", "absent"], "range": [SHAPES["failed"], SHAPES["absent"]]}
    assert ink["domain"] == shape["domain"]
    assert ink["range"][0] == INK["failed"] != ink["range"][1]


def test_no_two_reasons_look_alike():
    assert len(set(SHAPES.values())) == len(SHAPES) == 4


@pytest.mark.parametrize(("cell", "size"), [(2, 12.0), (10, 36.0), (20, 144.0), (52, 220.0)])
def test_marks_fit_into_their_cells_and_stay_visible(cell, size):
    assert layers_of(["failed"], cell)[-1]["mark"]["size"] == size


def test_vega_draws_the_shapes_as_they_are():
    frame = pd.DataFrame({"x": ["a", "b"], "status": ["failed", "skipped"]})
    base = alt.Chart(frame).encode(x="x:N")
    svg = vl_convert.vegalite_to_svg(
        alt.layer(*gap_marks(base, ["failed", "skipped"], ["x:N"], 20)).to_dict(), vl_version=VEGA_LITE
    )
    assert svg.count(f'stroke="{INK["failed"]}"') == 2  # in the figure and in its legend
    assert ">no value<" in svg
