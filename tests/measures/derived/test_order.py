import numpy as np
import torch

from simzoo.measures.derived.neighbours import nearest
from simzoo.measures.derived.order import numbers_of, places_in, rows_of


def test_neighbours_follow_their_samples():
    x = np.random.default_rng(0).normal(size=(30, 4))
    order = np.random.default_rng(1).permutation(30)
    assert torch.equal(numbers_of(nearest(x, k=3), order), nearest(x[order], k=3))


def test_a_row_is_where_its_place_says():
    order = np.array([2, 0, 1])
    assert places_in(order, torch.device("cpu")).tolist() == [1, 2, 0]
    assert rows_of(torch.tensor([10, 11, 12]), order[::-1]).tolist() == [11, 10, 12]
