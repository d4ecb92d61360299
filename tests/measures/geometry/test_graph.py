import networkx as nx
import numpy as np
import pytest
import torch

import simzoo
from simzoo.errors import UsageError
from simzoo.measures.derived.nnk import nnk
from simzoo.measures.derived.polytopes import polytopes

X = np.random.default_rng(0).normal(size=(50, 6))


def test_edges_and_nodes_are_those_of_the_weights():
    graph = simzoo.nnk_graph(X, k=12)
    found, shapes = nnk(X, k=12), polytopes(torch.from_numpy(X), nnk(X, k=12))
    assert list(graph.nodes) == list(range(50))
    for i in range(50):
        around = found.rows[i][found.chosen[i]].tolist()
        assert dict(graph[i]) == {
            j: {"theta": float(theta)} for j, theta in zip(around, found.theta[i][found.chosen[i]], strict=True)
        }
        assert graph.nodes[i] == {
            "error": float(found.errors[i]),
            "count": len(around),
            "diameter": float(shapes.diameters[i]),
            "rank": int(shapes.ranks[i]),
        }
    assert graph.graph["residual"] <= 1e-8


def test_weights_may_add_up_to_one():
    graph = simzoo.nnk_graph(X, normalise="sum")
    np.testing.assert_allclose([degree for _, degree in graph.out_degree(weight="theta")], 1)
    plain = simzoo.nnk_graph(X)
    assert set(plain.edges) == set(graph.edges)
    with pytest.raises(UsageError, match=r"unknown normalisation 'max'(.|\n)*'none' or 'sum'"):
        simzoo.nnk_graph(X, normalise="max")


def test_it_is_written_as_graphml_and_read_again(tmp_path):
    graph = simzoo.nnk_graph(np.concatenate([X, 2 * X[:3]]).astype(np.float32), k=60, kernel="gaussian")
    about = {"n": 53, "k": 52, "kernel": "gaussian", "solver": "exact", "normalise": "none", "left_out": 3}
    assert about.items() <= graph.graph.items()
    nx.write_graphml(graph, tmp_path / "graph.graphml")
    again = nx.read_graphml(tmp_path / "graph.graphml", node_type=int)
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    assert {(a, b): theta for a, b, theta in again.edges(data="theta")} == {
        (a, b): theta for a, b, theta in graph.edges(data="theta")
    }
    assert about.items() <= again.graph.items()
