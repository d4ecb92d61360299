import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from simzoo.errors import ConstantInputError, TooFewSamplesError, UndefinedError, UsageError, ZeroRowsError
from simzoo.measures.derived import neighbours
from simzoo.measures.derived.neighbours import (
    near,
    nearest,
    nearest_distances,
    neighbour_scores,
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


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("block", [1, 2**17])
def test_rows_come_with_their_distances(metric, block, monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", block)
    found, distances = near(X, k=6, metric=metric), cdist(X, X, metric)
    assert np.array_equal(found.rows, naive(X, 6, metric))
    np.testing.assert_allclose(found.distances, np.take_along_axis(distances, found.rows.numpy(), axis=1), rtol=1e-9)
    tied = near(np.repeat(np.eye(3), 4, axis=0), k=4, metric=metric)
    assert tied.rows[5].tolist() == [4, 6, 7, 0]
    assert tied.distances[5].tolist() == pytest.approx([0, 0, 0, 1 if metric == "cosine" else 2**0.5])


@pytest.mark.parametrize("width", [63, 700, 1001])
@pytest.mark.parametrize("values", [30, 10**6])
def test_the_highest_of_wide_rows_go_to_the_lowest_index(width, values):
    scores = np.random.default_rng(0).integers(values, size=(50, width)).astype(np.float32)
    found = neighbours._top(torch.from_numpy(scores), 3)
    assert np.array_equal(found.rows, np.argsort(-scores, axis=1, kind="stable")[:, :3])
    assert np.array_equal(found.scores, -np.sort(-scores, axis=1)[:, :3])


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_products_made_once_for_both_rows_find_the_same(metric, monkeypatch):
    wide = np.random.default_rng(2).normal(size=(600, 520))
    whole = nearest(wide, k=5, metric=metric)
    assert np.array_equal(whole, naive(wide, 5, metric))
    monkeypatch.setattr(neighbours, "HELD_BYTES", 0)
    assert torch.equal(whole, nearest(wide, k=5, metric=metric))


@pytest.mark.parametrize("scale", [1e-14, 1e14])
def test_cosine_distances_do_not_depend_on_scale(scale):
    assert np.allclose(near(scale * X, k=6).distances, near(X, k=6).distances, rtol=1e-9)


def test_a_ceiling_leaves_out_what_is_too_near():
    points = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    found = search(points, points, 3, leave_one_out=True, ceiling=0.9)
    assert found.rows[0, :2].tolist() == [2, 3]
    assert found.scores[0].tolist() == [pytest.approx(0.8), 0, -np.inf]
    assert found.rows[3].tolist() == [2, 0, 1]
    assert found.left_out.tolist() == [1, 1, 0, 0]


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


@pytest.mark.parametrize("k", [1, 5])
def test_float32_in_a_narrow_cone_has_the_neighbours_of_float64(k):
    x = (np.random.default_rng(0).normal(size=(400, 30)) + 300).astype(np.float32)
    assert np.array_equal(nearest(x, k=k), naive(x.astype(np.float64), k, "cosine"))


def test_samples_in_one_direction_are_ties():
    assert np.array_equal(nearest(np.outer([1, 2, 4, 8], [1, 2]), k=2), [[1, 2], [0, 2], [0, 1], [0, 1]])
