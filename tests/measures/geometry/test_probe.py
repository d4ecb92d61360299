from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from simzoo.errors import (
    ConformanceError,
    ConstantInputError,
    InputError,
    LabelsError,
    TooFewSamplesError,
    UndefinedError,
)
from simzoo.measures.evaluate import evaluate
from simzoo.measures.geometry.probe import DECAYS, best_probe, linear_probe, validation_rows
from simzoo.representations.representation import Representation
from simzoo.testing.case import cases_of
from simzoo.testing.invariances import declared_invariances_hold


def blobs(n=240, *, d=6, classes=4, seed=0, spread=1.0, shares=None):
    draw = np.random.default_rng(seed)
    labels = np.sort(draw.choice(classes, n, p=shares)) if shares else np.arange(n) % classes
    means = 1.5 * np.random.default_rng(9).normal(size=(classes, d))
    return spread * means[labels] + draw.normal(size=(n, d)), labels


def problem(name):
    """Return the training side and the evaluation side."""
    if name == "digits":
        digits = load_digits()
        x, labels = digits.data / 16, digits.target
        return (x[:200], labels[:200]), (x[200:], labels[200:])
    options = {
        "overlapping": {"spread": 0.5},
        "separable": {"spread": 4},
        "wide": {"d": 150, "spread": 0.2},  # more columns than samples
        "imbalanced": {"spread": 0.7, "shares": [0.85, 0.08, 0.04, 0.03]},
        "two classes": {"spread": 0.4, "classes": 2},
    }[name]
    n = 60 if name == "wide" else 240
    return blobs(n, seed=1, **options), blobs(2_000, seed=2, **options)


def reference(train, labels, decay):
    """L-BFGS ends where a step gains less than 64 roundings; at small decays that is far from the optimum."""
    solver = "lbfgs" if decay > 1e-3 else "newton-cholesky"
    return LogisticRegression(C=1 / decay, solver=solver, tol=1e-9, max_iter=100_000).fit(train, labels)


SMALL = ["overlapping", "imbalanced", "two classes"]
LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in ("digits", "separable", "wide")]


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_each_decay_of_the_sweep_agrees_with_scikit_learn(name, monkeypatch):
    (train, known), (x, labels) = problem(name)
    for decay in DECAYS:
        monkeypatch.setattr("simzoo.measures.geometry.probe.DECAYS", (decay,))
        expected = reference(train, known, decay).score(x, labels)
        assert linear_probe(x, labels, support=(train, known)) == pytest.approx(expected, abs=0.002), decay


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_the_sweep_chooses_as_scikit_learn_does(name):
    (train, known), (x, labels) = problem(name)
    held_out = validation_rows(known, ())
    fits = [reference(train[~held_out], known[~held_out], decay) for decay in DECAYS]
    right = [model.score(train[held_out], known[held_out]) for model in fits]
    found = best_probe(train, tuple(known))
    assert found.decay == DECAYS[np.argmax(right)]  # the first of the best: the largest
    expected = reference(train, known, found.decay).score(x, labels)
    assert linear_probe(x, labels, support=(train, known)) == pytest.approx(expected, abs=0.002)


def test_digits_give_what_scikit_learn_gives_at_the_chosen_decay():
    digits = load_digits()
    x, labels = digits.data / 16, digits.target
    found = best_probe(x[:600], tuple(labels[:600]))
    expected = reference(x[:600], labels[:600], found.decay).score(x[600:], labels[600:])
    assert linear_probe(x[600:], labels[600:], support=(x[:600], labels[:600])) == pytest.approx(expected, abs=0.002)
    assert linear_probe.sheet.chance(100, labels=labels) == 0.1


def test_words_are_labels():
    (train, known), (x, labels) = problem("overlapping")
    names = np.array(["ant", "bee", "cat", "dog"])
    found = linear_probe(x, names[labels], support=(train, names[known]))
    assert found == linear_probe(x, labels, support=(train, known))


