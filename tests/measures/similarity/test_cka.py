import numpy as np
import pytest

from simzoo.errors import ConstantInputError, TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.arrays import held
from simzoo.measures.resampling import in_order, on_part
from simzoo.measures.similarity.cka import cka_grid, linear_cka, unbiased_cka, unbiased_cka_grid


def naive_cka(x, y):
    x, y = (side.astype(np.float64) - side.astype(np.float64).mean(0) for side in (x, y))
    return np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def naive_hsic_1(x, y):
    """Song et al. 2012, eq. 5, as it is written."""
    n, ones = len(x), np.ones(len(x))
    k, m = (side @ side.T * (1 - np.eye(n)) for side in (x, y))
    middle = ones @ k @ ones * (ones @ m @ ones) / ((n - 1) * (n - 2))
    return (np.trace(k @ m) + middle - 2 / (n - 2) * ones @ k @ m @ ones) / (n * (n - 3))


def naive_unbiased(x, y):
    x, y = (side.astype(np.float64) - side.astype(np.float64).mean(0) for side in (x, y))
    return naive_hsic_1(x, y) / np.sqrt(naive_hsic_1(x, x) * naive_hsic_1(y, y))


def sides(n, d, d2, offset=0.0, seed=0):
    draw = np.random.default_rng(seed)
    shared = draw.normal(size=(n, 4))
    return [
        (shared @ draw.normal(size=(4, width)) + draw.normal(size=(n, width)) + offset).astype(np.float32)
        for width in (d, d2)
    ]


@pytest.mark.parametrize("offset", [0, 1e4])
@pytest.mark.parametrize("shape", [(200, 8, 5), (60, 300, 90), (300, 900, 4), (50, 1, 1), (400, 64, 600)])
def test_float32_equals_the_naive_float64_formula(shape, offset):
    x, y = sides(*shape, offset)
    assert linear_cka(x, y) == pytest.approx(naive_cka(x, y), rel=1e-6)
    assert unbiased_cka(x, y) == pytest.approx(naive_unbiased(x, y), rel=2e-6, abs=1e-7)


def test_independent_features_show_the_bias_of_the_plain_form_only():
    draws = [np.random.default_rng(seed).normal(size=(2, 100, 60)) for seed in range(40)]
    assert np.mean([linear_cka(x, y) for x, y in draws]) == pytest.approx(60 / 160, abs=0.01)
    unbiased = [unbiased_cka(x, y) for x, y in draws]
    assert np.mean(unbiased) == pytest.approx(0, abs=3 * np.std(unbiased) / np.sqrt(40))
    assert min(unbiased) < 0


def test_features_beside_themselves_change_nothing():
    x, y = sides(100, 6, 9)
    assert linear_cka(np.hstack([x, x]), x) == pytest.approx(1, abs=1e-6)
    assert linear_cka(np.hstack([x, x]), y) == pytest.approx(linear_cka(x, y), abs=1e-6)


@pytest.mark.parametrize(("grid", "single"), [(cka_grid, linear_cka), (unbiased_cka_grid, unbiased_cka)])
def test_a_grid_holds_the_single_values(grid, single):
    xs, ys = (sides(50, 7, 80, seed=seed) for seed in (0, 1))
    np.testing.assert_allclose(grid(xs, ys), [[single(x, y) for y in ys] for x in xs], atol=1e-6)
    np.testing.assert_allclose(grid(xs), [[single(x, y) for y in xs] for x in xs], atol=1e-6)


def test_no_value_is_above_one():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    assert max(linear_cka(x, x * scale) for scale in np.linspace(0.1, 3, 30, dtype=np.float32)) <= 1


def test_refusals():
    x = np.random.default_rng(0).normal(size=(3, 5))
    assert 0 <= linear_cka(x, x[:, :2]) <= 1
    with pytest.raises(TooFewSamplesError, match=r"3 samples are too few(.|\n)*4 samples or more"):
        unbiased_cka(x, x)
    with pytest.raises(ConstantInputError, match="this layer is not dead"):
        linear_cka(np.ones((9, 2)), np.random.default_rng(0).normal(size=(9, 2)))


def test_rows_that_are_all_equally_far_apart_have_no_unbiased_norm():
    with pytest.raises(UndefinedError, match=r"a centred Gram matrix is zero(.|\n)*1 of 1 pairs without a norm"):
        unbiased_cka(np.eye(6), np.random.default_rng(0).normal(size=(6, 3)))


def naive_minibatch(x, y, size):
    batches = [slice(start, start + size) for start in range(0, len(x), size)]
    sums = np.zeros(3)
    for rows in batches:
        a, b = x[rows], y[rows]
        pairs = len(a) * (len(a) - 1)
        sums += pairs * np.array([naive_hsic_1(a, b), naive_hsic_1(a, a), naive_hsic_1(b, b)])
    return sums[0] / np.sqrt(sums[1] * sums[2])


@pytest.mark.parametrize("size", [4, 25, 32, 100, 500])
def test_in_batches_sums_are_divided_once(size):
    x, y = (side.astype(np.float64) for side in sides(100, 6, 30))
    assert linear_cka(x, y, minibatch=size) == pytest.approx(naive_minibatch(x, y, size), rel=1e-9)
    np.testing.assert_allclose(
        cka_grid([x, y], minibatch=size), [[1, naive_minibatch(x, y, size)], [naive_minibatch(x, y, size), 1]]
    )


def test_batches_are_not_averaged_and_nulls_are_of_permuted_batches():
    x, y = (held(side.astype(np.float64)) for side in sides(100, 6, 30))
    order = np.random.default_rng(0).permutation(100)
    moved = in_order(linear_cka.sheet, [x], [y], {"minibatch": 20})(order)
    assert moved[0, 0] == pytest.approx(naive_minibatch(x.values, y.values[order], 20))
    rows = np.arange(0, 100, 2)
    half = on_part(linear_cka.sheet, [x], [y], {"minibatch": 10})(rows)
    assert half[0, 0] == pytest.approx(naive_minibatch(x.values[rows], y.values[rows], 10))


def test_batches_too_small_are_refused():
    x, y = sides(101, 6, 30)
    with pytest.raises(UsageError, match=r"a batch of fewer than 4 rows(.|\n)*minibatch >= 4"):
        linear_cka(x, y, minibatch=3)
    with pytest.raises(TooFewSamplesError, match=r"the last batch has 1 rows(.|\n)*the first 100 samples"):
        linear_cka(x, y, minibatch=50)
    with pytest.raises(TooFewSamplesError, match=r"the last batch has 3 rows(.|\n)*more samples"):
        linear_cka(x[:3], y[:3], minibatch=50)
