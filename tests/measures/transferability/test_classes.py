import numpy as np
import pytest
import torch
from sklearn.cross_decomposition import CCA

from simzoo.errors import ConstantInputError, LabelsError
from simzoo.measures.transferability.classes import canonical, classes_of, coordinates, varying


def test_classes_are_counted_summed_and_averaged(made):
    x, labels = made()
    names = np.array(["d", "a", "c", "b"])[labels]
    found, values = classes_of(x, names), torch.from_numpy(x)
    order = np.unique(names)
    assert found.counts.tolist() == [(names == name).sum() for name in order]
    assert found.counts.dtype == torch.float64
    assert order[found.of_row.numpy()].tolist() == names.tolist()
    np.testing.assert_allclose(found.shares, found.counts / 90)
    np.testing.assert_allclose(found.sums(values), [x[names == name].sum(0) for name in order])
    np.testing.assert_allclose(found.means(values), [x[names == name].mean(0) for name in order])


def test_labels_of_one_class_are_refused(made):
    with pytest.raises(LabelsError) as caught:
        classes_of(made()[0], ["cat"] * 90)
    assert caught.value.what == "target labels of one class say nothing of transfer"
    assert (caught.value.expected, caught.value.got) == ("two classes or more", "only 'cat'")
    assert caught.value.next_step == "give samples of several classes"


def test_rows_that_are_all_equal_are_refused(made):
    assert varying(made()[0].astype(np.float32)).dtype == torch.float64
    with pytest.raises(ConstantInputError, match="they say nothing of the labels"):
        varying(np.ones((5, 2)))


def test_coordinates_are_the_features_turned(inputs):
    x, _ = inputs
    found = coordinates(x).numpy()
    centred = x - x.mean(0)
    np.testing.assert_allclose(found @ found.T, centred @ centred.T, atol=1e-8)  # all distances stay
    lengths = np.linalg.norm(found, axis=0)
    np.testing.assert_allclose(lengths, np.linalg.svd(centred, compute_uv=False)[: len(lengths)], rtol=1e-7)
    farthest = np.abs(found).argmax(0)
    assert (found[farthest, np.arange(len(lengths))] > 0).all()
    np.testing.assert_allclose(coordinates(x, 2), found[:, :2])


def test_coordinates_depend_on_neither_the_basis_nor_the_order(made):
    x, _ = made()
    draw = np.random.default_rng(1)
    rotation, order = np.linalg.qr(draw.normal(size=(6, 6)))[0], draw.permutation(90)
    np.testing.assert_allclose(coordinates(x @ rotation + 3), coordinates(x), atol=1e-9)
    np.testing.assert_allclose(coordinates(x[order]), coordinates(x)[order], atol=1e-9)


def test_canonical_correlations_are_those_of_scikit_learn(made):
    x, labels = made()
    q = torch.from_numpy(np.linalg.svd(x - x.mean(0), full_matrices=False)[0])
    found = canonical(q, classes_of(x, labels))
    u, v = CCA(3, max_iter=10_000, tol=1e-12).fit_transform(x, np.eye(4)[labels][:, :3])
    expected = [np.corrcoef(u[:, i], v[:, i])[0, 1] ** 2 for i in range(3)]
    np.testing.assert_allclose(found[:3], expected, rtol=1e-5)
    assert (found[3:] < 1e-12).all()


def test_classes_that_a_direction_tells_apart_have_a_correlation_of_one():
    labels = np.repeat([0, 1], 5)
    x = np.c_[labels, np.random.default_rng(0).normal(size=10)]
    q = torch.from_numpy(np.linalg.svd(x - x.mean(0), full_matrices=False)[0])
    found = canonical(q, classes_of(x, labels))
    assert float(found[0]) == pytest.approx(1)
    assert float(found.max()) <= 1
