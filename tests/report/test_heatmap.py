import csv
import io
import json

import numpy as np
import pytest
import vl_convert

from simzoo.report.export import VEGA_LITE, specification
from simzoo.report.heatmap import DENSE, beside, heatmap, pair_figure
from simzoo.report.reading import matrices


def cells_of(spec):
    return [list(csv.DictReader(io.StringIO(text))) for text in spec["datasets"].values() if text.startswith("i,j,")]


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


def test_cells_without_a_value_tell_why_and_have_a_mark_for_each_reason(make):
    table = make.comparison(hostile=True)
    matrix = next(matrix for matrix in matrices(table, "cka") if matrix.cells["value"].isna().any())
    spec = specification(heatmap(table, matrix))
    marked = next(layer for layer in spec["layer"] if "shape" in layer["encoding"])
    assert {"filter": "datum.status != 'ok'"} in marked["transform"]
    assert [tip["title"] for tip in marked["encoding"]["tooltip"]][-1] == "no value"
    assert set(marked["encoding"]["shape"]["scale"]["domain"]) == set(table.rows["status"]) & {"undefined", "failed"}


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
