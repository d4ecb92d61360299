import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from simzoo.errors import ConstantInputError, TooFewSamplesError, UndefinedError, UsageError, ZeroRowsError
from simzoo.measures.derived import neighbours
from simzoo.measures.derived.neighbours import (
    nearest,
    nearest_distances,
    neighbour_scores,
    neighbourhoods,
    search,
    unit_neighbour_indicator,
)

X = np.random.default_rng(0).normal(size=(90, 7)) + 2


def naive(x, k, metric):
    distances = cdist(x, x, metric)
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("tile", [90 * 7, 2**22])
def test_neighbours_are_those_of_all_distances(metric, tile, monkeypatch):
    monkeypatch.setattr(neighbours, "TILE", tile)
    assert np.array_equal(nearest(X, k=6, metric=metric), naive(X, 6, metric))
    assert np.array_equal(nearest(X.astype(np.float32), k=6, metric=metric), naive(X, 6, metric))


def test_self_is_left_out_by_index_and_ties_go_to_the_lowest():
    x = np.repeat(np.eye(3), 4, axis=0)  # rows 0 to 3 are equal, and so on
    expected = [[i for i in range(12) if i != row and i // 4 == row // 4] for row in range(12)]
    for metric in ("cosine", "euclidean"):
        assert nearest(x, k=3, metric=metric).tolist() == expected
    assert nearest(x, k=4)[:, 3].tolist() == [4] * 4 + [0] * 8


def test_all_others_can_be_neighbours():
    assert sorted(nearest(X[:5], k=4)[2].tolist()) == [0, 1, 3, 4]
    with pytest.raises(TooFewSamplesError, match="5 samples are too few: each needs k = 5 others"):
        nearest(X[:5], k=5)


def test_distances_of_near_points_keep_their_digits_far_from_the_origin():
    x = (X[:, :3] * 1e-3 + 1000).astype(np.float32)
    exact = np.sort(cdist(x.astype(np.float64), x.astype(np.float64)) + np.diag([np.inf] * 90), axis=1)[:, :2]
    np.testing.assert_allclose(nearest_distances(x, k=2), exact, rtol=1e-12)


def test_distances_come_with_the_rows_they_are_to():
    found = neighbourhoods(X, k=5)
    assert np.array_equal(found.rows, naive(X, 5, "euclidean"))
    np.testing.assert_allclose(found.distances, np.take_along_axis(cdist(X, X), found.rows.numpy(), 1), rtol=1e-12)


def test_search_of_another_set():
    found = search(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0], [2.0, 0.0], [1.0, 0.0]]), 2)
    assert found.rows.tolist() == [[1, 2]]
    assert found.scores.tolist() == [[2.0, 1.0]]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_indicator_marks_the_neighbours_and_has_norm_one(metric):
    indicator = unit_neighbour_indicator(neighbour_scores(X, metric=metric), k=6)
    assert float(indicator.norm()) == pytest.approx(1)
    expected = np.zeros((90, 90))
    np.put_along_axis(expected, naive(X, 6, metric), 1, axis=1)
    assert np.array_equal(indicator > 0, expected > 0)


@pytest.mark.parametrize(
    ("x", "options", "error", "text"),
    [
        (np.ones((5, 2)), {"k": 1}, ConstantInputError, "each other's neighbours"),
        (np.eye(4)[:, :3], {"k": 1}, ZeroRowsError, "the first zero row is 3"),
        (X[:, :1], {"k": 1}, UndefinedError, "a cosine is only a sign"),
        (X, {"k": 0}, UsageError, r"no fewer than one neighbour(.|\n)*k = 0"),
        (X, {"k": 1, "metric": "manhattan"}, UsageError, r"unknown metric 'manhattan'(.|\n)*'cosine' or 'euclidean'"),
    ],
)
def test_refusals(x, options, error, text):
    with pytest.raises(error, match=text):
        nearest(x, **options)
