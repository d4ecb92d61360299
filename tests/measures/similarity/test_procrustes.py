import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from simzoo.measures.similarity.procrustes import procrustes

DRAW = np.random.default_rng(0)


def by_scipy(x, y):
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(side - side.mean(0), ((0, 0), (0, width - side.shape[1]))) for side in (x, y))
    return np.linalg.norm(x @ orthogonal_procrustes(x, y)[0] - y)


@pytest.mark.parametrize("shape", [(40, 6, 6), (40, 6, 3), (20, 50, 7), (20, 50, 60)])
def test_distances_are_those_of_the_rotated_features(shape):
    n, d, d2 = shape
    x, y = DRAW.normal(size=(n, d)) + 2, DRAW.normal(size=(n, d2))
    assert procrustes(x, y) == pytest.approx(by_scipy(x, y), rel=1e-9)


@pytest.mark.parametrize("shape", [(40, 6), (20, 50)])
def test_small_distances_keep_their_digits(shape):
    x = DRAW.normal(size=shape)
    y = (x + 1e-9 * DRAW.normal(size=shape)) @ np.linalg.qr(DRAW.normal(size=(shape[1],) * 2))[0]
    assert procrustes(x, y) == pytest.approx(by_scipy(x, y), rel=1e-4)
    assert procrustes(x, x) < 1e-12


def test_it_is_a_metric():
    for seed in range(10):
        draw = np.random.default_rng(seed)
        x, y, z = (draw.normal(size=(15, d)) for d in (3, 5, 20))
        assert procrustes(x, z) <= procrustes(x, y) + procrustes(y, z) + 1e-12


def test_a_constant_side_is_one_point():
    y = DRAW.normal(size=(10, 3))
    assert procrustes(np.ones((10, 2)), y) == pytest.approx(np.linalg.norm(y - y.mean(0)))
