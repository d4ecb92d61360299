import numpy as np
import pytest

from simzoo.measures.derived import gram_products


def naive(x, y, *, unbiased):
    """<K, L> or n (n - 3) HSIC_1 with n x n matrices of numpy, features centred to norm 1."""
    n, grams = len(x), []
    for side in (x, y):
        centred = side.astype(np.float64) - side.astype(np.float64).mean(0)
        grams.append(centred @ centred.T / np.sum(centred**2))
    k, m = grams
    if not unbiased:
        return np.trace(k @ m)
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    return np.trace(k @ m) + k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (k @ m).sum()


@pytest.fixture
def sides():
    def make(n, widths, dtype=np.float32):
        draw = np.random.default_rng(0)
        shared = draw.normal(size=(n, 5))
        return [(shared @ draw.normal(size=(5, d)) + draw.normal(size=(n, d)) + 3).astype(dtype) for d in widths]

    return make


@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize("route", [gram_products._by_features, gram_products._by_grams])
@pytest.mark.parametrize(("n", "widths"), [(300, (4, 600, 30)), (40, (90, 3, 600))])
def test_both_routes_equal_the_naive_product(sides, n, widths, route, unbiased):
    xs = sides(n, widths)
    expected = np.array([[naive(x, y, unbiased=unbiased) for y in xs] for x in xs])
    products = route(xs, None, unbiased=unbiased)
    np.testing.assert_allclose(products.between, expected, rtol=1e-6)
    np.testing.assert_allclose(products.of_x, expected.diagonal(), rtol=1e-6)
    beside = route(xs[:1], xs[1:], unbiased=unbiased)
    np.testing.assert_allclose(beside.between, expected[:1, 1:], rtol=1e-6)
    np.testing.assert_allclose(beside.of_y, expected.diagonal()[1:], rtol=1e-6)


def test_blocks_and_features_that_are_not_held_change_nothing(sides, monkeypatch):
    xs = sides(70, (100, 120))
    whole = gram_products._by_grams(xs, None, unbiased=True).between
    monkeypatch.setattr(gram_products, "TILE_BYTES", 9 * 2 * 70 * 4)
    monkeypatch.setattr(gram_products, "HELD_BYTES", 0)
    np.testing.assert_allclose(gram_products._by_grams(xs, None, unbiased=True).between, whole, rtol=1e-6)


def test_the_cheaper_route_is_taken(sides, monkeypatch):
    taken = []
    for name in ("_by_features", "_by_grams"):
        monkeypatch.setattr(gram_products, name, lambda *_, name=name, **__: taken.append(name))
    gram_products.gram_products(sides(50, (5,)), sides(50, (5,)), unbiased=False)
    gram_products.gram_products(sides(50, (90,)), sides(50, (90,)), unbiased=False)
    assert taken == ["_by_features", "_by_grams"]


def test_mixed_precision_goes_to_the_wider(sides):
    (x,), (y,) = sides(50, (80,)), sides(50, (90,), np.float64)
    expected = naive(x, y, unbiased=False)
    for route in (gram_products._by_features, gram_products._by_grams):
        assert float(route([x], [y], unbiased=False).between) == pytest.approx(expected, rel=1e-6)
