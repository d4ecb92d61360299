import numpy as np
import pytest
import torch

from simzoo.errors import DuplicateRowsError, LabelsError, UsageError
from simzoo.measures.derived.nnk import nnk
from simzoo.measures.derived.polytopes import affinities, polytopes
from simzoo.measures.evaluate import evaluate
from simzoo.measures.geometry.mgm import mgm, mgm_by_rows
from simzoo.measures.geometry.nnk import nnk_affinity, nnk_count, nnk_diameter, nnk_rank

SINGLE = [nnk_count, nnk_rank, nnk_diameter, nnk_affinity]
X = np.random.default_rng(0).normal(size=(60, 7))
VIEWS = [X + 0.4 * np.random.default_rng(i).normal(size=X.shape) for i in range(1, 9)]


def test_on_a_circle_all_four_are_known():
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False) + np.random.default_rng(0).uniform(0, 0.01, 100)
    found = mgm(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    apart = np.diff(angle, append=angle[0] + 2 * np.pi)
    widths = 2 * np.sin((apart + np.roll(apart, 1)) / 2)
    assert (found.diameter_mean, found.diameter_sd) == pytest.approx((widths.mean(), widths.std()))
    assert (found.count_mean, found.count_sd, found.rank_mean, found.rank_sd) == (2, 0, 1, 0)
    assert found.affinity_mean > 0.99
    assert found.affinity_random < 0.9


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


def test_a_representation_that_is_invariant_has_no_affinity():
    with pytest.raises(DuplicateRowsError, match=r"no point has a neighbour(.|\n)*nnk_diameter is 0 here"):
        mgm(X, views=[X, X, X])


def test_evaluate_gives_every_field_by_name():
    assert evaluate(mgm.sheet, X, views=VIEWS) == mgm(X, views=VIEWS)._asdict()


def test_refusals():
    with pytest.raises(LabelsError, match=r"a class of one sample is no manifold(.|\n)*1 of 2 classes"):
        mgm(X, labels=[0] * 59 + [1])
    with pytest.raises(UsageError, match="one view says nothing"):
        mgm(X, views=[X])
