import numpy as np
import pytest
import torch

from simzoo.errors import ConstantInputError, TooFewSamplesError
from simzoo.measures.derived.gram import unit_centered, unit_centered_gram, unit_u_centered_gram


@pytest.mark.parametrize("scale", [1e-25, 1, 1e25])
def test_features_are_centred_and_scaled_whatever_their_size(scale):
    x = (np.random.default_rng(0).normal(size=(50, 8)) + 3).astype(np.float32)
    features = unit_centered(x * np.float32(scale))
    assert features.dtype == torch.float32
    assert float(features.double().norm()) == pytest.approx(1, rel=1e-6)
    assert features.double().mean(0).abs().max() < 1e-8


def test_inner_matrices_are_the_naive_ones():
    x = np.random.default_rng(0).normal(size=(30, 8)) + 3
    n, centring = 30, np.eye(30) - 1 / 30
    kernel = centring @ x @ x.T @ centring
    np.testing.assert_allclose(unit_centered_gram(x), kernel / np.linalg.norm(kernel), atol=1e-12)
    kernel = x @ x.T
    np.fill_diagonal(kernel, 0)
    rows = kernel.sum(1)
    u = kernel - rows[:, None] / (n - 2) - rows / (n - 2) + rows.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(u, 0)
    np.testing.assert_allclose(unit_u_centered_gram(x), u / np.linalg.norm(u), atol=1e-12)


@pytest.mark.parametrize("inner", [unit_centered_gram, unit_u_centered_gram])
def test_finishing_a_part_of_the_kernel_equals_the_part_of_the_samples(inner):
    x = np.random.default_rng(0).normal(size=(30, 8)) + 3
    rows = np.array([1, 4, 5, 9, 12, 20, 29])
    part = inner.raw(x, {})[rows][:, rows]
    np.testing.assert_allclose(inner.finished(part[None], {})[0], inner(x[rows]), atol=1e-12)


def test_what_does_not_vary_is_refused():
    with pytest.raises(ConstantInputError, match="no direction"):
        unit_centered(np.full((5, 3), 0.1, np.float32))
    with pytest.raises(TooFewSamplesError, match="one sample does not vary"):
        unit_centered(np.ones((1, 3)))
    with pytest.raises(TooFewSamplesError, match="U-centring"):
        unit_u_centered_gram(np.eye(3))
