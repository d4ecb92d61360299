import copy

import pytest

from simzoo.report.prediction_verdict import FIT, prediction_sentences
from simzoo.report.verdict import verdict
from simzoo.table.schema import Table, frame

NO = "Here geometry does not beat the baselines on any task"


def score(predictor, tau, low, high, **ahead):
    return {"predictor": predictor, "weighted_tau": tau, "low": low, "high": high, **ahead}


def task(name="linear", tau=0.6, q=0.01, ahead=(0.1, 0.4), **more):
    rival = score("ImageNet top-1", 0.4, 0.1, 0.6, ahead=0.2, ahead_low=ahead[0], ahead_high=ahead[1])
    return {
        "task": name,
        "pool": "all",
        "title": f"many-shot {name}",
        "groups": 14,
        "models": ["a"] * 14,
        "scores": [score("geometry (lasso)", tau, 0.4, 0.8), score("mean of the others", None, None, None), rival],
        "null": {"permutations": 200, "weighted_tau": {"mean": -0.12, "p": 0.005, "q": q}},
        "ceiling": None,
        "drop": [{"without": "byol", "weighted_tau": 0.3}, {"without": "swav", "weighted_tau": 0.7}],
    } | more


def table(*tasks, **more):
    found = {"tasks": list(tasks), "models": ["a"] * 14, "signature": {"data": "dtd10", "entries": ["x"] * 30}} | more
    return Table(frame([]), {}, {}, {FIT: found})


def test_a_table_without_a_fit_has_no_sentences():
    assert prediction_sentences(Table(frame([]))) == []


def test_the_answer_comes_first_and_is_the_verdict_of_the_page():
    told = prediction_sentences(table(task()))
    assert told[0] == "Here geometry beats the baselines on the one task."
    assert verdict(table(task()))[0] == told[0]


@pytest.mark.parametrize(
    ("tasks", "answer"),
    [
        ((task(), task("fine-tune", q=0.2)), "Here geometry beats the baselines on 1 of 2 tasks: many-shot linear."),
        (
            (task(ahead=(-0.1, 0.4)), task("fine-tune", q=0.2)),
            f"{NO}, though it ranks held-out models better than chance: many-shot linear.",
        ),
        (
            (task(q=0.3), task("fine-tune", q=0.2)),
            f"{NO}, and cannot be told from chance on any.",
        ),
        ((task(q=0.3),), "Here geometry does not beat the baselines, and cannot be told from chance."),
        ((task(null=None),), "Whether geometry beats the baselines is not said: no null was computed for 1 task."),
    ],
)
def test_the_answer_says_no_more_than_the_numbers(tasks, answer):
    assert prediction_sentences(table(*tasks))[0] == answer


def test_each_task_is_told_with_its_interval_null_and_rivals():
    told = prediction_sentences(table(task(ahead=(-0.1, 0.4))))
    assert (
        "Many-shot linear: geometry has a weighted tau of .60 [.40, .80], null -.12, p .005: above chance; the best "
        "baseline, ImageNet top-1, has .40; not to be told apart from ImageNet top-1."
    ) in told


def test_a_fit_that_learnt_nothing_says_so():
    told = " ".join(prediction_sentences(table(task(tau=None))))
    assert "geometry learnt nothing and ranks no model" in told


def test_seeds_noise_and_single_models_are_told():
    without = copy.deepcopy(task(tau=0.2)) | {"pool": "without the supervised"}
    ceiling = {"weighted_tau": 0.786, "models": 12, "datasets": {}}
    told = " ".join(prediction_sentences(table(task(ceiling=ceiling, models=["a"] * 28), without)))
    assert "Learnt from 14 models (28 networks with their seeds), 30 numbers each, measured on dtd10" in told
    assert "geometry's weighted tau goes from many-shot linear .60 to .20" in told
    assert "agree at a weighted tau of many-shot linear .79 (12 models): a level of the noise" in told
    assert "lies between .30 (without byol) and .70 (without swav)" in told


def test_without_a_second_measurement_the_noise_is_not_known():
    assert "how much of it is noise is not known" in " ".join(prediction_sentences(table(task())))
