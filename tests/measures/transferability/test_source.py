import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import mutual_info_score

from simzoo.errors import LabelsError, UndefinedError
from simzoo.measures.transferability.source import leep, nce

DRAW = np.random.default_rng(0)
LABELS = DRAW.integers(0, 3, size=120)
X = DRAW.normal(size=(120, 7)) + 2 * np.eye(7)[2 * LABELS]


def naive_leep(x, labels):
    p, total = softmax(x, axis=1), 0.0
    for i in range(len(x)):
        guess = 0.0
        for z in range(x.shape[1]):
            joint = sum(p[j, z] for j in range(len(x)) if labels[j] == labels[i]) / len(x)
            guess += joint / p[:, z].mean() * p[i, z]
        total += np.log(guess)
    return total / len(x)


def entropy(*columns):
    _, counts = np.unique(np.stack(columns), axis=1, return_counts=True)
    shares = counts / counts.sum()
    return -np.sum(shares * np.log(shares))


@pytest.mark.parametrize("rows", [slice(None), slice(5)])
def test_leep_is_the_formula(rows):
    assert leep(X[rows], LABELS[rows]) == pytest.approx(naive_leep(X[rows], LABELS[rows]), abs=1e-10)


def test_leep_keeps_the_log():
    p = softmax(X, axis=1)
    joint = np.stack([p[c == LABELS].sum(0) for c in range(3)]) / 120
    guesses = (p @ (joint / joint.sum(0)).T)[np.arange(120), LABELS]
    assert leep(X, LABELS) == pytest.approx(np.log(guesses).mean(), abs=1e-10)
    assert abs(leep(X, LABELS) - guesses.mean()) > 0.5  # what some public code returns


def test_source_classes_that_nothing_is_of_do_not_matter():
    assert leep(np.c_[X, np.full(120, -5000.0)], LABELS) == pytest.approx(leep(X, LABELS), abs=1e-12)
    assert nce(np.c_[X, np.full(120, -5000.0)], LABELS) == pytest.approx(nce(X, LABELS), abs=1e-12)


def test_a_head_that_answers_one_thing_leaves_the_entropy_of_the_labels():
    same = np.tile(DRAW.normal(size=7), (120, 1))
    for score in (leep, nce):
        assert score(same, LABELS) == pytest.approx(-entropy(LABELS), abs=1e-10)


def test_nce_is_minus_the_entropy_of_the_label_given_the_answer():
    answers = X.argmax(1)
    assert nce(X, LABELS) == pytest.approx(mutual_info_score(answers, LABELS) - entropy(LABELS), abs=1e-10)
    assert nce(X, LABELS) == pytest.approx(entropy(answers) - entropy(answers, LABELS), abs=1e-10)


def test_nce_is_not_that_of_the_answer_given_the_label():
    answers = np.arange(8)
    labels = answers % 2  # the answer settles the label, and not the other way round
    assert nce(np.eye(8), labels) == 0
    assert entropy(labels) - entropy(answers, labels) == pytest.approx(-np.log(4))
    assert nce(np.eye(8)[:, :2][labels], np.arange(8)) == pytest.approx(-np.log(4))


def test_leep_is_at_most_the_log_likelihood_that_its_answers_could_have():
    sharp = 1000 * X
    assert leep(sharp, LABELS) == pytest.approx(nce(X, LABELS), abs=1e-6)  # certain answers: the same as one-hot


@pytest.mark.parametrize("score", [leep, nce])
def test_refusals(score):
    with pytest.raises(UndefinedError, match=r"not the outputs of a classifier(.|\n)*--taps logits"):
        score(X[:, :1], LABELS)
    with pytest.raises(LabelsError, match="say nothing of transfer"):
        score(X, np.zeros(120))
