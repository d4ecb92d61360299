import numpy as np
import pytest
from scipy.spatial.distance import cdist

from simzoo.errors import ConstantInputError, TooFewSamplesError
from simzoo.measures.arrays import held
from simzoo.measures.evaluate import matrix_of
from simzoo.measures.resampling import in_order, on_part
from simzoo.measures.similarity.distances import distance_correlation, rsm_norm_difference

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(50, 7)) + 20
Y = np.tanh(X - 20) @ DRAW.normal(size=(7, 90)) + DRAW.normal(size=(50, 90))


def by_definition(x, y):
    """Szekely et al. 2007: means of products of distances, centred by rows, columns and the whole."""
    a, b = (cdist(side, side) for side in (x, y))
    a, b = (s - s.mean(0) - s.mean(1)[:, None] + s.mean() for s in (a, b))
    return np.sqrt((a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean()))


def test_distance_correlation_is_as_defined_by_every_route():
    expected = by_definition(X, Y)
    assert distance_correlation(X, Y) == pytest.approx(expected, abs=1e-12)
    assert distance_correlation(X.astype(np.float32), Y.astype(np.float32)) == pytest.approx(expected, abs=1e-5)
    np.testing.assert_allclose(matrix_of(distance_correlation.sheet, [X, Y]), [[1, expected], [expected, 1]])


def test_half_samples_and_orders_come_from_the_same_matrices():
    xs, ys = [held(X)], [held(Y)]
    rows = np.sort(DRAW.permutation(50)[:25])
    assert on_part(distance_correlation.sheet, xs, ys, {})(rows)[0, 0] == pytest.approx(by_definition(X[rows], Y[rows]))
    order = DRAW.permutation(50)
    assert in_order(distance_correlation.sheet, xs, ys, {})(order)[0, 0] == pytest.approx(by_definition(X, Y[order]))


def test_of_one_column_it_is_that_of_a_closed_form():
    x = np.array([[0.0], [1.0]])
    assert distance_correlation(x, x[::-1]) == pytest.approx(1)
    squares = np.arange(-20.0, 21)[:, None]
    assert np.corrcoef(squares[:, 0], squares[:, 0] ** 2)[0, 1] == pytest.approx(0)
    assert distance_correlation(squares, squares**2) > 0.4


def test_the_norm_is_frobenius_of_the_square_matrices():
    expected = np.linalg.norm(cdist(X, X) - cdist(Y, Y))
    assert rsm_norm_difference(X, Y) == pytest.approx(expected, rel=1e-12)
    assert rsm_norm_difference(X.astype(np.float32), Y.astype(np.float32)) == pytest.approx(expected, rel=1e-5)
    assert rsm_norm_difference(X, Y) > np.linalg.norm(cdist(X, X) - cdist(Y, Y), 2) * 1.01


def test_the_norm_is_a_metric():
    for seed in range(10):
        x, y, z = (np.random.default_rng(seed).normal(size=(15, d)) for d in (3, 5, 20))
        assert rsm_norm_difference(x, z) <= rsm_norm_difference(x, y) + rsm_norm_difference(y, z) + 1e-12


@pytest.mark.parametrize("measure", [distance_correlation, rsm_norm_difference])
def test_refusals(measure):
    with pytest.raises(ConstantInputError, match="all rows are equal: nothing is dissimilar"):
        measure(np.ones((50, 2)), Y)
    with pytest.raises(TooFewSamplesError, match="a dissimilarity is of two"):
        measure(X[:1], Y[:1])
