import numpy as np
import pytest

from simzoo.measures.resampling import halved, halves
from simzoo.measures.similarity.cka import linear_cka
from simzoo.measures.similarity.neighbours import mutual_knn


def test_halves_hold_half_of_the_samples_once_each_and_in_order():
    for rows in halves(11, 20, np.random.default_rng(0)):
        assert len(rows) == 5
        assert (np.diff(rows) > 0).all()
        assert set(rows) <= set(range(11))


def test_halves_differ_and_follow_the_generator():
    first, again = (halves(50, 3, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize(("given", "expected"), [({}, 5), ({"k": 7}, 3), ({"k": 1}, 1)])
def test_neighbour_measures_halve_k(given, expected):
    assert halved(mutual_knn.sheet, {**given, "metric": "cosine"}) == {"k": expected, "metric": "cosine"}


def test_other_measures_keep_their_options():
    assert halved(linear_cka.sheet, {}) == {}
