import numpy as np
import pytest
import scipy.spatial
from scipy.linalg import fractional_matrix_power, orthogonal_procrustes, sqrtm

from simzoo.errors import TooFewSamplesError, UsageError
from simzoo.measures.similarity.cca import cca
from simzoo.measures.similarity.shape import angular_shape, bures, shape_alpha

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(40, 6)) * np.arange(1, 7) + 2
Y = np.hstack([X[:, :2], DRAW.normal(size=(40, 2))]) - 1


def centred(x):
    return x - x.mean(0)


def by_scipy(x, y):
    """Rotate one onto the other, and take the angle between the two."""
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(side, ((0, 0), (0, width - side.shape[1]))) for side in (x, y))
    rotated = x @ orthogonal_procrustes(x, y)[0]
    return np.arccos((rotated * y).sum() / np.linalg.norm(x) / np.linalg.norm(y))


@pytest.mark.parametrize("shape", [(40, 6, 4), (20, 50, 7), (20, 50, 60), (30, 1, 3)])
def test_angles_are_those_of_the_rotated_features(shape):
    n, d, d2 = shape
    x, y = DRAW.normal(size=(n, d)) + 2, DRAW.normal(size=(n, d2))
    assert angular_shape(x, y) == pytest.approx(by_scipy(centred(x), centred(y)), rel=1e-9)
    assert np.cos(angular_shape(x, y)) == pytest.approx(bures(x, y), rel=1e-9)


def test_bures_is_the_fidelity_of_the_gram_matrices():
    k, m = (centred(side) @ centred(side).T + 1e-10 * np.eye(40) for side in (X, Y))
    root = np.real(sqrtm(k))
    fidelity = np.trace(np.real(sqrtm(root @ m @ root)))
    assert bures(X, Y) == pytest.approx(fidelity / np.sqrt(np.trace(k) * np.trace(m)), rel=1e-4)


def test_scipys_disparity_is_what_the_square_of_bures_leaves():
    disparity = scipy.spatial.procrustes(X, np.pad(Y, ((0, 0), (0, 2))))[2]
    assert disparity == pytest.approx(1 - bures(X, Y) ** 2, rel=1e-9)


@pytest.mark.parametrize("alpha", [0, 0.1, 0.5, 0.9, 1])
def test_whitening_in_part_is_the_formula_with_scipys_inverse_root(alpha):
    parts = []
    for side in (centred(X), centred(Y)):
        root = np.real(fractional_matrix_power(side.T @ side, -0.5))
        parts.append(side @ (alpha * np.eye(len(root)) + (1 - alpha) * root))
    assert shape_alpha(X, Y, alpha=alpha) == pytest.approx(by_scipy(*parts), rel=1e-8)


def test_the_ends_are_the_angle_and_canonical_correlations():
    assert shape_alpha(X, Y, alpha=1) == angular_shape(X, Y)
    assert np.cos(shape_alpha(X, Y, alpha=0)) == pytest.approx(cca(X, Y) * 4 / np.sqrt(6 * 4), rel=1e-9)


def test_angles_are_metrics_and_small_ones_keep_their_digits():
    for seed in range(10):
        x, y, z = (np.random.default_rng(seed).normal(size=(15, d)) for d in (3, 5, 8))
        for measure in (angular_shape, shape_alpha):
            assert measure(x, z) <= measure(x, y) + measure(y, z) + 1e-12
    assert 1e-11 < angular_shape(z, z + 1e-9 * DRAW.normal(size=z.shape)) < 1e-8


def test_refusals():
    with pytest.raises(TooFewSamplesError, match=r"6 samples are too few for 6 columns: whitened, any two are alike"):
        shape_alpha(X[:6], Y[:6])
    assert shape_alpha(X[:6], Y[:6], alpha=1) > 0
    with pytest.raises(UsageError, match=r"alpha lies between whitened and unchanged(.|\n)*0 <= alpha <= 1"):
        shape_alpha(X, Y, alpha=2)
