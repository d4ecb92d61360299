import runpy
from pathlib import Path

import pandas as pd
import pytest

from simzoo.report.section import Chart, DataView, Text
from simzoo.report.sections.initialisation import render
from simzoo.table.schema import Table, frame

made = runpy.run_path(str(Path(__file__).parents[1] / "starts.py"))
table, WIDTHS = made["table"], made["WIDTHS"]


@pytest.fixture(scope="module")
def blocks():
    return render(table())


def said(blocks):
    return "\n".join(paragraph for block in blocks if isinstance(block, Text) for paragraph in block.paragraphs)


def drawn(blocks):
    (chart,) = [block for block in blocks if isinstance(block, Chart)]
    return chart


def test_without_both_untrained_and_trained_there_is_no_section():
    assert render(Table(frame([]))) == []
    assert render(table({"vit-init": 0.9, "resnet18-init": 0.1})) == []
    assert render(table({"vit-sl": 0.9, "resnet18-init": 0.1})) == []  # of different backbones


def test_it_is_read_drawn_and_listed(blocks):
    assert [type(block) for block in blocks] == [Text, Text, Chart, DataView]


def test_each_shape_that_was_measured_is_a_panel_of_what_is_in_its_data(blocks):
    spec = drawn(blocks).chart.to_dict()
    assert [panel["title"]["text"].split(" (")[0] for panel in spec["concat"]] == [
        "width of the manifolds of classes",
        "anisotropy",
    ]
    for panel in spec["concat"]:  # every field that is drawn is in the data, or nothing would be
        columns = spec["datasets"][panel["data"]["name"]].splitlines()[0].split(",")
        fields = {part["field"] for layer in panel["layer"] for part in layer["encoding"].values() if "field" in part}
        assert fields <= set(columns)


def test_several_data_sets_have_panels_of_their_own():
    one = table()
    rows = pd.concat([one.rows, one.rows.assign(data="mnist", n=50)], ignore_index=True)
    blocks = render(Table(rows, one.sheets, one.models, one.context))
    titles = [panel["title"]["text"] for panel in drawn(blocks).chart.to_dict()["concat"]]
    assert [title.rpartition(", ")[2] for title in titles] == ["digits", "mnist"] * 2
    assert drawn(blocks).caption.endswith("Images: digits 200, mnist 50.")


def test_the_same_as_numbers_are_values_with_intervals(blocks):
    view = blocks[-1].frame
    assert list(view) == [
        *("data", "backbone", "model", "state"),
        *("width of the manifolds of classes (NNK diameter)", "anisotropy (mean cosine)"),
    ]
    assert sorted(view["model"]) == sorted(WIDTHS)
    row = view.set_index("model").loc["resnet18-sl"]
    assert row[["data", "backbone", "state"]].tolist() == ["digits", "resnet18", "supervised"]
    assert row.iloc[-1] == row.iloc[-2] == ".80 [.79, .81]"  # 0.8 +- 4.303 * 0.005 / sqrt(3)


def test_it_says_how_it_is_read_and_what_zeroinit_is_where_there_is_one(blocks):
    text = said(blocks)
    assert "ours and not the study's" in text
    assert "zeroinit is timm's own default" in text
    assert "resnet18-init starts nearer to collapse than vit-init." in text
    assert drawn(blocks).caption.endswith("Images: digits 200.")
    without = {name: width for name, width in WIDTHS.items() if "zeroinit" not in name}
    assert "zeroinit" not in said(render(table(without)))
