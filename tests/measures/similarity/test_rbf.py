import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from simzoo.errors import DuplicateRowsError, UndefinedError, UsageError
from simzoo.measures.arrays import held
from simzoo.measures.evaluate import matrix_of
from simzoo.measures.resampling import on_part
from simzoo.measures.similarity.rbf import cka_rbf

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(41, 8)) + 3
Y = np.hstack([np.tanh(X), DRAW.normal(size=(41, 3))])


def by_scipy(x, y, bandwidth=1.0, sigma=None):
    n = len(x)
    centring, kernels = np.eye(n) - 1 / n, []
    for side in (x, y):
        distances = pdist(side)
        width = bandwidth * np.median(distances) if sigma is None else sigma
        kernels.append(centring @ np.exp(-(squareform(distances) ** 2) / (2 * width**2)) @ centring)
    k, m = kernels
    return (k * m).sum() / np.linalg.norm(k) / np.linalg.norm(m)


@pytest.mark.parametrize("options", [{}, {"bandwidth": 0.2}, {"sigma": 3.0}, {"sigma": 0.7}])
@pytest.mark.parametrize("n", [41, 40])
def test_values_are_the_formula_of_scipys_distances(n, options):
    assert cka_rbf(X[:n], Y[:n], **options) == pytest.approx(by_scipy(X[:n], Y[:n], **options), rel=1e-9)


def test_float32_keeps_five_digits_far_from_the_origin():
    x = (X + 100).astype(np.float32)
    assert cka_rbf(x, Y) == pytest.approx(by_scipy(x.astype(float), Y), rel=1e-5)


def test_grids_and_half_samples_are_the_values_of_pairs():
    xs, ys = [held(X), held(X**3)], [held(Y)]
    np.testing.assert_allclose(
        matrix_of(cka_rbf.sheet, xs, ys, bandwidth=0.5), [[by_scipy(X, Y, 0.5)], [by_scipy(X**3, Y, 0.5)]]
    )
    rows = np.arange(0, 41, 2)
    found = on_part(cka_rbf.sheet, xs, ys, {"bandwidth": 0.5})(rows)
    assert found[0, 0] == pytest.approx(by_scipy(X[rows], Y[rows], 0.5))


def test_wide_kernels_are_linear_ones():
    from simzoo.measures.similarity.cka import linear_cka

    assert cka_rbf(X, Y, bandwidth=100) == pytest.approx(linear_cka(X, Y), abs=1e-3)


def test_refusals():
    half = np.vstack([np.repeat(X[:1], 35, axis=0), X[:6]])
    with pytest.raises(DuplicateRowsError, match=r"half of all pairs of rows coincide(.|\n)*sigma=1.0"):
        cka_rbf(half, Y)
    assert cka_rbf(half, Y, sigma=1.0) > 0
    with pytest.raises(UndefinedError, match="the centred Gaussian kernel is zero"):
        cka_rbf(X, Y, sigma=1e12)
    for options in ({"bandwidth": 0}, {"sigma": -1.0}):
        with pytest.raises(UsageError, match="the width of a Gaussian kernel is above 0"):
            cka_rbf(X, Y, **options)
