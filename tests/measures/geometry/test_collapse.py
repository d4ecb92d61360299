import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestCentroid

from simzoo.errors import InputError, LabelsError, UndefinedError
from simzoo.measures.geometry.collapse import cdnv, neural_collapse


def clusters(n=80, classes=4, d=6, seed=0):
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return 2 * draw.normal(size=(classes, d))[labels] + draw.normal(size=(n, d)) + 3, labels


def means_of(x, labels):
    return np.array([x[labels == one].mean(0) for one in np.unique(labels)])


@pytest.mark.parametrize(("n", "classes", "d"), [(80, 4, 6), (60, 6, 3), (40, 4, 90), (20, 2, 5)])
def test_each_property_is_the_formula_of_the_paper(n, classes, d):
    x, labels = clusters(n, classes, d)
    means = means_of(x, labels)
    corners = means - x.mean(0)
    within = sum(np.cov(x[labels == one].T, bias=True) for one in range(classes)) / classes
    between = corners.T @ corners / classes
    norms = np.linalg.norm(corners, axis=1)
    cosines = (corners / norms[:, None]) @ (corners / norms[:, None]).T
    off = cosines[~np.eye(classes, dtype=bool)]
    weight, bias = np.random.default_rng(1).normal(size=(classes, d)), np.arange(classes) * 0.1
    found = neural_collapse(x, labels, classifier=(weight, bias))
    assert found.nc1 == pytest.approx(np.trace(within @ np.linalg.pinv(between, rcond=1e-10)) / classes, rel=1e-8)
    assert found.nc2_norm == pytest.approx(norms.std() / norms.mean(), rel=1e-8, abs=1e-12)
    assert found.nc2_angle == pytest.approx(np.abs(off + 1 / (classes - 1)).mean(), rel=1e-8, abs=1e-12)
    apart = weight / np.linalg.norm(weight) - corners / np.linalg.norm(corners)
    assert found.nc3 == pytest.approx(np.sum(apart**2), rel=1e-9)
    nearest = NearestCentroid().fit(x, labels).predict(x)
    assert found.nc4 == pytest.approx(np.mean(nearest != (x @ weight.T + bias).argmax(1)))


def test_without_a_classifier_nc3_is_left_out_and_labels_stand_for_its_answers():
    x, labels = clusters(200, 4, 2)
    found = neural_collapse(x, labels)
    assert found.nc3 is None
    assert found.nc4 == pytest.approx(np.mean(NearestCentroid().fit(x, labels).predict(x) != labels))
    assert 0 < found.nc4 < 0.5


def test_a_simplex_with_its_own_classifier_is_collapsed():
    labels = np.arange(60) % 5
    corners = np.eye(5) - 1 / 5
    found = neural_collapse(7 * corners[labels] + 2, labels, classifier=(3 * corners, np.zeros(5)))
    assert found == pytest.approx((0, 0, 0, 0, 0), abs=1e-9)


def test_nc1_does_not_change_under_invertible_maps_where_class_means_span_everything():
    """Where they do not, the pseudo-inverse looks along their span, which such a map moves; the others change."""
    x, labels = clusters(120, 8, 4)
    moved = neural_collapse(x @ np.random.default_rng(3).normal(size=(4, 4)), labels)
    plain = neural_collapse(x, labels)
    assert moved.nc1 == pytest.approx(plain.nc1, rel=1e-8)
    assert abs(moved.nc2_norm - plain.nc2_norm) > 1e-2


def test_every_class_counts_the_same_whatever_its_size():
    x, labels = clusters()
    more = np.r_[np.arange(80), np.flatnonzero(labels == 2), np.flatnonzero(labels == 2)]
    assert neural_collapse(x[more], labels[more])[:3] == pytest.approx(neural_collapse(x, labels)[:3], rel=1e-9)


def test_two_classes_are_a_simplex_of_necessity():
    found = neural_collapse(*clusters(40, 2, 3))
    assert (found.nc2_norm, found.nc2_angle) == pytest.approx((0, 0), abs=1e-9)


def test_cdnv_is_the_mean_over_pairs_of_classes():
    x, labels = clusters(90, 5, 4)
    means = means_of(x, labels)
    variance = [np.mean(cdist(x[labels == one], means[one : one + 1]) ** 2) for one in range(5)]
    pairs = [(a, b) for a in range(5) for b in range(5) if a != b]
    expected = np.mean([(variance[a] + variance[b]) / (2 * np.sum((means[a] - means[b]) ** 2)) for a, b in pairs])
    assert cdnv(x, labels) == pytest.approx(expected, rel=1e-9)
    assert cdnv(means[labels], labels) == pytest.approx(0, abs=1e-12)


def test_refusals():
    x, labels = clusters()
    for measure in (neural_collapse, cdnv):
        with pytest.raises(LabelsError, match="class 9 has fewer than 2 samples"):
            measure(x, np.r_[labels[:-1], 9])
        with pytest.raises(UndefinedError, match="two classes have the same mean"):
            measure(np.array([[-1.0], [1], [-2], [2], [5], [6]]), [0, 0, 1, 1, 2, 2])
    with pytest.raises(UndefinedError, match="the mean of class 1 is the mean of all classes"):
        neural_collapse(np.array([[-5.0], [-7], [-1], [1], [5], [7]]), [0, 0, 1, 1, 2, 2])
    with pytest.raises(
        InputError, match=r"not from these features to these classes(.|\n)*weight \(4, 6\) and bias \(4,\)"
    ):
        neural_collapse(x, labels, classifier=(np.ones((5, 6)), np.ones(5)))
