import numpy as np
import pytest
from scipy.stats import entropy

from simzoo.errors import ConstantInputError
from simzoo.measures.geometry.spectrum import effective_rank, rankme, stable_rank


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


@pytest.mark.parametrize("measure", [effective_rank, rankme, stable_rank])
def test_zeros_have_no_rank(measure):
    with pytest.raises(ConstantInputError, match="no direction is in use"):
        measure(np.zeros((4, 3)))


@pytest.mark.parametrize("shape", [(50, 8), (20, 60), (9, 9)])
def test_rankme_is_the_formula_of_the_paper(shape):
    x = np.random.default_rng(0).normal(size=shape) * np.linspace(0.1, 2, shape[1]) + 1
    singular = np.linalg.svd(x, compute_uv=False)
    shares = singular / np.abs(singular).sum() + 1e-7
    assert rankme(x) == pytest.approx(np.exp(-np.sum(shares * np.log(shares))), rel=1e-12)
    squared = singular**2 / np.sum(singular**2) + 1e-7  # what some peers feed: another number
    assert rankme(x) > np.exp(-np.sum(squared * np.log(squared))) + 0.1


def test_rankme_goes_a_little_beyond_its_ends():
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(300, 300)))[0]
    assert rankme(rotation) == pytest.approx(300 + 1e-7 * 300**2 * (np.log(300) - 1), rel=1e-6)
    assert rankme(np.ones((4, 1))) == pytest.approx(1 - 1e-7, abs=1e-12)


def test_stable_rank_is_the_ratio_of_two_norms():
    x = np.random.default_rng(0).normal(size=(40, 7)) + 1
    expected = np.linalg.norm(x) ** 2 / np.linalg.norm(x, 2) ** 2
    assert stable_rank(x) == pytest.approx(expected, rel=1e-12)
    assert stable_rank(x + 100) == pytest.approx(1, abs=1e-2)
    assert stable_rank(np.eye(6)) == pytest.approx(6)


def test_uncentred_ranks_reach_the_number_of_samples():
    """n samples have n directions until they are centred: a bound of n - 1 would be too low."""
    x = np.eye(5, 20)
    assert [measure(x) for measure in (effective_rank, rankme, stable_rank)] == pytest.approx([5] * 3, rel=1e-5)
