from itertools import permutations

import numpy as np
import pytest

from simzoo.errors import ConstantInputError
from simzoo.measures.similarity.permutation import permutation_angular, permutation_procrustes

DRAW = np.random.default_rng(0)
SHAPES = [(20, 5, 5), (20, 5, 3), (4, 2, 6)]


def every_order(x, y):
    """Pad with zero columns, and try all permutations."""
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(side, ((0, 0), (0, width - side.shape[1]))) for side in (x, y))
    return [(x[:, order], y) for order in map(list, permutations(range(width)))]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("offset", [0, -2])
def test_no_order_is_better(shape, offset):
    n, d, d2 = shape
    x, y = DRAW.normal(size=(n, d)) + offset, DRAW.normal(size=(n, d2)) + 1
    orders = every_order(x, y)
    assert permutation_procrustes(x, y) == pytest.approx(min(np.linalg.norm(a - b) for a, b in orders), rel=1e-9)
    cosines = [(a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b) for a, b in orders]
    assert permutation_angular(x, y) == pytest.approx(np.arccos(max(cosines)), rel=1e-9)


def test_opposites_are_half_a_turn_apart():
    x = np.abs(DRAW.normal(size=(20, 1)))
    assert permutation_angular(x, -x) == pytest.approx(np.pi)


@pytest.mark.parametrize("measure", [permutation_angular, permutation_procrustes])
def test_they_are_metrics_also_across_widths(measure):
    for seed in range(20):
        x, y, z = (np.random.default_rng(seed).normal(size=(6, d)) for d in (2, 3, 4))
        assert measure(x, z) <= measure(x, y) + measure(y, z) + 1e-12
    assert 1e-11 < measure(z, z[:, ::-1] + 1e-9 * DRAW.normal(size=z.shape)) < 1e-8


def test_zeros_have_a_distance_and_no_angle():
    y = DRAW.normal(size=(10, 3))
    assert permutation_procrustes(np.zeros((10, 2)), y) == pytest.approx(np.linalg.norm(y))
    with pytest.raises(ConstantInputError, match="they have no angle to anything"):
        permutation_angular(np.zeros((10, 2)), y)
