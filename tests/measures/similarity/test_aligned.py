import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from simzoo.errors import ZeroRowsError
from simzoo.measures.similarity.aligned import aligned_cosine

DRAW = np.random.default_rng(0)


def by_scipy(x, y):
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(side, ((0, 0), (0, width - side.shape[1]))) for side in (x, y))
    rotated = x @ orthogonal_procrustes(x, y)[0]
    return np.mean((rotated * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1))


@pytest.mark.parametrize("shape", [(40, 6, 6), (40, 6, 3), (40, 2, 7), (20, 50, 60)])
def test_cosines_are_those_of_scipys_rotation(shape):
    n, d, d2 = shape
    x, y = DRAW.normal(size=(n, d)) + 1, DRAW.normal(size=(n, d2))
    assert aligned_cosine(x, y) == pytest.approx(by_scipy(x, y), rel=1e-9)


def test_zero_rows_of_either_side_are_left_out_of_the_mean():
    x, y = DRAW.normal(size=(30, 4)), DRAW.normal(size=(30, 4))
    x[3], y[5] = 0, 0
    q = orthogonal_procrustes(x, y)[0]
    kept = np.delete(np.arange(30), [3, 5])
    a, b = (x @ q)[kept], y[kept]
    expected = np.mean((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))
    assert aligned_cosine(x, y) == pytest.approx(expected, rel=1e-9)
    with pytest.raises(ZeroRowsError, match="every sample is zero on one side"):
        aligned_cosine(np.zeros((30, 4)), y)


def test_what_has_no_partner_counts_nothing():
    x, y = np.eye(4)[:, :2], np.eye(4)[:, 2:] + np.eye(4)[:, :2]
    assert aligned_cosine(x[:2], x[:2][:, ::-1]) == pytest.approx(1)
    assert aligned_cosine(np.vstack([x[:1], x[:1]]), np.vstack([y[:1], -y[:1]])) == 0
