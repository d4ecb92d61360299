"""The NNK graph of a representation, as a networkx graph."""

from __future__ import annotations

from typing import Any, Literal

import networkx as nx

from simzoo.errors import UsageError
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.nnk import Kernel, Solver, nnk
from simzoo.measures.derived.polytopes import polytopes


def nnk_graph(
    x: Any,
    k: int = 50,
    *,
    kernel: Kernel = "cosine",
    solver: Solver = "exact",
    normalise: Literal["none", "sum"] = "none",
) -> nx.DiGraph:
    """Return the NNK graph of (n, d) features: an edge from each point to each neighbour that it takes to surround it.

    Nodes are row numbers; an edge has its weight `theta` (`normalise="sum"`: they add up to 1 for each point). Nodes
    have `count` (neighbours), `error` (what is left of the point after its combination of them, by the kernel),
    `diameter` and `rank` as of `nnk_diameter` and `nnk_rank`. The graph has `n`, `k`, `kernel`, `solver`, `normalise`,
    `left_out` (pairs of duplicates, which are no neighbours) and `residual` (how far the worst solution is from
    optimal). `networkx.write_graphml` writes it as it is.

    >>> import numpy as np
    >>> graph = nnk_graph(np.random.default_rng(0).normal(size=(200, 2)))  # directions: a circle
    >>> graph.number_of_nodes(), graph.out_degree(0), graph.nodes[0]["count"]
    (200, 2, 2)
    """
    if normalise not in {"none", "sum"}:
        raise UsageError(
            f"unknown normalisation {normalise!r}",
            expected="'none' or 'sum'",
            got=repr(normalise),
            next_step="normalise='none'",
        )
    found = nnk(x, k=k, kernel=kernel, solver=solver)
    shapes = polytopes(matrix(x), found)
    theta, chosen = found.theta, found.chosen
    if normalise == "sum":
        theta = theta / (theta * chosen).sum(1, keepdim=True)
    graph = nx.DiGraph(
        n=len(theta),
        k=theta.shape[1],
        kernel=kernel,
        solver=solver,
        normalise=normalise,
        left_out=int(found.left_out.sum()) // 2,
        residual=float(found.residuals.max()),
    )
    about = {"error": found.errors, "count": shapes.counts, "diameter": shapes.diameters, "rank": shapes.ranks}
    columns = [values.tolist() for values in about.values()]
    graph.add_nodes_from(
        (row, dict(zip(about, values, strict=True))) for row, values in enumerate(zip(*columns, strict=True))
    )
    starts, places = chosen.nonzero(as_tuple=True)
    ends, weights = found.rows[starts, places], theta[starts, places]
    graph.add_weighted_edges_from(zip(starts.tolist(), ends.tolist(), weights.tolist(), strict=True), weight="theta")
    return graph