def test_a_fifth_of_each_class_chooses_whatever_the_order_of_the_rows():
    classes = np.repeat([0, 1, 2, 3], [50, 10, 3, 2])
    ids = tuple(f"image-{i}" for i in range(65))
    chosen = validation_rows(classes, ids)
    assert np.bincount(classes[chosen], minlength=4).tolist() == [10, 2, 1, 0]
    order = np.random.default_rng(0).permutation(65)
    again = validation_rows(classes[order], tuple(ids[i] for i in order))
    np.testing.assert_array_equal(again, chosen[order])
    assert (validation_rows(classes, ()) != chosen).any()


def test_a_support_that_is_a_representation_is_fitted_once(monkeypatch):
    (train, known), (x, labels) = problem("overlapping")
    side = Representation(train, ids=tuple(map(str, range(len(train)))), labels=known)
    first = evaluate(linear_probe.sheet, x, labels=labels, support=side)
    assert first == {"value": linear_probe(x, labels, support=(train, known))}
    monkeypatch.setattr("simzoo.measures.geometry.probe.principal", None)
    assert evaluate(linear_probe.sheet, x, labels=labels, support=side) == first


def test_the_suite_finds_that_scale_changes_it():
    false = replace(linear_probe.sheet, invariant_to=(linear_probe.sheet.invariant_to[0] | {"scale"},) * 2)
    (case,) = [replace(case, sheet=false) for case in cases_of(linear_probe)]
    with pytest.raises(ConformanceError, match="scale does not change it, and it does"):
        declared_invariances_hold(case)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"support": None}, UndefinedError, "needs a side to train on(.|\n)*knn_accuracy"),
        ({"labels": None}, LabelsError, "labels are missing(.|\n)*240 labels"),
        ({"labels": np.zeros(3)}, InputError, r"labels do not fit(.|\n)*\(240,\)"),
        (
            {"support": (np.eye(9)[:, :5], np.arange(9) % 4)},
            InputError,
            "different layers(.|\n)*6 columns(.|\n)*next: take both from one tap",
        ),
        (
            {"support": (np.eye(9)[:, :6], None)},
            LabelsError,
            "support labels are missing(.|\n)*9 labels(.|\n)*next: take data with labels",
        ),
        ({"support": (np.eye(9)[:, :6], np.zeros(9))}, LabelsError, "class 1 is not in support"),
        ({"support": (np.ones((9, 6)), np.arange(9) % 4)}, ConstantInputError, "all rows are equal"),
        (
            {"support": (np.eye(8)[:, :6], np.arange(8) % 4)},
            TooFewSamplesError,
            "three training samples(.|\n)*at most 2(.|\n)*next: give more",
        ),
        ({"support": (np.full((9, 6), np.nan), np.arange(9) % 4)}, InputError, "54 of 54 values are NaN"),
        ({"x": np.full((240, 6), np.inf)}, InputError, "NaN or infinite"),
    ],
)
def test_refusals(change, error, text):
    x, labels = blobs()
    with pytest.raises(error, match=text):
        linear_probe(**{"x": x, "labels": labels, "support": blobs(seed=1), **change})


def test_training_labels_of_one_class_teach_nothing():
    x, _ = blobs()
    with pytest.raises(
        LabelsError, match=r"all training samples are of one class(.|\n)*only 0(.|\n)*next: give a training side"
    ):
        linear_probe(x, np.zeros(240), support=(x, np.zeros(240)))
    assert linear_probe(x[:1], [0], support=blobs(seed=1)) == 1  # one sample to tell is one sample


def test_without_a_training_side_a_row_is_undefined_and_says_what_would_do():
    x, labels = blobs()
    with pytest.raises(UndefinedError, match=r"'linear_probe' needs support(.|\n)*train split"):
        evaluate(linear_probe.sheet, x, labels=labels)
