"""Every figure is valid Vega-Lite (altair validates), shows what it should, and is drawn by Vega itself."""

import csv
import io
import json

import altair as alt
import numpy as np
import pandas as pd
import pytest
import vl_convert

from simzoo.report.export import FORMATS, VEGA_LITE, safe_name, specification, write_figure
from simzoo.report.figures import accuracy_bars, inline
from simzoo.report.heatmap import DENSE, beside, heatmap, pair_figure
from simzoo.report.reading import accuracies, matrices
from simzoo.report.scales import domain
from simzoo.report.section import Chart, Choice
from simzoo.report.sections import simzoo_report_sections


def cells_of(spec):
    return [list(csv.DictReader(io.StringIO(text))) for text in spec["datasets"].values() if text.startswith("i,j,")]


def test_every_first_party_figure_is_valid(two):
    blocks = [block for section in simzoo_report_sections() for block in section.render(two)]
    charts = [block for block in blocks if isinstance(block, Chart)]
    chosen = [chart for block in blocks if isinstance(block, Choice) for chart in list(block.charts.values())[:4]]
    assert len(charts) >= 6
    for chart in charts + chosen:
        chart.chart.to_dict(validate=True)


def test_heat_map_holds_each_cell_once_with_interval_null_and_row_maxima(two):
    matrix = matrices(two, "cka")[0].only("even")
    (rows,) = cells_of(specification(heatmap(two, matrix)))
    assert len(rows) == 16 * 12
    assert sum(row["top"] == "1" for row in rows) == 16
    assert {"value", "low", "high", "null", "p"} <= set(rows[0])
    assert float(rows[0]["value"]) == pytest.approx(matrix.cells["value"].iloc[0], abs=1e-4)


def test_white_dots_stand_at_the_row_maxima(two):
    spec = specification(heatmap(two, matrices(two, "cka")[0]))
    (dots,) = [layer for layer in spec["layer"] if layer["mark"]["type"] == "circle"]
    assert dots["mark"]["color"] == "white"
    assert {"filter": "datum.top == 1"} in dots["transform"]


def test_hostile_names_reach_vega_as_text(make):
    table = make.comparison(hostile=True)
    matrix = next(matrix for matrix in matrices(table, "cka") if "</script>" in matrix.taps["tap"].iloc[0])
    quoted = json.dumps(list(matrix.taps["tap"]))
    spec = specification(heatmap(table, matrix))
    assert quoted in json.loads(json.dumps(spec))["layer"][0]["transform"][0]["calculate"]
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    assert "</script>" not in svg
    assert "&lt;/script&gt;" in svg


def test_grey_cells_tell_why(make):
    table = make.comparison(hostile=True)
    matrix = next(matrix for matrix in matrices(table, "cka") if matrix.cells["value"].isna().any())
    spec = specification(heatmap(table, matrix))
    grey = [layer for layer in spec["layer"] if {"filter": "datum.note != ''"} in layer.get("transform", [])]
    assert [tip["title"] for tip in grey[0]["encoding"]["tooltip"]][-1] == "no value"


def test_colour_scale_comes_from_the_sheet(two, make):
    cka, debiased = matrices(two, "cka")[0], matrices(two, "cka_unbiased")[0]
    assert domain(two, cka) == (0.0, 1.0)
    low, high = domain(two, debiased)
    assert (low, high) == (min(0.0, debiased.cells["value"].min()), 1.0)
    taps = make.taps_of(3)
    table = make.table(make.similarity_rows(np.random.default_rng(0), "procrustes", ("a", "b"), (taps, taps)))
    distance = matrices(table, "procrustes")[0]
    assert domain(table, distance) == (0.0, distance.cells["value"].max())
    scale = specification(heatmap(table, distance))["layer"][0]["encoding"]["color"]["scale"]
    assert scale["reverse"] is True


def test_pair_figure_shows_both_forms_and_both_kinds(two):
    found = [matrices(two, name)[0] for name in ("cka", "cka_unbiased")]
    spec = specification(pair_figure(two, found))
    titles = [[panel["title"]["text"] for panel in row["hconcat"]] for row in spec["vconcat"]]
    assert titles == [
        ["CKA, odd layers", "CKA, even layers"],
        ["debiased CKA, odd layers", "debiased CKA, even layers"],
    ]


def test_odd_beside_even_holds_the_same_data_as_each_alone(two):
    matrix = matrices(two, "cka")[0]
    both, alone = specification(beside(two, matrix, ["odd", "even"])), specification(heatmap(two, matrix.only("odd")))
    assert set(alone["datasets"]) <= set(both["datasets"])


def test_above_dense_the_cells_are_one_picture(make):
    side = int(DENSE**0.5) + 1
    rng = np.random.default_rng(0)
    taps = [(f"t{at}", "block", at / (side - 1)) for at in range(side)]
    table = make.table(make.similarity_rows(rng, "cka", ("a", "b"), (taps, taps)))
    spec = specification(heatmap(table, matrices(table, "cka")[0]))
    assert spec["layer"][0]["mark"]["type"] == "image"
    assert len(json.dumps(spec)) < 400_000
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    assert "data:image/png;base64" in svg
    assert ">t0<" in svg


def test_rows_above_altair_s_limit_are_drawn():
    frame = pd.DataFrame({"x": range(6000), "y": range(6000)})
    assert len(specification(alt.Chart(frame).mark_point().encode(x="x", y="y"))["datasets"]) == 1
    assert alt.data_transformers.options.get("max_rows", 5000) == 5000


def test_inline_data_survives_quotes_commas_and_gaps():
    frame = pd.DataFrame({"name": ['a "quoted", name\nof two lines', "b"], "value": [0.25, None]})
    data = inline(frame)
    (first, second) = csv.DictReader(io.StringIO(data.values))
    assert first == {"name": 'a "quoted", name\nof two lines', "value": "0.25"}
    assert second["value"] == ""
    assert data.to_dict()["format"]["parse"] == {"name": "string", "value": "number"}


def test_figures_are_written_in_three_formats(two, tmp_path):
    paths = write_figure(specification(accuracy_bars(accuracies(two))), tmp_path / "figures", "accuracy")
    assert [path.name for path in paths] == [f"accuracy.{suffix}" for suffix in FORMATS]
    assert [path.read_bytes()[:5] for path in paths] == [b"<svg ", b"\x89PNG\r", b"%PDF-"]
    assert sorted((tmp_path / "figures").iterdir()) == sorted(paths)


@pytest.mark.parametrize("text", ["../../etc/passwd", "a/b\\c:d", "", "...", "x" * 400, "<b>\n\0", ".hidden"])
def test_file_names_are_safe(text):
    name = safe_name(text, set())
    assert 0 < len(name) <= 100
    assert not set(name) & set("/\\:<>\n\0 ")
    assert not name.startswith(".")
    assert ".." not in name
