import numpy as np
import pytest
import torch

from simzoo.errors import DuplicateRowsError, LabelsError
from simzoo.measures.derived.nnk import nnk
from simzoo.measures.geometry.manifolds import graphs, spread_of

X = np.random.default_rng(0).normal(size=(24, 5))
OPTIONS = {"k": 8, "kernel": "cosine", "solver": "exact"}


def made(views=None, labels=None):
    return graphs(X, views, labels, **OPTIONS)


def test_all_samples_are_one_manifold_whose_points_count_by_themselves():
    found = made()
    assert [group.tolist() for group in found.groups] == [list(range(24))]
    assert found.means is False
    np.testing.assert_array_equal(found.graph.theta, nnk(torch.from_numpy(X), **OPTIONS).theta)
    values = torch.arange(24.0)
    assert found.units(values).tolist() == values.tolist()
    assert found.spread(values) == pytest.approx((11.5, np.std(np.arange(24))))


def test_a_class_is_a_manifold_and_counts_by_its_mean():
    labels = np.array(["b", "a", "a"] * 8)
    found = made(labels=labels)
    assert [group.tolist() for group in found.groups] == [
        np.flatnonzero(labels == "a").tolist(),
        np.flatnonzero(labels == "b").tolist(),
    ]
    values = torch.arange(24.0)
    means = [values[labels == name].mean().item() for name in "ab"]
    assert found.units(values).tolist() == means
    assert found.spread(values) == pytest.approx((np.mean(means), np.std(means)))


def test_neighbours_are_of_the_own_manifold():
    labels = np.arange(24) % 3
    found = made(labels=labels)
    near = [set(labels[found.graph.rows[i][found.graph.chosen[i]].numpy()]) for i in range(24)]
    assert near == [{label} for label in labels]


def test_the_views_of_each_sample_are_a_manifold():
    views = [X + 0.1 * at for at in range(4)]
    found = made(views=views, labels=np.zeros(24))  # labels say nothing where there are views
    assert [group.tolist() for group in found.groups] == np.arange(96).reshape(24, 4).tolist()
    np.testing.assert_array_equal(found.features[4:8], [view[1] for view in views])


def test_points_without_a_value_are_left_out():
    values = torch.tensor([1.0, float("nan"), 3.0])
    assert spread_of(values) == (2.0, 1.0)
    labels = np.repeat([0, 1], 12)
    some = torch.arange(24.0)
    some[:11] = float("nan")
    assert made(labels=labels).units(some).tolist() == [11.0, 17.5]
    some[:12] = float("nan")
    assert made(labels=labels).spread(some) == (17.5, 0.0)


def test_nothing_but_duplicates_has_no_spread():
    with pytest.raises(DuplicateRowsError) as caught:
        spread_of(torch.full((3,), float("nan")))
    assert caught.value.what == "no point has a neighbour that has neighbours"
    assert caught.value.got == "duplicates only"


@pytest.mark.parametrize(
    ("labels", "what", "got"),
    [
        ([0, 1], "the labels are not of these samples", "2"),
        ([0] * 21 + [1, 2, 3], "a class of one sample is no manifold", "3 of 4 classes have one"),
    ],
)
def test_labels_that_make_no_manifolds_are_refused(labels, what, got):
    with pytest.raises(LabelsError) as caught:
        made(labels=labels)
    assert (caught.value.what, caught.value.got) == (what, got)
