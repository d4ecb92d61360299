import csv
import io
import itertools

import pytest
import vl_convert

from simzoo.report.alike import alike, square
from simzoo.report.export import VEGA_LITE, specification
from simzoo.report.facets import depth_curves, models_by_models, ranking, strength_curves
from simzoo.report.figures import FINAL_AT
from simzoo.report.marks import SHAPES
from simzoo.report.palette import MODELS
from simzoo.report.singles import last, ranked, singles
from simzoo.table.schema import Row, Table, frame

MODELS_OF_GRID = ["sl", "simclr", "vit"]


def parts(spec):
    """All layers of a figure, whatever holds them."""
    return spec.get("spec", spec)["layer"]


def rows_of(spec):
    (text,) = spec["datasets"].values()
    return list(csv.DictReader(io.StringIO(text)))


def marks(spec):
    return [layer["mark"]["type"] for layer in parts(spec)]


def cells_of(table, measure, shown):
    cells = alike(table)
    own = cells[(cells["measure"] == measure) & (cells["kind"] == "even")]
    return square(own, MODELS_OF_GRID, shown)


def of(table, measure):
    rows = singles(table)
    return rows[rows["measure"] == measure]


def test_a_square_holds_each_pair_in_both_halves(small_grid):
    cells = cells_of(small_grid, "cka", ["none"])
    spec = specification(models_by_models(small_grid, "cka", cells, MODELS_OF_GRID, ["none"]))
    held = {(row["model"], row["model_b"]): row["value"] for row in rows_of(spec)}
    assert set(held) == set(itertools.product(MODELS_OF_GRID, repeat=2))
    assert held["sl", "vit"] == held["vit", "sl"]
    assert spec["title"]["text"] == "none"
    assert marks(spec) == ["rect", "text"]
    assert parts(spec)[0]["encoding"]["color"]["scale"]["domain"] == [0.0, 1.0]


def test_a_setting_is_a_panel_and_those_not_shown_are_not_held(small_grid):
    shown = ["none", "flip"]
    cells = cells_of(small_grid, "mutual_knn", ["none", "crop 1", "flip"])
    spec = specification(models_by_models(small_grid, "mutual_knn", cells, MODELS_OF_GRID, shown))
    assert spec["facet"]["sort"] == shown
    assert {row["setting"] for row in rows_of(spec)} == set(shown)
    mark = next(layer for layer in parts(spec) if "shape" in layer["encoding"])
    assert mark["encoding"]["shape"]["scale"] == {"domain": ["skipped"], "range": [SHAPES["skipped"]]}
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    assert ">flip<" in svg
    assert ">no value<" in svg


def test_of_a_distance_the_colours_turn_round_and_an_open_end_is_the_largest_value(make):
    rows = [make.summary("procrustes", pair, "even", "match", value) for pair, value in ((("a", "b"), 3.0),)]
    table = make.table(rows)
    cells = square(alike(table), ["a", "b"], ["none"])
    spec = specification(models_by_models(table, "procrustes", cells, ["a", "b"], ["none"]))
    scale = parts(spec)[0]["encoding"]["color"]["scale"]
    assert (scale["domain"], scale["reverse"]) == ([0.0, 3.0], True)
    assert "datum.value < 1.5" in str(parts(spec)[-1]["encoding"]["color"])


def test_many_models_have_no_room_for_numbers(small_grid):
    names = [f"m{at}" for at in range(8)]
    cells = cells_of(small_grid, "cka", ["none"])
    assert "text" in marks(specification(models_by_models(small_grid, "cka", cells, names[:6], ["none"])))
    assert "text" not in marks(specification(models_by_models(small_grid, "cka", cells, names, ["none"])))


def test_a_curve_ends_before_its_final_layer(small_grid):
    rows = of(small_grid, "effective_rank")
    spec = specification(depth_curves(small_grid, rows, MODELS_OF_GRID, ["none"]))
    held = rows_of(spec)
    assert {row["depth"] for row in held if row["kind"] == "final"} == {str(FINAL_AT)}
    assert max(float(row["depth"]) for row in held if row["kind"] != "final") == 1
    line = next(layer for layer in parts(spec) if layer["mark"]["type"] == "line")
    assert {"filter": "datum.kind != 'final'"} in line["transform"]
    assert line["encoding"]["color"]["scale"] == {"domain": MODELS_OF_GRID, "range": list(MODELS[:3])}
    (diamond,) = [layer for layer in parts(spec) if layer["mark"].get("shape") == "diamond"]
    assert {"filter": "datum.kind == 'final' && datum.status == 'ok'"} in diamond["transform"]
    assert marks(spec)[0] == "area"


