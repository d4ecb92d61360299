import numpy as np
import pytest
import torch
from scipy.optimize import nnls
from scipy.spatial.distance import cdist

from simzoo.errors import TooFewSamplesError, UsageError
from simzoo.measures.derived.nnk import nnk, nnk_within
from simzoo.representations.representation import Representation

X = np.random.default_rng(0).normal(size=(90, 7)) + 1


def naive(x, k, kernel):
    """Weights (n, n) by scipy, of all pairs at once."""
    u = x / np.linalg.norm(x, axis=1, keepdims=True)
    distances = cdist(u, u)
    near = np.argsort(distances + 9 * np.eye(len(u)), axis=1, kind="stable")[:, :k]
    width = np.mean([distances[i, near[i, -1]] for i in range(len(u))]) / 3
    values = (1 + u @ u.T) / 2 if kernel == "cosine" else np.exp(-(distances**2) / (2 * width**2))
    theta, errors = np.zeros_like(values), np.zeros(len(u))
    for i, others in enumerate(near):
        together = np.concatenate([[i], others])
        eigenvalues, vectors = np.linalg.eigh(values[np.ix_(together, together)])
        factor = np.sqrt(eigenvalues.clip(0))[:, None] * vectors.T
        theta[i, others], distance = nnls(factor[:, 1:], factor[:, 0])
        errors[i] = distance**2
    return theta, errors


def dense(graph):
    theta = torch.zeros(len(graph.rows), len(graph.rows), dtype=torch.float64)
    return theta.scatter_add(1, graph.rows.clamp_min(0), graph.theta).numpy()


@pytest.mark.parametrize("kernel", ["cosine", "gaussian"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_and_errors_are_those_of_scipy(kernel, dtype):
    x = X.astype(dtype)
    graph = nnk(x, k=20, kernel=kernel)
    theta, errors = naive(x.astype(np.float64), 20, kernel)
    np.testing.assert_allclose(dense(graph), theta, atol=1e-7)
    np.testing.assert_allclose(graph.errors, errors, atol=1e-9)
    assert float(graph.residuals.max()) <= 1e-8
    assert int(graph.left_out.sum()) == 0


def test_k_is_capped_and_the_graph_of_a_representation_is_made_once():
    assert nnk(X[:9], k=50).rows.shape == (9, 8)
    x = Representation(X, ids=())
    assert nnk(x) is nnk(x, k=50)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_duplicates_are_left_out_and_counted_and_others_come_in_for_them(dtype):
    x = np.concatenate([np.repeat(X[:1], 12, axis=0) * np.arange(1, 13)[:, None], X[1:]]).astype(dtype)
    graph = nnk(x, k=10)
    assert (graph.rows[:12] >= 12).all()
    assert graph.left_out.tolist() == [11] * 12 + [0] * 89
    theta, _ = naive(x[11:], 10, "cosine")  # one of the twelve with the rest
    np.testing.assert_allclose(dense(graph)[11, 11:], theta[0], atol=1e-7)


def test_rows_just_apart_enough_are_no_duplicates():
    angle = np.arccos(1 - np.array([0.8e-6, 1.3e-6]))  # the cosine limit is 1 - 1e-6
    x = np.stack([np.cos([0, *angle, 2]), np.sin([0, *angle, 2])], axis=1)
    graph = nnk(x.astype(np.float64), k=3)
    assert 1 not in graph.rows[0]
    assert {2, 3} <= set(graph.rows[0].tolist())
    assert int(graph.left_out[0]) == 1


@pytest.mark.parametrize("kernel", ["cosine", "gaussian"])
def test_groups_have_graphs_of_their_own(kernel):
    features = torch.from_numpy(X)
    groups = [torch.arange(0, 90, 2), torch.arange(1, 60, 2), torch.arange(61, 90, 2)]
    whole = dense(nnk_within(features, groups, k=12, kernel=kernel, solver="exact"))
    for group in groups:
        part = dense(nnk(features[group], k=12, kernel=kernel))
        np.testing.assert_allclose(whole[np.ix_(group, group)], part, atol=1e-9)
        whole[np.ix_(group, group)] = 0
    assert not whole.any()


def test_refusals():
    with pytest.raises(UsageError, match=r"a point needs a candidate(.|\n)*k = 0"):
        nnk(X, k=0)
    with pytest.raises(UsageError, match=r"unknown kernel 'rbf'(.|\n)*'cosine' or 'gaussian'"):
        nnk(X, kernel="rbf")
    with pytest.raises(UsageError, match=r"unknown solver 'fast'(.|\n)*solver='exact'"):
        nnk(X, solver="fast")
    with pytest.raises(TooFewSamplesError, match="a sample needs another to be its neighbour"):
        nnk_within(torch.from_numpy(X), [torch.arange(89), torch.tensor([89])], k=3, kernel="cosine", solver="exact")
