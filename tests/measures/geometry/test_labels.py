import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import KNeighborsClassifier

from simzoo.errors import (
    ConstantInputError,
    InputError,
    LabelsError,
    TooFewSamplesError,
    UndefinedError,
    UsageError,
    ZeroRowsError,
)
from simzoo.measures.geometry.labels import class_cka, knn_accuracy


def clusters(n=90, seed=0):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 4, n)
    return draw.normal(size=(4, 6))[labels] + draw.normal(size=(n, 6)), labels


def naive_votes(x, labels, k, temperature):
    similar = cosine_similarity(x)
    right = 0
    for i in range(len(x)):
        near = [j for j in np.argsort(-similar[i], kind="stable") if j != i][:k]
        votes = {c: sum(np.exp(similar[i, j] / temperature) for j in near if labels[j] == c) for c in set(labels)}
        right += max(sorted(votes), key=votes.get) == labels[i]
    return right / len(x)


@pytest.mark.parametrize(("k", "temperature"), [(1, 0.1), (20, 0.1), (20, 10), (89, 0.01)])
def test_leaving_one_out_equals_the_loop(k, temperature):
    x, labels = clusters()
    expected = naive_votes(x, labels, k, temperature)
    assert knn_accuracy(x, labels, k=k, temperature=temperature) == pytest.approx(expected)


def test_support_votes_as_in_scikit_learn():
    x, labels = clusters()
    train, known = clusters(200, seed=0)
    unit = train / np.linalg.norm(train, axis=1, keepdims=True)
    model = KNeighborsClassifier(9, weights=lambda distance: np.exp((1 - distance**2 / 2) / 0.1)).fit(unit, known)
    expected = model.score(x / np.linalg.norm(x, axis=1, keepdims=True), labels)
    assert knn_accuracy(x, labels, support=(train, known), k=9) == pytest.approx(expected)


def test_raw_digits_give_the_known_figures():
    digits = load_digits()
    assert knn_accuracy(digits.data, digits.target) == pytest.approx(0.975, abs=0.015)
    assert knn_accuracy(digits.data, digits.target, k=200) < knn_accuracy(digits.data, digits.target) - 0.02


def test_labels_may_be_words():
    x, labels = clusters()
    words = np.array(["ant", "bee", "cat", "dog"])[labels]
    assert knn_accuracy(x, words) == knn_accuracy(x, labels)
    assert class_cka(x, list(words)) == class_cka(x, labels)
    assert knn_accuracy.sheet.chance(90, labels=words, k=5) == 0.25


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"labels": None}, LabelsError, "labels are missing(.|\n)*90 labels"),
        ({"labels": np.zeros(3)}, InputError, r"shape \(90,\)(.|\n)*shape \(3,\)"),
        (
            {"labels": np.r_[np.zeros(89), 7]},
            LabelsError,
            "class 7.0 has one sample only(.|\n)*two samples of each class, or support=",
        ),
        ({"k": 90}, TooFewSamplesError, "k = 90 neighbours vote"),
        ({"k": 0}, UsageError, "k >= 1"),
        ({"temperature": 0}, UsageError, "temperature > 0"),
        ({"x": np.ones((90, 2))}, ConstantInputError, "all rows are equal"),
        ({"x": np.eye(90)[:, :89]}, ZeroRowsError, "first zero row is 89"),
        ({"x": np.arange(90.0)[:, None]}, UndefinedError, "only a sign"),
        ({"support": (np.eye(90), np.zeros(90)), "k": 5}, InputError, "come from different layers(.|\n)*6 columns"),
        ({"support": (np.eye(9)[:, :6] + 1, np.zeros(9)), "k": 5}, LabelsError, "class 1 is not in support"),
        ({"support": (np.eye(9)[:, :6] + 1, None), "k": 5}, LabelsError, "support labels are missing"),
        ({"support": (np.eye(9)[:, :6] + 1, np.zeros(9)), "k": 10}, TooFewSamplesError, "10 neighbours vote"),
    ],
)
def test_refusals_of_knn_accuracy(change, error, text):
    x, labels = clusters()
    with pytest.raises(error, match=text):
        knn_accuracy(**{"x": x, "labels": labels, **change})


def test_class_cka_of_balanced_classes_is_the_closed_form():
    labels = np.arange(80) % 4
    x = np.random.default_rng(0).normal(size=(4, 6))[labels] + np.random.default_rng(1).normal(size=(80, 6))
    centred = x - x.mean(0)
    means = np.array([centred[labels == c].mean(0) for c in range(4)])
    expected = 80 / 4 * np.sum(means**2) / (np.sqrt(3) * np.linalg.norm(centred.T @ centred))
    assert class_cka(x, labels).biased == pytest.approx(expected, rel=1e-9)


def test_class_cka_is_one_at_the_simplex_and_zero_for_unrelated_labels():
    labels = np.arange(100) % 5
    assert class_cka(np.eye(5)[labels] * 3 + 1, labels) == pytest.approx((1, 1))
    unrelated = [class_cka(np.random.default_rng(seed).normal(size=(100, 5)), labels).unbiased for seed in range(30)]
    assert np.mean(unrelated) == pytest.approx(0, abs=3 * np.std(unrelated) / np.sqrt(30))


def test_class_cka_needs_two_classes():
    with pytest.raises(LabelsError, match="all samples are of one class"):
        class_cka(np.eye(5), np.zeros(5))
