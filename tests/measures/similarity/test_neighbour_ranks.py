import numpy as np
import pytest
from scipy.spatial.distance import cdist

from simzoo.errors import ConstantInputError, TooFewSamplesError
from simzoo.measures.derived import neighbours
from simzoo.measures.similarity import neighbour_ranks
from simzoo.measures.similarity.neighbour_ranks import information_imbalance, joint_rank_jaccard, rank_similarity

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(70, 5)) + 1
Y = X @ DRAW.normal(size=(5, 8)) + DRAW.normal(size=(70, 8))


def ordered(x, metric):
    """The other samples of each, nearest first."""
    distances = cdist(x, x, metric)
    np.fill_diagonal(distances, np.inf)
    return distances.argsort(axis=1, kind="stable")[:, :-1].tolist()


def naive(x, y, k, metric):
    """Wang et al. 2020, as it is written: rank similarity of each sample, and its Jaccard index."""
    ranks, overlaps = [], []
    for near, far in zip(ordered(x, metric), ordered(y, metric), strict=True):
        a, b = near[:k], far[:k]
        common = set(a) & set(b)
        total = 0
        for j in common:
            p, q = a.index(j) + 1, b.index(j) + 1
            total += 2 / ((1 + abs(p - q)) * (p + q))
        ranks.append(total / sum(1 / m for m in range(1, len(common) + 1)) if common else 0)
        overlaps.append(len(common) / len(set(a) | set(b)))
    return np.array(ranks), np.array(overlaps)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [1, 10, 69])
def test_ranks_are_as_defined(metric, k, monkeypatch):
    monkeypatch.setattr(neighbour_ranks, "_TILE", 500)
    ranks, overlaps = naive(X, Y, k, metric)
    assert rank_similarity(X, Y, k=k, metric=metric) == pytest.approx(ranks.mean())
    assert joint_rank_jaccard(X, Y, k=k, metric=metric) == pytest.approx((ranks * overlaps).mean())


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_imbalances_are_as_defined(metric, monkeypatch):
    monkeypatch.setattr(neighbours, "TILE", 500)
    for x, y in ((X, Y), (Y, X)):
        ranks = [b.index(a[0]) + 1 for a, b in zip(ordered(x, metric), ordered(y, metric), strict=True)]
        assert information_imbalance(x, y, metric=metric) == pytest.approx(2 / 70 * np.mean(ranks))


def test_imbalance_of_independent_sides_is_its_chance_level():
    draws = [np.random.default_rng(seed).normal(size=(2, 60, 6)) for seed in range(40)]
    assert np.mean([information_imbalance(x, y) for x, y in draws]) == pytest.approx(1, abs=0.05)
    assert information_imbalance.sheet.chance == 1


def test_imbalance_ranks_ties_by_index_so_that_identical_sides_have_the_least():
    x = np.repeat(np.random.default_rng(0).normal(size=(15, 3)), 4, axis=0)
    for metric in ("cosine", "euclidean"):
        assert information_imbalance(x, x, metric=metric) == information_imbalance.sheet.identical(60) == 2 / 60


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_what_single_precision_cannot_order_is_ordered_in_double(metric):
    centres = np.repeat(DRAW.normal(size=(6, 5)), 20, axis=0)
    close = (centres + 1e-4 * np.random.default_rng(0).normal(size=(120, 5))).astype(np.float32)  # products round alike
    other = close[:, :4].copy()
    for measure in (information_imbalance, rank_similarity, joint_rank_jaccard):
        fine = measure(close.astype(np.float64), other.astype(np.float64), metric=metric)
        assert measure(close, other, metric=metric) == pytest.approx(fine, rel=1e-12)
    ranks = [b.index(a[0]) + 1 for a, b in zip(ordered(close, metric), ordered(other, metric), strict=True)]
    assert information_imbalance(close, other, metric=metric) == pytest.approx(2 / 120 * np.mean(ranks))


@pytest.mark.parametrize("measure", [information_imbalance, rank_similarity, joint_rank_jaccard])
def test_scale_moves_nothing(measure):
    for size in (1e-13, 1e13):
        assert measure(size * X, Y) == pytest.approx(measure(X, Y), rel=1e-12)


def test_what_shares_no_neighbour_is_0():
    x = np.arange(6.0)[:, None]
    y = np.array([0.0, 3, 1, 4, 2, 5])[:, None]
    assert naive(x, y, 1, "euclidean")[0].sum() == 0
    assert rank_similarity(x, y, k=1, metric="euclidean") == 0


def test_refusals():
    for measure in (rank_similarity, joint_rank_jaccard):
        with pytest.raises(TooFewSamplesError, match="each needs k = 10 others"):
            measure(X[:10], Y[:10])
    with pytest.raises(TooFewSamplesError, match="1 sample is too few"):
        information_imbalance(X[:1], Y[:1])
    with pytest.raises(ConstantInputError, match="all rows are equal"):
        information_imbalance(X, np.ones((70, 3)))
