import numpy as np
import pytest
from scipy.stats import entropy

from simzoo.errors import ConstantInputError
from simzoo.measures.geometry.spectrum import effective_rank


@pytest.mark.parametrize("shape", [(50, 8), (20, 60)])
def test_it_is_the_exponential_of_scipys_entropy(shape):
    x = np.random.default_rng(0).normal(size=shape) * np.linspace(0.1, 2, shape[1]) + 1
    assert effective_rank(x) == pytest.approx(np.exp(entropy(np.linalg.svd(x, compute_uv=False))), rel=1e-10)


def test_equal_singular_values_count_in_full_and_lines_once():
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(30, 7)))[0]
    assert effective_rank(rotation) == pytest.approx(7)
    assert effective_rank(np.outer(np.arange(1, 9), [1, 2])) == pytest.approx(1)
    assert effective_rank(np.full((5, 3), 2.0)) == pytest.approx(1)


def test_it_is_not_centred():
    x = np.random.default_rng(0).normal(size=(100, 4))
    assert effective_rank(x + 100) < 1.5
    assert effective_rank(x) > 3.9


def test_zeros_have_no_rank():
    with pytest.raises(ConstantInputError, match="no direction is in use"):
        effective_rank(np.zeros((4, 3)))
