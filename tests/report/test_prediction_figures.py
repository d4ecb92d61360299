import io

import pandas as pd
import pytest

from simzoo.report.palette import MODELS
from simzoo.report.prediction_figures import scatter, scores_chart


def score(predictor, tau, low=None, high=None):
    return {"predictor": predictor, "weighted_tau": tau, "low": low, "high": high}


def task(title, scores, held=(), null=(-0.3, 0.3)):
    points = [{"model": model, "predicted": predicted, "measured": measured} for model, predicted, measured in held]
    chance = None if null is None else {"weighted_tau": {"low": null[0], "high": null[1]}}
    return {"title": title, "scores": scores, "held_out": points, "null": chance}


SCORES = [
    score("geometry (lasso)", 0.62, 0.4, 0.8),
    score("mean of the others", None),
    score("logme", -0.25, -0.5, 0.1),
]
FIRST = task("probe", SCORES, [("a", 0.5, 0.75), ("b", -1.0, -0.5)])
SECOND = task("few-shot", SCORES[:1], [("a", 0.25, 2.0)], null=None)


def data_of(chart):
    spec = chart.to_dict()
    return pd.read_csv(io.StringIO(spec["datasets"][spec["data"]["name"]]))


def drawn_fields(chart):
    """The columns that marks and facets read; those in functions are left out."""
    spec = chart.to_dict()
    parts = [spec["facet"], *(part for layer in spec["spec"]["layer"] for part in layer["encoding"].values())]
    parts += [one for part in parts if isinstance(part, list) for one in part]
    return {part["field"] for part in parts if isinstance(part, dict) and "field" in part}


def test_each_predictor_that_ranks_has_a_dot_and_an_interval_in_each_task():
    found = data_of(scores_chart([FIRST, SECOND]))
    assert found[["task", "predictor", "value", "low", "high"]].to_numpy().tolist() == [
        ["probe", "geometry (lasso)", 0.62, 0.4, 0.8],
        ["probe", "logme", -0.25, -0.5, 0.1],
        ["few-shot", "geometry (lasso)", 0.62, 0.4, 0.8],
    ]


def test_the_first_is_geometry_and_the_others_are_rivals_each_in_its_colour():
    chart = scores_chart([FIRST])
    assert data_of(chart)["of"].tolist() == ["geometry", "rival"]
    scales = [layer["encoding"]["color"]["scale"] for layer in chart.to_dict()["spec"]["layer"][1:]]
    assert scales == [{"domain": ["geometry", "rival"], "range": [MODELS[1], MODELS[0]]}] * 2
    order = chart.to_dict()["spec"]["layer"][1]["encoding"]["y"]["sort"]
    assert order == ["geometry (lasso)", "mean of the others", "logme"]


def test_the_null_is_a_band_where_there_is_one():
    found = data_of(scores_chart([FIRST, SECOND])).set_index("task")
    assert found.loc["probe", ["null_low", "null_high"]].to_numpy().tolist() == [[-0.3, 0.3]] * 2
    assert found.loc["few-shot", ["null_low", "null_high"]].isna().all()


def test_each_model_left_out_is_a_dot_in_a_square():
    chart = scatter([FIRST, SECOND])
    assert data_of(chart).to_numpy().tolist() == [
        ["probe", "a", 0.5, 0.75],
        ["probe", "b", -1.0, -0.5],
        ["few-shot", "a", 0.25, 2.0],
    ]
    dots = chart.to_dict()["spec"]["layer"][1]["encoding"]
    assert dots["x"]["scale"] == dots["y"]["scale"]
    assert dots["x"]["scale"]["domain"] == pytest.approx([-2.2, 2.2])  # a tenth beyond the farthest


@pytest.mark.parametrize("draw", [scores_chart, scatter])
def test_tasks_are_panels_in_their_order_at_most_three_beside_each_other(draw):
    tasks = [FIRST | {"title": f"task {number}"} for number in (3, 1, 2, 0)]
    spec = draw(tasks).to_dict()
    assert spec["facet"]["sort"] == ["task 3", "task 1", "task 2", "task 0"]
    assert spec["columns"] == 3
    assert draw(tasks[:2]).to_dict()["columns"] == 2


@pytest.mark.parametrize("draw", [scores_chart, scatter])
def test_every_field_that_is_drawn_is_in_the_data(draw):
    chart = draw([FIRST])
    assert drawn_fields(chart) - {"x"} <= set(data_of(chart).columns)  # x is calculated: the line of equality
