from itertools import permutations

import numpy as np
import pytest

from simzoo.errors import ConstantInputError, TooFewSamplesError
from simzoo.measures.similarity.matching import hard_correlation_match, soft_correlation_match

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(30, 5)) * [1, 2, 3, 4, 5] + 7
Y = np.hstack([X[:, [3, 1]] * 2 + DRAW.normal(size=(30, 2)), DRAW.normal(size=(30, 1))])


def correlations(x, y):
    return np.corrcoef(x.T, y.T)[: x.shape[1], x.shape[1] :]


def best_matching(x, y):
    c = correlations(x, y)
    return max(np.mean([c[i, j] for j, i in enumerate(order)]) for order in permutations(range(len(c)), c.shape[1]))


def test_the_hard_match_is_the_best_of_all_matchings():
    assert hard_correlation_match(X, Y) == pytest.approx(best_matching(X, Y), rel=1e-9)
    assert hard_correlation_match(Y, X) == pytest.approx(best_matching(X, Y), rel=1e-9)
    assert hard_correlation_match(X[:, :3], -X[:, :3]) == pytest.approx(best_matching(X[:, :3], -X[:, :3]))


def test_the_soft_match_is_the_mean_of_both_directions():
    c = correlations(X, Y)
    assert soft_correlation_match(X, Y) == pytest.approx((c.max(1).mean() + c.max(0).mean()) / 2, rel=1e-9)


@pytest.mark.parametrize("measure", [hard_correlation_match, soft_correlation_match])
def test_constant_neurons_are_left_out(measure):
    for kind in (np.float32, np.float64):
        x = np.insert(X, 2, 0.1, axis=1).astype(kind)
        assert measure(x, Y.astype(kind)) == pytest.approx(measure(X, Y), rel=1e-5)


@pytest.mark.parametrize("measure", [hard_correlation_match, soft_correlation_match])
def test_refusals(measure):
    with pytest.raises(ConstantInputError, match="no neuron has a correlation"):
        measure(np.ones((30, 2)), Y)
    with pytest.raises(TooFewSamplesError, match="one sample has no correlation"):
        measure(X[:1], Y[:1])
