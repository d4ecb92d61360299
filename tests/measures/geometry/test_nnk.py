import numpy as np
import pytest
import torch

from simzoo.errors import DuplicateRowsError, InputError, LabelsError, UsageError
from simzoo.measures.derived.nnk import nnk
from simzoo.measures.derived.polytopes import affinities, polytopes
from simzoo.measures.evaluate import evaluate
from simzoo.measures.geometry.mgm import mgm, mgm_by_rows
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


def by_hand(features):
    """The means over the points of one manifold: diameter, affinity, random affinity, count, rank."""
    features = torch.from_numpy(features)
    graph = nnk(features, k=50)
    shapes, near = polytopes(features, graph), affinities(features, graph, [torch.arange(len(features))])
    values = (shapes.diameters, near.neighbours, near.random, shapes.counts.double(), shapes.ranks.double())
    return [float(value.mean()) for value in values]


@pytest.mark.parametrize("setting", ["views", "labels"])
def test_manifolds_count_alike_each_by_the_mean_of_its_points(setting):
    labels = np.repeat(["a", "b", "c"], [10, 20, 30])
    if setting == "views":
        found = mgm(X, views=VIEWS)
        each = np.array([by_hand(np.stack([view[i] for view in VIEWS])) for i in range(len(X))])
    else:
        found = mgm(X, labels=labels)
        each = np.array([by_hand(X[labels == name]) for name in "abc"])
    means, sds = each.mean(0), each.std(0)
    assert (found.diameter_mean, found.diameter_sd) == pytest.approx((means[0], sds[0]))
    assert (found.affinity_mean, found.affinity_sd) == pytest.approx((means[1], sds[1]))
    assert found.affinity_random == pytest.approx(means[2], abs=1e-9 if setting == "views" else 0.02)
    assert (found.count_mean, found.count_sd, found.rank_mean, found.rank_sd) == pytest.approx(
        (means[3], sds[3], means[4], sds[4])
    )


@pytest.mark.parametrize("given", [{}, {"views": VIEWS}, {"labels": np.arange(60) % 4}], ids=["all", "views", "labels"])
def test_some_rows_of_all_are_as_those_rows_alone(given):
    of_rows = mgm_by_rows(X, **given, k=6)
    for rows in (np.arange(60), np.arange(0, 60, 2), np.array([5, 2, 40, 17, 23, 6, 41, 14, 3, 0])):
        some = {"views": [view[rows] for view in VIEWS]} if "views" in given else {}
        some |= {"labels": given["labels"][rows]} if "labels" in given else {}
        assert of_rows(rows) == pytest.approx(mgm(X[rows], **some, k=6))


def test_some_rows_leave_out_the_classes_of_which_they_hold_one_alone():
    labels = np.arange(60) % 4
    rows = np.array([0, 4, 8, 12, 1, 5, 9, 13, 2])
    assert mgm_by_rows(X, labels=labels)(rows) == pytest.approx(mgm(X[rows[:-1]], labels=labels[rows[:-1]]))
    with pytest.raises(LabelsError):
        mgm_by_rows(X, labels=labels)(np.arange(4))
    with pytest.raises(LabelsError):
        mgm_by_rows(X, labels=np.array([*labels[:-1], 9]))(np.arange(60))


@pytest.mark.parametrize("given", [{}, {"views": VIEWS}, {"labels": np.arange(60) % 4}], ids=["all", "views", "labels"])
def test_each_metric_is_a_field_of_all(given):
    every = mgm(X, **given)._asdict()
    for measure in SINGLE:
        name = measure.sheet.name.removeprefix("nnk_")
        found = measure(X, **given)
        assert (found.mean, found.sd) == (every[f"{name}_mean"], every[f"{name}_sd"])
    assert nnk_affinity(X, **given).random == every["affinity_random"]


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
    with pytest.raises(DuplicateRowsError, match=r"no point has a neighbour(.|\n)*nnk_diameter is 0 here"):
        mgm(X, views=[X, X, X])


def test_evaluate_takes_views_and_labels_where_they_are_given():
    assert evaluate(mgm.sheet, X, views=VIEWS) == mgm(X, views=VIEWS)._asdict()
    assert evaluate(nnk_count.sheet, X, labels=np.arange(60) % 2) == nnk_count(X, labels=np.arange(60) % 2)._asdict()


def test_the_greedy_solver_counts_fewer():
    x = np.maximum(sphere(20, 400, 64), 0)
    assert nnk_count(x, solver="reference").mean < nnk_count(x).mean


@pytest.mark.parametrize("measure", [*SINGLE, mgm])
def test_refusals(measure):
    with pytest.raises(LabelsError, match=r"a class of one sample is no manifold(.|\n)*1 of 2 classes"):
        measure(X, labels=[0] * 59 + [1])
    with pytest.raises(LabelsError, match=r"the labels are not of these samples(.|\n)*60 labels"):
        measure(X, labels=[0, 1])
    with pytest.raises(UsageError, match="one view says nothing"):
        measure(X, views=[X])
    with pytest.raises(InputError, match="not of these samples"):
        measure(X, views=[X, X[:50]])
