import numpy as np
import pytest

from simzoo.errors import TooFewSamplesError, UsageError
from simzoo.measures.derived.minibatch import minibatch_products

DRAW = np.random.default_rng(0)
SHARED = DRAW.normal(size=(43, 3))
XS = [SHARED @ DRAW.normal(size=(3, d)) + 0.5 * DRAW.normal(size=(43, d)) + 2 for d in (4, 60)]
YS = [SHARED @ DRAW.normal(size=(3, d)) + DRAW.normal(size=(43, d)) for d in (7, 2, 5)]


def hsic(x, y):
    """HSIC_1 of one batch (Song et al. 2012), with linear kernels."""
    n, k, m = len(x), x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    total = np.trace(k @ m) + k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (k @ m).sum()
    return total / (n * (n - 3))


def batched(x, y, size):
    """The sum over batches, each by the number of its pairs."""
    batches = [slice(start, start + size) for start in range(0, len(x), size)]
    return sum(len(x[rows]) * (len(x[rows]) - 1) * hsic(x[rows], y[rows]) for rows in batches)


@pytest.mark.parametrize("size", [13, 19, 39, 43, 99])
def test_sums_of_batches_are_those_of_the_formula(size):
    found = minibatch_products(XS, YS, size)
    expected = np.array([[batched(x, y, size) for y in YS] for x in XS])
    np.testing.assert_allclose(found.between, expected, rtol=1e-9)
    np.testing.assert_allclose(found.of_x, [batched(x, x, size) for x in XS], rtol=1e-9)
    np.testing.assert_allclose(found.of_y, [batched(y, y, size) for y in YS], rtol=1e-9)


def test_one_side_stands_for_both():
    alone, both = minibatch_products(XS, None, 13), minibatch_products(XS, XS, 13)
    for one, other in zip(alone, both, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize(
    ("n", "size", "error", "what", "next_step"),
    [
        (40, 3, UsageError, "a batch of fewer than 4 rows has no unbiased HSIC", "minibatch=256"),
        (43, 20, TooFewSamplesError, "the last batch has 3 rows, and no unbiased HSIC", "or the first 40 samples"),
        (3, 20, TooFewSamplesError, "the last batch has 3 rows, and no unbiased HSIC", "give more samples"),
    ],
)
def test_batches_that_are_too_small_are_refused(n, size, error, what, next_step):
    with pytest.raises(error) as caught:
        minibatch_products([XS[0][:n]], None, size)
    assert caught.value.what == what
    assert next_step in caught.value.next_step
