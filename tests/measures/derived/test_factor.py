import numpy as np
import pytest
import torch

from simzoo.measures.derived.factor import centered_factor, raw_factor, triangle, unit_factor


@pytest.mark.parametrize("shape", [(20, 50), (50, 20), (20, 20), (5, 1)])
def test_the_factor_has_the_gram_matrix_of_the_centred_features(shape):
    x = np.random.default_rng(0).normal(size=shape) + 3
    factor = centered_factor(x).numpy()
    centred = x - x.mean(0)
    assert factor.shape == (shape[0], min(shape))
    np.testing.assert_allclose(factor @ factor.T, centred @ centred.T, atol=1e-10)


@pytest.mark.parametrize("shape", [(20, 5), (5, 20)])
def test_the_triangle_has_the_same_product(shape):
    a = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    r = triangle(a)
    assert r.shape == (5, shape[1])
    assert torch.allclose(r.T @ r, a.T @ a)


@pytest.mark.parametrize("shape", [(20, 50), (50, 20)])
def test_the_others_are_not_centred_or_of_norm_one(shape):
    x = np.random.default_rng(0).normal(size=shape) + 3
    factor, unit = raw_factor(x).numpy(), unit_factor(x)
    np.testing.assert_allclose(factor @ factor.T, x @ x.T, rtol=1e-10)
    assert factor.shape == (shape[0], min(shape))
    assert float(unit.norm()) == pytest.approx(1)
    np.testing.assert_allclose(unit * float(centered_factor(x).norm()), centered_factor(x), rtol=1e-10)
