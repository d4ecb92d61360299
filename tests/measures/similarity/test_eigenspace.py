import numpy as np
import pytest
from scipy.linalg import orth, subspace_angles

from simzoo.errors import ConstantInputError, TooFewSamplesError, UsageError
from simzoo.measures.similarity.eigenspace import eigenspace_overlap

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 7)) + 4
Y = np.hstack([X[:, :2] + DRAW.normal(size=(60, 2)), DRAW.normal(size=(60, 3))])


def test_the_overlap_is_that_of_scipys_angles_of_uncentred_spaces():
    cosines = np.cos(subspace_angles(X, Y))
    assert eigenspace_overlap(X, Y) == pytest.approx((cosines**2).sum() / 7, rel=1e-9)


def test_the_divisor_is_columns_or_ranks():
    deficient = np.hstack([Y, Y[:, :4] * 2])
    cosines = np.cos(subspace_angles(X, orth(deficient)))
    assert eigenspace_overlap(X, deficient) == pytest.approx((cosines**2).sum() / 9, rel=1e-9)
    assert eigenspace_overlap(X, deficient, divisor="rank") == pytest.approx((cosines**2).sum() / 7, rel=1e-9)
    assert eigenspace_overlap(deficient, deficient) == pytest.approx(5 / 9)
    assert eigenspace_overlap(deficient, deficient, divisor="rank") == pytest.approx(1)


def test_independent_features_share_their_number_over_that_of_samples():
    draws = [np.random.default_rng(seed).normal(size=(2, 60, 12)) for seed in range(40)]
    assert np.mean([eigenspace_overlap(x, y) for x, y in draws]) == pytest.approx(12 / 60, abs=0.01)


def test_refusals():
    with pytest.raises(TooFewSamplesError, match="they span everything, whatever the data"):
        eigenspace_overlap(X[:7], Y[:7])
    with pytest.raises(ConstantInputError, match="all values are zero: they span no space"):
        eigenspace_overlap(X, np.zeros((60, 3)))
    with pytest.raises(UsageError, match=r"unknown divisor 'max' of the overlap(.|\n)*'columns' or 'rank'"):
        eigenspace_overlap(X, Y, divisor="max")
