import numpy as np
import pytest

from simzoo.errors import TooFewSamplesError
from simzoo.measures.similarity.pwcca import pwcca

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(90, 8)) @ DRAW.normal(size=(8, 8)) + 4
Y = X[:, :5] @ DRAW.normal(size=(5, 5)) + 3 * DRAW.normal(size=(90, 5)) * np.arange(1, 6)


def naive(weighing, other):
    """Whiten both sides by the inverse roots of their covariances; orthonormalise the variables by QR."""
    a, b = (side - side.mean(0) for side in (weighing, other))

    def whitening(side):
        values, vectors = np.linalg.eigh(side.T @ side)
        return vectors / np.sqrt(values) @ vectors.T

    u, correlations, _ = np.linalg.svd(whitening(a) @ a.T @ b @ whitening(b), full_matrices=False)
    h = np.linalg.qr(a @ whitening(a) @ u)[0]
    weights = np.abs(h.T @ a).sum(1)
    return weights @ correlations / weights.sum()


def test_the_side_of_smaller_rank_gives_the_weights():
    assert pwcca(X, Y) == pytest.approx(naive(Y, X), rel=1e-9)
    assert pwcca(Y, X) == pytest.approx(naive(Y, X), rel=1e-9)
    assert abs(naive(Y, X) - naive(Y @ np.linalg.qr(DRAW.normal(size=(5, 5)))[0], X)) > 1e-3


def test_at_a_tie_the_first_side_gives_the_weights():
    x = X[:, :5]
    assert pwcca(x, Y) == pytest.approx(naive(x, Y), rel=1e-9)
    assert pwcca(Y, x) == pytest.approx(naive(Y, x), rel=1e-9)
    assert abs(pwcca(x, Y) - pwcca(Y, x)) > 1e-4


def test_the_wider_side_may_be_mapped_by_any_affine_map():
    assert pwcca(X @ DRAW.normal(size=(8, 8)) + 7, Y) == pytest.approx(pwcca(X, Y), rel=1e-9)


def test_refusal():
    with pytest.raises(TooFewSamplesError, match="every canonical correlation would be 1"):
        pwcca(X[:8], Y[:8])
