import numpy as np
import pytest

from simzoo.measures.derived.spectrum import principal_variances, singular_values


@pytest.mark.parametrize("shape", [(30, 80), (80, 30), (10, 1)])
def test_singular_values_are_those_of_numpy(shape):
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_allclose(singular_values(x), np.linalg.svd(x, compute_uv=False), rtol=1e-10)


def test_small_singular_values_of_float32_keep_their_digits():
    draw = np.random.default_rng(0)
    u, v = (np.linalg.qr(draw.normal(size=(size, 3)))[0] for size in (200, 40))
    x = u * [1, 1e-3, 1e-6] @ v.T
    np.testing.assert_allclose(singular_values(x)[:3], [1, 1e-3, 1e-6], rtol=1e-9)
    assert float(singular_values(x)[3]) < 1e-15


@pytest.mark.parametrize("shape", [(30, 80), (80, 30), (10, 1), (30, 30)])
def test_principal_variances_are_the_eigenvalues_of_numpys_covariance(shape):
    x = np.random.default_rng(0).normal(size=shape) + 3
    found, least = principal_variances(x), min(shape[0] - 1, shape[1])
    assert len(found) == least  # centring takes the direction of one sample
    expected = np.linalg.eigvalsh(np.atleast_2d(np.cov(x.T)))[::-1][:least]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_variances_that_are_only_rounding_are_left_out():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(60, 3)) @ draw.normal(size=(3, 9)) + 5
    assert len(principal_variances(x)) == len(principal_variances(x.astype(np.float32))) == 3
