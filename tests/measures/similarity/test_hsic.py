import numpy as np
import pytest

from simzoo.errors import TooFewSamplesError, UsageError
from simzoo.measures.similarity.hsic import hsic, hsic_grid

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(60, 8)) + 3, DRAW.normal(size=(60, 90))


def unbiased(x, y):
    """Song et al. 2012, eq. 5, as it is written."""
    n, ones = len(x), np.ones(len(x))
    k, m = (side @ side.T * (1 - np.eye(n)) for side in (x, y))
    middle = ones @ k @ ones * (ones @ m @ ones) / ((n - 1) * (n - 2))
    return (np.trace(k @ m) + middle - 2 / (n - 2) * ones @ k @ m @ ones) / (n * (n - 3))


def biased(x, y):
    n = len(x)
    centring = np.eye(n) - 1 / n
    return np.trace(x @ x.T @ centring @ y @ y.T @ centring) / (n - 1) ** 2


@pytest.mark.parametrize(("estimator", "naive"), [("unbiased", unbiased), ("biased", biased)])
def test_values_and_grids_are_the_naive_formula(estimator, naive):
    xs, ys = [X, X[:, :3] * 10], [Y, np.hstack([X, Y[:, :4]])]
    expected = [[naive(x, y) for y in ys] for x in xs]
    np.testing.assert_allclose(hsic_grid(xs, ys, estimator=estimator), expected, rtol=1e-9)
    assert hsic(X, X, estimator=estimator) == pytest.approx(naive(X, X))
    a, b = (hsic.sheet.inner(side, estimator=estimator) for side in (X, Y))
    assert float((a * b).sum()) == pytest.approx(naive(X, Y))


def test_float32_keeps_six_digits():
    x, y = X.astype(np.float32), np.hstack([X, Y]).astype(np.float32)
    assert hsic(x, y) == pytest.approx(unbiased(x.astype(float), y.astype(float)), rel=1e-6)


def test_independent_features_average_to_zero_only_without_bias():
    draws = [np.random.default_rng(seed).normal(size=(2, 30, 5)) for seed in range(60)]
    values = [hsic(x, y) for x, y in draws]
    assert np.mean(values) == pytest.approx(0, abs=3 * np.std(values) / 60**0.5)
    assert np.mean([hsic(x, y, estimator="biased") for x, y in draws]) > 0.5
    assert (hsic.sheet.chance(30), hsic.sheet.chance(30, estimator="biased")) == (0, None)


def test_refusals():
    with pytest.raises(TooFewSamplesError, match=r"3 samples are too few: the unbiased estimate of HSIC"):
        hsic(X[:3], Y[:3])
    assert hsic(X[:3], Y[:3], estimator="biased") > 0
    with pytest.raises(UsageError, match=r"unknown estimator 'debiased' of HSIC(.|\n)*'unbiased' or 'biased'"):
        hsic(X, Y, estimator="debiased")
