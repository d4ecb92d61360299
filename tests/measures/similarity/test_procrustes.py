import numpy as np
import pytest
import scipy.spatial
from scipy.linalg import orthogonal_procrustes

from simzoo.errors import ConstantInputError, TooFewSamplesError
from simzoo.measures.similarity.procrustes import procrustes, procrustes_normalized, procrustes_raw

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


@pytest.mark.parametrize("shape", [(40, 6, 6), (40, 6, 3), (20, 50, 7), (20, 50, 60)])
def test_without_centring_distances_are_those_of_the_rotated_features(shape):
    n, d, d2 = shape
    width = max(d, d2)
    x, y = DRAW.normal(size=(n, d)) + 2, DRAW.normal(size=(n, d2)) + 1
    a, b = (np.pad(side, ((0, 0), (0, width - side.shape[1]))) for side in (x, y))
    expected = np.linalg.norm(a @ orthogonal_procrustes(a, b)[0] - b)
    assert procrustes_raw(x, y) == pytest.approx(expected, rel=1e-9)
    assert procrustes_raw(x, x) < 1e-12


@pytest.mark.parametrize("width", [6, 3])
def test_the_normalised_distance_is_what_scipys_disparity_is_made_of(width):
    x, y = DRAW.normal(size=(40, 6)) + 2, DRAW.normal(size=(40, width)) * 5
    disparity = scipy.spatial.procrustes(x, np.pad(y, ((0, 0), (0, 6 - width))))[2]
    assert procrustes_normalized(x, y) == pytest.approx(np.sqrt(2 - 2 * np.sqrt(1 - disparity)), rel=1e-9)


@pytest.mark.parametrize("measure", [procrustes_normalized, procrustes_raw])
def test_the_others_are_metrics_and_keep_the_digits_of_small_distances(measure):
    for seed in range(10):
        x, y, z = (np.random.default_rng(seed).normal(size=(15, d)) for d in (3, 5, 20))
        assert measure(x, z) <= measure(x, y) + measure(y, z) + 1e-12
    near = z + 1e-9 * DRAW.normal(size=z.shape)
    assert 1e-11 < measure(z, near) < 1e-7
    assert measure(z, near) == pytest.approx(measure(near, z), rel=1e-4)


def test_what_has_no_shape_is_refused():
    with pytest.raises(ConstantInputError, match="centred, they are zero and have no shape"):
        procrustes_normalized(np.ones((9, 2)), DRAW.normal(size=(9, 2)))
    with pytest.raises(TooFewSamplesError, match="one sample does not vary"):
        procrustes_normalized(np.ones((1, 2)), np.ones((1, 2)))
