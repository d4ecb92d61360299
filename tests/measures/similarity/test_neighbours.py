import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from simzoo.measures.similarity.neighbours import mutual_knn


def by_sklearn(x, y, k, metric):
    lists = [
        NearestNeighbors(n_neighbors=k, metric=metric).fit(side).kneighbors(return_distance=False) for side in (x, y)
    ]
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
