import numpy as np
import pytest
import torch

from simzoo.errors import DuplicateRowsError, InputError, LabelsError, UsageError
from simzoo.measures.derived.nnk import nnk
from simzoo.measures.derived.polytopes import polytopes
from simzoo.measures.evaluate import evaluate
from simzoo.measures.geometry.nnk import nnk_affinity, nnk_count, nnk_diameter, nnk_rank

SINGLE = [nnk_count, nnk_rank, nnk_diameter, nnk_affinity]
X = np.random.default_rng(0).normal(size=(60, 7))
VIEWS = [X + 0.4 * np.random.default_rng(i).normal(size=X.shape) for i in range(1, 9)]


def sphere(dimension, n=3000, ambient=256):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(n, dimension + 1))
    rotation = np.linalg.qr(draw.normal(size=(ambient, dimension + 1)))[0]
    return (x / np.linalg.norm(x, axis=1, keepdims=True)) @ rotation.T


@pytest.mark.parametrize(("dimension", "count"), [(2, 3), (3, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_on_a_sphere_it_takes_one_more_than_its_dimension_to_surround_a_point(dimension, count, dtype):
    assert nnk_count(sphere(dimension).astype(dtype)).mean == pytest.approx(count, abs=0.1)


def test_a_sphere_is_flat_nearby_and_not_at_random():
    found = nnk_affinity(sphere(2))
    assert found.mean == pytest.approx(0.985, abs=0.01)  # the numbers of the specification
    assert found.random == pytest.approx(0.80, abs=0.02)
    assert found.curvature == 1 - found.mean


@pytest.mark.parametrize("kernel", ["cosine", "gaussian"])
def test_on_a_circle_two_neighbours_surround_a_point_and_all_is_flat(kernel):
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False) + np.random.default_rng(0).uniform(0, 0.01, 100)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert nnk_count(x).mean == 2
    assert nnk_rank(x, kernel=kernel).mean == 1
    apart = np.diff(angle, append=angle[0] + 2 * np.pi)
    both = apart + np.roll(apart, 1)
    found = nnk_diameter(x)
    assert found.mean == pytest.approx(np.mean(2 * np.sin(both / 2)))
    assert found.sd == pytest.approx(np.std(2 * np.sin(both / 2)))
    assert nnk_affinity(x).mean > 0.99


def test_stronger_augmentation_is_wider():
    stronger = [X + 2 * (view - X) for view in VIEWS]
    assert nnk_diameter(X, views=stronger).mean > 1.5 * nnk_diameter(X, views=VIEWS).mean


def test_relative_diameters_are_in_units_of_the_samples_own():
    plain, own = nnk_diameter(X, views=VIEWS), polytopes(torch.from_numpy(X), nnk(X)).diameters.median()
    found = nnk_diameter(X, views=VIEWS, relative=True)
    assert (found.mean, found.sd) == pytest.approx((plain.mean / float(own), plain.sd / float(own)))
    with pytest.raises(DuplicateRowsError, match=r"no neighbour but duplicates(.|\n)*a median diameter of 0"):
        nnk_diameter(np.repeat(X[:2], 30, axis=0), labels=np.repeat([0, 1, 2], 20), relative=True)


def test_a_representation_that_is_invariant_has_no_width_and_no_directions():
    assert nnk_diameter(X, views=[X, X, X]) == (0, 0)
    assert nnk_count(X, views=[X, X, X]) == (0, 0)


def test_evaluate_takes_views_and_labels_where_they_are_given():
    assert evaluate(nnk_count.sheet, X, views=VIEWS) == nnk_count(X, views=VIEWS)._asdict()
    assert evaluate(nnk_count.sheet, X, labels=np.arange(60) % 2) == nnk_count(X, labels=np.arange(60) % 2)._asdict()


def test_the_greedy_solver_counts_fewer():
    x = np.maximum(sphere(20, 400, 64), 0)
    assert nnk_count(x, solver="reference").mean < nnk_count(x).mean


@pytest.mark.parametrize("measure", SINGLE)
def test_refusals(measure):
    with pytest.raises(LabelsError, match=r"a class of one sample is no manifold(.|\n)*1 of 2 classes"):
        measure(X, labels=[0] * 59 + [1])
    with pytest.raises(LabelsError, match=r"the labels are not of these samples(.|\n)*60 labels"):
        measure(X, labels=[0, 1])
    with pytest.raises(UsageError, match="one view says nothing"):
        measure(X, views=[X])
    with pytest.raises(InputError, match="not of these samples"):
        measure(X, views=[X, X[:50]])
