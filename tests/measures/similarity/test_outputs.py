import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from sklearn.metrics import cohen_kappa_score

from simzoo.errors import InputError, LabelsError, TooFewSamplesError, UndefinedError
from simzoo.measures.evaluate import evaluate, matrix_of
from simzoo.measures.similarity import outputs
from simzoo.measures.similarity.outputs import disagreement, error_kappa, jsd
from simzoo.measures.uncertainty import uncertainty
from simzoo.representations.representation import Representation

DRAW = np.random.default_rng(0)
LABELS = DRAW.integers(0, 5, size=200)
X = DRAW.normal(size=(200, 5)) + 2 * np.eye(5)[LABELS]
Y = X + 2 * DRAW.normal(size=(200, 5))


def test_disagreement_is_the_share_of_other_answers():
    assert disagreement(X, Y) == np.mean([np.argmax(a) != np.argmax(b) for a, b in zip(X, Y, strict=True)])
    assert disagreement([[1.0, 1.0]], [[2.0, 1.0]]) == 0  # of equal logits the first


@pytest.mark.parametrize("scale", [1, 200])
def test_divergences_are_those_of_scipy(scale, monkeypatch):
    monkeypatch.setattr(outputs, "_TILE", 70)
    expected = np.mean([jensenshannon(*softmax([a, b], axis=1), base=2) ** 2 for a, b in scale * np.stack([X, Y], 1)])
    assert jsd(scale * X, scale * Y) == pytest.approx(expected, abs=1e-9)


def test_kappa_is_that_of_scikit_learn():
    right = [side.argmax(1) == LABELS for side in (X, Y)]
    assert error_kappa(X, Y, LABELS) == pytest.approx(cohen_kappa_score(*right))
    assert error_kappa(X, Y, labels=LABELS[::-1].copy()) == pytest.approx(
        cohen_kappa_score(*(side.argmax(1) == LABELS[::-1] for side in (X, Y)))
    )


def test_labels_come_from_the_representation_into_matrices_halves_and_nulls():
    x, y = (Representation(side, tuple(map(str, range(200))), LABELS) for side in (X, Y))
    expected = error_kappa(X, Y, LABELS)
    assert evaluate(error_kappa.sheet, x, y)["value"] == evaluate(error_kappa.sheet, X, Y, labels=LABELS)["value"]
    np.testing.assert_allclose(matrix_of(error_kappa.sheet, [x, y]), [[1, expected], [expected, 1]])
    found = uncertainty(error_kappa.sheet, [x], [y], resamples=20, permutations=20, seed=0).cell(0, 0)
    assert found["low"] < expected < found["high"]
    # the rows of y move against the labels: a null of unrelated answers, and of errors unrelated given its accuracy
    assert abs(found["null_mean"]) < 0.05
    assert found["p"] == pytest.approx(1 / 21)


def test_refusals():
    for measure in (disagreement, jsd, error_kappa):
        with pytest.raises(
            UndefinedError, match=r"outputs for the same classes(.|\n)*got: 5 and 4(.|\n)*--taps logits"
        ):
            measure(X, Y[:, :4])
        with pytest.raises(UndefinedError, match="equally many columns, two or more"):
            measure(X[:, :1], Y[:, :1])
    with pytest.raises(TooFewSamplesError, match="the errors of fewer say nothing"):
        error_kappa(X[:3], Y[:3], LABELS[:3])
    with pytest.raises(LabelsError, match="labels are missing"):
        error_kappa(X, Y)
    with pytest.raises(InputError, match="labels do not fit"):
        error_kappa(X, Y, LABELS[1:])
    for odd in (LABELS + 1, LABELS - 1, LABELS.astype(float)):
        with pytest.raises(LabelsError, match=r"no numbers of classes(.|\n)*from 0 to 4, the columns"):
            error_kappa(X, Y, odd)
    right = np.eye(5)[LABELS]
    with pytest.raises(UndefinedError, match=r"both models are right on all samples(.|\n)*harder samples"):
        error_kappa(right, 2 * right, LABELS)
    with pytest.raises(
        UndefinedError, match=r"wrong on all samples: they cannot err more alike(.|\n)*check that labels"
    ):
        error_kappa(-right, -2 * right, LABELS)
