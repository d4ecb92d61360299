import networkx as nx
import numpy as np
import pytest
from simzoo_topology.measures import _one_way, imd, rtd
from sklearn.neighbors import kneighbors_graph

from simzoo.errors import ConstantInputError, DuplicateRowsError, TooFewSamplesError
from simzoo.testing import require_conformance

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("measure", [rtd, imd], ids=lambda measure: measure.sheet.name)
def test_it_does_what_it_declares(measure):
    require_conformance(measure)


def test_a_circle_that_is_cut_open_has_one_bar_of_known_length():
    """One side a regular polygon, its hole open from side to diameter; the other the points along a line."""
    angles = 2 * np.pi * np.arange(12) / 12
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    line = np.arange(12.0)[:, None]
    distances = np.linalg.norm(circle[:, None] - circle, axis=2)
    w, v = distances / np.quantile(distances, 0.9), np.abs(line - line.T) / np.quantile(np.abs(line - line.T), 0.9)
    # glued to the line, the only cycle is the polygon's: closed by its side, filled by triangles of every fourth corner
    bars = _one_way(v, w)
    assert 0 < bars <= w[0, 4] - w[0, 1] + 1e-6
    assert _one_way(w, w) == _one_way(v, v) == 0
    assert rtd(circle, line) == pytest.approx((bars + _one_way(w, v)) / 2)


def test_noise_moves_representations_apart():
    x = DRAW.normal(size=(60, 5))
    noise = DRAW.normal(size=(60, 5))
    found = [rtd(x, x + spread * noise) for spread in (0.01, 0.1, 1)]
    assert found == sorted(found)
    assert found[0] < 0.2 < found[2]


def test_many_samples_are_drawn_and_always_the_same():
    x, y = DRAW.normal(size=(2, 60, 5))
    assert rtd(x, y, size=30, draws=3) == rtd(x, y, size=30, draws=3) != rtd(x, y)


def test_heat_is_that_of_networkx():
    x, y = DRAW.normal(size=(2, 50, 3))
    traces = []
    for side in (x, y):
        graph = nx.from_scipy_sparse_array(kneighbors_graph(side, 5).maximum(kneighbors_graph(side, 5).T))
        spectrum = nx.normalized_laplacian_spectrum(graph)
        traces.append(lambda t, spectrum=spectrum: np.exp(-t * spectrum).sum())
    expected = max(np.exp(-2 * (t + 1 / t)) * abs(traces[0](t) - traces[1](t)) for t in np.logspace(-1, 1, 256))
    assert imd(x, y) == pytest.approx(expected, rel=1e-9)


def test_refusals():
    x = DRAW.normal(size=(40, 3))
    for measure in (rtd, imd):
        with pytest.raises(ConstantInputError, match="all rows are equal"):
            measure(np.ones((40, 2)), x)
    with pytest.raises(TooFewSamplesError, match="each needs k = 5 others"):
        imd(x[:5], x[:5])
    with pytest.raises(DuplicateRowsError, match=r"at distance 0(.|\n)*leave the repeated samples out"):
        rtd(np.where(np.arange(40)[:, None] == 0, x, 1.0), x)