def test_without_intervals_there_is_no_band_and_a_gap_has_its_mark(small_grid):
    spec = specification(depth_curves(small_grid, of(small_grid, "twonn"), MODELS_OF_GRID, ["none"]))
    assert "seeds" in rows_of(spec)[0]
    gaps = [row for row in rows_of(spec) if row["status"] == "undefined"]
    assert {(row["series"], row["value"]) for row in gaps} == {("simclr", "")}
    assert gaps[0]["note"] == "undefined: more than half of the samples are duplicates"
    foot = next(layer for layer in parts(spec) if "shape" in layer["encoding"])
    assert foot["encoding"]["shape"]["scale"]["domain"] == ["undefined"]
    bare = of(small_grid, "twonn").assign(low=None, high=None)
    assert "area" not in marks(specification(depth_curves(small_grid, bare, MODELS_OF_GRID, ["none"])))


def test_a_legend_names_only_what_the_figure_shows(small_grid):
    rows = of(small_grid, "twonn")
    sound = rows["setting"] != "flip"
    rows = rows.assign(status=rows["status"].mask(sound, "ok"), low=rows["low"].mask(sound), chance=0.1)
    for figure in (depth_curves, ranking):
        shapes = [
            [
                layer
                for layer in parts(specification(figure(small_grid, rows, MODELS_OF_GRID, shown)))
                if "shape" in layer["encoding"]
            ]
            for shown in (["none"], ["flip"])
        ]
        assert [len(found) for found in shapes] == [0, 1]


def test_a_bounded_measure_has_its_whole_range_and_another_its_own(small_grid):
    def scale(measure):
        spec = specification(depth_curves(small_grid, of(small_grid, measure), MODELS_OF_GRID, ["none"]))
        line = next(layer for layer in parts(spec) if layer["mark"]["type"] == "line")
        return line["encoding"]["y"]["scale"]

    assert scale("class_cka") == {"domain": [0.0, 1.0]}
    assert scale("effective_rank") == {"zero": False}


@pytest.mark.parametrize("more", [0, 1])
def test_more_models_than_colours_are_told_apart_by_dashes(more):
    names = [f"m{at:02}" for at in range(len(MODELS) + more)]
    given = [
        Row("twonn", 1, value=1.0, model=name, tap=f"t{at}", kind="even", depth=at / 2, augmentation="none")
        for name in names
        for at in range(3)
    ]
    table = Table(frame(given))
    spec = specification(depth_curves(table, singles(table), names, ["none"]))
    line = next(layer for layer in parts(spec) if layer["mark"]["type"] == "line")
    assert ("strokeDash" in line["encoding"]) == bool(more)
    colours = line["encoding"]["color"]["scale"]["range"]
    if more:
        assert colours[-1] == colours[0]
        dashes = line["encoding"]["strokeDash"]["scale"]["range"]
        assert dashes[-1] != dashes[0]


def test_strengths_have_no_final_layer_apart(small_grid):
    rows = last(small_grid, of(small_grid, "invariance")).assign(series=lambda found: found["model"])
    rows = rows[rows["augmentation"] == "crop"].assign(setting="crop")
    spec = specification(strength_curves(small_grid, rows, MODELS_OF_GRID, ["crop"]))
    assert {(row["series"], row["strength"]) for row in rows_of(spec)} == set(
        itertools.product(MODELS_OF_GRID, ("0.5", "1"))
    )
    line = next(layer for layer in parts(spec) if layer["mark"]["type"] == "line")
    assert "transform" not in line
    assert line["encoding"]["x"]["title"] == "strength"


def test_a_ranking_is_in_order_and_chance_is_dashed(small_grid):
    rows = last(small_grid, of(small_grid, "knn_accuracy"))
    order = ranked(rows)
    spec = specification(ranking(small_grid, rows, order, ["none"]))
    assert marks(spec) == ["rule", "circle"]  # nothing is known of chance
    assert parts(spec)[1]["encoding"]["y"]["sort"] == order
    assert parts(spec)[1]["encoding"]["x"]["title"] == "kNN accuracy"
    spec = specification(ranking(small_grid, rows.assign(chance=0.1), order, ["none"]))
    assert parts(spec)[-1]["mark"]["strokeDash"] == [4, 3]
    assert parts(spec)[-1]["encoding"]["x"] == {"aggregate": "max", "field": "chance", "type": "quantitative"}
