import numpy as np
import pytest

from simzoo.grid.summaries import summaries
from simzoo.representations.representation import Representation


def taps(count, kind="even"):
    empty, last = np.zeros((3, 2), np.float32), max(count - 1, 1)
    return [Representation(empty, ("a", "b", "c"), kind=kind, depth=i / last, tap=f"{kind}{i}") for i in range(count)]


def test_equal_matrices_match_fully_and_do_not_lag():
    found = summaries(taps(5), taps(5), "more alike")
    assert found["match", "even"](np.eye(5)) == 1
    assert found["lag", "even"](np.eye(5)) == 0


def test_a_shift_by_one_layer_is_a_lag_of_one_layer():
    shifted = np.eye(5)[:, [4, 0, 1, 2, 3]]  # each row's best column is one later; the last wraps to the first
    lag = summaries(taps(5), taps(5), "more alike")["lag", "even"](shifted)
    assert lag == pytest.approx((4 * 0.25 - 1.0) / 5)
    assert summaries(taps(4), taps(5), "more alike")["lag", "even"](np.eye(5)[1:]) == pytest.approx(0.125)


def test_the_best_of_a_distance_is_the_smallest():
    distances = np.array([[0.1, 2.0], [3.0, 0.2]])
    assert summaries(taps(2), taps(2), "less alike")["match", "even"](distances) == pytest.approx(0.15)
    assert summaries(taps(2), taps(2), "more alike")["match", "even"](distances) == pytest.approx(2.5)


def test_kinds_are_summed_up_apart_and_single_taps_not_at_all():
    xs = [*taps(2, "odd"), *taps(2, "even"), *taps(1, "final")]
    found = summaries(xs, xs, "more alike")
    assert set(found) == {(field, kind) for field in ("match", "lag") for kind in ("odd", "even")}
    matrix = np.zeros((5, 5))
    matrix[:2, :2] = np.eye(2)
    assert found["match", "odd"](matrix) == 1
    assert found["match", "even"](matrix) == 0
