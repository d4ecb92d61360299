import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from simzoo.errors import ConstantInputError, TooFewSamplesError, UsageError, ZeroRowsError
from simzoo.measures.similarity.neighbours import cycle_knn, knn_jaccard, mutual_knn


def neighbours(x, y, k, metric):
    return [NearestNeighbors(n_neighbors=k, metric=metric).fit(s).kneighbors(return_distance=False) for s in (x, y)]


def by_sklearn(x, y, k, metric):
    lists = neighbours(x, y, k, metric)
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(*lists, strict=True)])


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [1, 10, 99])
def test_shares_are_those_of_scikit_learn(metric, k):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(100, 5)) + 1
    y = x @ draw.normal(size=(5, 8)) + draw.normal(size=(100, 8))
    assert mutual_knn(x, y, k=k, metric=metric) == pytest.approx(by_sklearn(x, y, k, metric))


def test_independent_representations_give_the_chance_level():
    draws = [np.random.default_rng(seed).normal(size=(2, 101, 6)) for seed in range(20)]
    chance = mutual_knn.sheet.chance(101, k=5)
    assert chance == 0.05
    assert np.mean([mutual_knn(x, y, k=5) for x, y in draws]) == pytest.approx(chance, abs=0.01)


def test_duplicates_are_neighbours():
    x = np.repeat(np.random.default_rng(0).normal(size=(20, 3)), 2, axis=0)
    y = np.repeat(np.random.default_rng(1).normal(size=(20, 3)), 2, axis=0)
    assert mutual_knn(x, y, k=1) == 1


def pair():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(100, 5)) + 1
    return x, x @ draw.normal(size=(5, 8)) + draw.normal(size=(100, 8))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [1, 10, 99])
def test_overlaps_and_returns_are_those_of_sets(metric, k):
    x, y = pair()
    near, far = ([set(row) for row in side] for side in neighbours(x, y, k, metric))
    overlaps = [len(a & b) / len(a | b) for a, b in zip(near, far, strict=True)]
    assert knn_jaccard(x, y, k=k, metric=metric) == pytest.approx(np.mean(overlaps))
    returns = [any(i in near[j] for j in far[i]) for i in range(100)]
    assert cycle_knn(x, y, k=k, metric=metric) == np.mean(returns)


def test_the_chance_level_of_overlaps_is_their_mean_under_independence():
    draws = [np.random.default_rng(seed).normal(size=(2, 61, 6)) for seed in range(30)]
    found = [knn_jaccard(x, y, k=12) for x, y in draws]
    assert np.mean(found) == pytest.approx(knn_jaccard.sheet.chance(61, k=12), abs=0.005)


def test_a_sample_that_is_nobodys_neighbour_does_not_come_back():
    x = np.append(np.random.default_rng(0).normal(size=(30, 2)), [[1e3, 1e3]], axis=0)
    assert cycle_knn(x, x, k=30, metric="euclidean") == 1
    assert cycle_knn(x, x, k=2, metric="euclidean") < 1


@pytest.mark.parametrize("measure", [mutual_knn, knn_jaccard, cycle_knn])
def test_refusals(measure):
    x, y = pair()
    with pytest.raises(TooFewSamplesError, match=r"10 samples are too few: each needs k = 10 others"):
        measure(x[:10], y[:10])
    with pytest.raises(ZeroRowsError, match=r"1 of 100 rows are zero(.|\n)*metric='euclidean'"):
        measure(np.where(np.arange(100)[:, None] == 3, 0, x), y)
    with pytest.raises(ConstantInputError, match="all are each other's neighbours"):
        measure(x, np.ones((100, 4)))
    with pytest.raises(UsageError, match="no fewer than one neighbour"):
        measure(x, y, k=0)
