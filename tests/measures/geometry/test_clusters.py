import numpy as np
import pytest
from sklearn import metrics
from sklearn.metrics.pairwise import cosine_distances

from simzoo.errors import ConstantInputError, LabelsError, UndefinedError, UsageError, ZeroRowsError
from simzoo.measures.geometry import clusters as module
from simzoo.measures.geometry.clusters import calinski_harabasz, class_separation, davies_bouldin, silhouette

DRAW = np.random.default_rng(0)
LABELS = np.r_[np.repeat([3, 1, 7], [30, 50, 9]), 4]  # of different sizes, one of a single sample
X = 2 * DRAW.normal(size=(8, 5))[LABELS] + DRAW.normal(size=(90, 5)) + 4


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("tile", [90 * 7, 2**22])
def test_silhouette_is_that_of_scikit_learn(metric, tile, monkeypatch):
    monkeypatch.setattr(module, "TILE", tile)
    expected = metrics.silhouette_score(X, LABELS, metric=metric)
    assert silhouette(X, LABELS, metric=metric) == pytest.approx(expected, rel=1e-9)
    copies = np.vstack([X, X[:20]])  # samples at distance 0
    expected = metrics.silhouette_score(copies, np.r_[LABELS, LABELS[:20]], metric=metric)
    assert silhouette(copies, np.r_[LABELS, LABELS[:20]], metric=metric) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("x", [X, X.astype(np.float32), 1e6 * X, np.hstack([X] * 30)])
def test_indices_are_those_of_scikit_learn(x):
    """Up to its rounding: there the sample of a class of one lies 1e-8 of its norm from its own mean."""
    exact = x.astype(np.float64)
    assert calinski_harabasz(x, LABELS) == pytest.approx(metrics.calinski_harabasz_score(exact, LABELS), rel=1e-9)
    assert davies_bouldin(x, LABELS) == pytest.approx(metrics.davies_bouldin_score(exact, LABELS), rel=1e-7)


def naive_separation(x, labels):
    """Kornblith et al. 2021: means over classes, and over pairs of classes, of mean cosine distances."""
    apart, names = cosine_distances(x), np.unique(labels)
    mean = np.array([[apart[np.ix_(labels == a, labels == b)].mean() for b in names] for a in names])
    return 1 - np.diag(mean).mean() / mean.mean()


def test_separation_is_the_formula_of_the_paper():
    assert class_separation(X, LABELS) == pytest.approx(naive_separation(X, LABELS), rel=1e-9)
    words = np.array(["ant", "bee"])[(LABELS > 3).astype(int)]
    assert class_separation(X, words) == pytest.approx(naive_separation(X, words), rel=1e-9)


@pytest.mark.parametrize("labels", [np.arange(90) % 6, np.repeat([0, 1, 2], [60, 20, 10])])
def test_shuffled_labels_give_the_chance_levels(labels):
    draw = np.random.default_rng(0)
    for measure, abs_ in ((class_separation, 0.004), (calinski_harabasz, 0.08)):
        found = [measure(X, draw.permutation(labels)) for _ in range(200)]
        chance = measure.sheet.chance
        level = chance(90, labels=labels) if callable(chance) else chance
        assert np.mean(found) == pytest.approx(level, abs=abs_)
    assert class_separation.sheet.chance(90, labels=np.arange(90) % 6) == pytest.approx(5 / 89)


def test_points_apart_are_the_best_there_is():
    labels = np.arange(30) % 3
    points = np.eye(3)[labels]
    assert (silhouette(points, labels), class_separation(points, labels)) == pytest.approx((1, 1))
    assert davies_bouldin(points, labels) == pytest.approx(0, abs=1e-9)
    with pytest.raises(UndefinedError, match="every class is one point"):
        calinski_harabasz(points, labels)


def test_refusals():
    with pytest.raises(UsageError, match=r"unknown distance(.|\n)*'manhattan'"):
        silhouette(X, LABELS, metric="manhattan")
    with pytest.raises(UndefinedError, match=r"all rows point the same way(.|\n)*silhouette, cdnv"):
        class_separation(np.outer(np.arange(1, 91), [1.0, 2]), LABELS)
    for measure in (silhouette, calinski_harabasz, davies_bouldin, class_separation):
        with pytest.raises(LabelsError, match="every sample is a class of its own"):
            measure(X, np.arange(90))
        with pytest.raises(ConstantInputError):
            measure(np.ones((90, 2)), LABELS)
    with pytest.raises(ZeroRowsError):
        silhouette(np.eye(90)[:, :89], LABELS, metric="cosine")
    with pytest.raises(UndefinedError, match="two classes have the same mean"):
        davies_bouldin(np.array([[-1.0], [1], [-2], [2], [5], [6]]), [0, 0, 1, 1, 2, 2])
