import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist

from simzoo.measures.derived import polytopes as module
from simzoo.measures.derived.nnk import nnk
from simzoo.measures.derived.polytopes import affinities, polytopes

X = torch.from_numpy(np.random.default_rng(0).normal(size=(70, 9)))
GRAPH = nnk(X, k=20)
U = (X / X.norm(dim=1, keepdim=True)).numpy()
AROUND = [GRAPH.rows[i][GRAPH.chosen[i]].numpy() for i in range(len(X))]


def basis(i):
    """Directions to the neighbours as columns, by the singular vectors themselves."""
    _, values, rows = np.linalg.svd(U[AROUND[i]] - U[i], full_matrices=False)
    return rows[values**2 >= 0.1 * values[0] ** 2].T


def affinity(i, j):
    a, b = basis(i), basis(j)
    return np.linalg.norm(a.T @ b) / min(a.shape[1], b.shape[1]) ** 0.5


@pytest.fixture(params=[2**19, 1], ids=["at once", "one by one"])
def _blocks(request, monkeypatch):
    monkeypatch.setattr(module, "GATHERED", request.param)


@pytest.mark.usefixtures("_blocks")
def test_polytopes_are_those_of_the_points_themselves():
    found = polytopes(X, GRAPH)
    assert found.counts.tolist() == [len(around) for around in AROUND]
    assert found.ranks.tolist() == [basis(i).shape[1] for i in range(len(X))]
    widest = [pdist(U[[i, *around]]).max() for i, around in enumerate(AROUND)]
    np.testing.assert_allclose(found.diameters, widest, rtol=1e-9)


@pytest.mark.usefixtures("_blocks")
def test_affinities_are_those_of_the_singular_directions():
    found = affinities(X, GRAPH, [torch.arange(len(X))])
    expected = [np.mean([affinity(i, j) for j in around]) for i, around in enumerate(AROUND)]
    np.testing.assert_allclose(found.neighbours, expected, rtol=1e-9)


def test_random_pairs_are_all_pairs_where_these_are_few():
    found = affinities(X, GRAPH, [torch.arange(len(X))])
    # of an even number of points, the pairs half way round are drawn twice
    pairs = np.array([[affinity(i, j) for j in range(len(X))] for i in range(len(X))])
    plain = (pairs.sum(1) - 1) / (len(X) - 1)
    np.testing.assert_allclose(found.random, plain, atol=0.02)
    odd = nnk(X[:69], k=20)
    drawn = module._drawn(odd.errors, torch.arange(69), 10**6)
    assert len({frozenset(pair) for pair in drawn.tolist()}) == 69 * 68 // 2
    assert len(drawn) == 69 * 68 // 2


def test_the_draw_is_the_same_for_the_same_points_in_any_order():
    order = torch.from_numpy(np.random.default_rng(1).permutation(len(X)))
    plain = module._drawn(GRAPH.errors, torch.arange(len(X)), 2)
    moved = module._drawn(GRAPH.errors[order], torch.arange(len(X)), 2)
    assert torch.equal(plain, order[moved])


def test_points_without_neighbours_have_no_affinity_and_no_width():
    x = torch.cat([X[:1], 2 * X[:1]])
    graph = nnk(torch.cat([x, X[1:40]]), k=20)
    alone = graph._replace(theta=graph.theta.clone())
    alone.theta[5] = 0
    features = torch.cat([x, X[1:40]])
    found = polytopes(features, alone)
    assert (found.counts[5], found.ranks[5], found.diameters[5]) == (0, 0, 0)
    near, random = affinities(features, alone, [torch.arange(41)])
    assert near[5].isnan()
    assert random[5].isnan()
    assert int(near.isnan().sum()) == 1
