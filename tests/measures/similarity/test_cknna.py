import numpy as np
import pytest

from simzoo.errors import TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.similarity.cka import unbiased_cka
from simzoo.measures.similarity.cknna import cknna

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 6)) + 2
Y = np.hstack([X[:, :3] @ DRAW.normal(size=(3, 5)), DRAW.normal(size=(60, 2))])


def naive(x, y, k):
    """Masked kernels and their products as matrices, none of the shortcuts of symmetric ones."""
    n, ones = len(x), np.ones(len(x))

    def hsic(a, b):
        middle = ones @ a @ ones * (ones @ b @ ones) / ((n - 1) * (n - 2))
        return (np.trace(a @ b) + middle - 2 / (n - 2) * ones @ a @ b @ ones) / (n * (n - 3))

    kernels = [(side - side.mean(0)) @ (side - side.mean(0)).T for side in (x, y)]
    masks = []
    for kernel in kernels:
        scores = kernel - np.diag(np.full(n, np.inf))
        mask = np.zeros((n, n))
        np.put_along_axis(mask, np.argsort(-scores, axis=1)[:, :k], 1, axis=1)
        masks.append(mask)
    (a, b), both = kernels, masks[0] * masks[1]
    own = [hsic(mask * kernel, mask * kernel) for mask, kernel in zip(masks, kernels, strict=True)]
    return hsic(both * a, both * b) / np.sqrt(own[0] * own[1])


@pytest.mark.parametrize("k", [1, 10, 30, 59])
def test_values_are_those_of_the_naive_product(k):
    assert cknna(X, Y, k=k) == pytest.approx(naive(X, Y, k), rel=1e-9)
    assert cknna(Y, X, k=k) == pytest.approx(naive(Y, X, k), rel=1e-9)


def test_all_others_as_neighbours_give_unbiased_cka():
    assert cknna(X, Y, k=59) == pytest.approx(unbiased_cka(X, Y), rel=1e-9)


def test_the_sides_are_not_exchangeable_with_few_neighbours():
    assert abs(cknna(X, Y, k=10) - cknna(Y, X, k=10)) > 1e-4


def test_no_neighbours_in_common_give_zero():
    angles = 2 * np.pi * np.arange(12) / 12
    near, far = (np.stack([np.cos(turn * angles), np.sin(turn * angles)], axis=1) for turn in (1, 5))
    assert cknna(near, far, k=2) == 0


def test_refusals():
    with pytest.raises(
        TooFewSamplesError, match=r"10 samples are too few: each needs k = 10 others, and unbiased HSIC"
    ):
        cknna(X[:10], Y[:10])
    with pytest.raises(UsageError, match="neighbours are at least one"):
        cknna(X, Y, k=0)
    with pytest.raises(UndefinedError, match="unbiased HSIC among neighbours is not above 0"):
        cknna(np.eye(8), X[:8], k=7)
