import numpy as np
import pytest

from simzoo.facts import EDGE_CASES, GROUPS
from simzoo.testing.samples import IMPLIED, WIDTHS, at_the_edge, move, noisy, sample, unmoved


def test_a_sample_is_a_function_of_its_seed_and_its_sides_differ_in_width():
    one, again, other = sample(2, seed=0), sample(2, seed=0), sample(2, seed=1)
    assert [side.shape for side in one.sides] == [(80, WIDTHS[0]), (80, WIDTHS[1])]
    np.testing.assert_array_equal(one.sides[1], again.sides[1])
    assert not np.allclose(one.sides[0], other.sides[0])
    assert len(sample(1).sides) == 1


def test_views_and_support_go_with_the_first_side_and_the_second_has_its_own_move():
    given = sample(2)
    moved = given.moved(lambda x: x + 1, lambda x: 2 * x)
    np.testing.assert_array_equal(moved.sides[0], given.sides[0] + 1)
    np.testing.assert_array_equal(moved.sides[1], 2 * given.sides[1])
    np.testing.assert_array_equal(moved.views[2], given.views[2] + 1)
    np.testing.assert_array_equal(moved.support[0], given.support[0] + 1)
    np.testing.assert_array_equal(moved.support[1], given.support[1])


def test_rows_are_reordered_on_every_side_but_the_support():
    given, order = sample(2), np.random.default_rng(0).permutation(80)
    moved = given.rows(order)
    for a, b in zip(
        (*moved.sides, moved.labels, *moved.views), (*given.sides, given.labels, *given.views), strict=True
    ):
        np.testing.assert_array_equal(a, b[order])
    np.testing.assert_array_equal(moved.support[0], given.support[0])


def quantities(x):
    """What each group keeps and the groups above it do not."""
    apart = np.linalg.norm(x[:, None] - x[None], axis=2)
    return {
        "columns": np.sort(x.sum(0)),
        "norms": np.linalg.norm(x, axis=1),
        "distances": apart,
        "ratios": apart / apart.max(),
        "span": np.linalg.svd(x, full_matrices=False)[0] @ np.linalg.svd(x, full_matrices=False)[0].T,
        "affine span": quantities_of_span(x - x.mean(0)),
    }


def quantities_of_span(x):
    left = np.linalg.svd(x, full_matrices=False)[0]
    return left @ left.T


KEPT = {
    "permutation": {"columns", "norms", "distances", "ratios", "span", "affine span"},
    "rotation": {"norms", "distances", "ratios", "span", "affine span"},
    "scale": {"ratios", "span", "affine span"},
    "translation": {"distances", "ratios", "affine span"},
    "linear": {"span", "affine span"},
    "affine": {"affine span"},
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_move_keeps_what_its_group_keeps_and_nothing_more(group):
    x = sample(1).sides[0]
    for seed in range(3):
        before, after = quantities(x), quantities(move(group, x.shape[1], seed)(x))
        kept = {name for name, value in before.items() if np.allclose(value, after[name], atol=1e-9)}
        assert kept == KEPT[group], seed


@pytest.mark.parametrize("group", ["scale", "linear"])
def test_every_other_seed_makes_smaller(group):
    x = sample(1).sides[0]
    sizes = [np.linalg.norm(move(group, 8, seed)(x)) / np.linalg.norm(x) for seed in range(4)]
    assert sizes[1] < 0.9 > sizes[3]
    assert sizes[0] > 1.1 < sizes[2]


def test_a_group_implies_those_that_keep_more():
    for group, implied in IMPLIED.items():
        for narrower in implied:
            assert KEPT[group] <= KEPT[narrower]


def test_noise_drowns_the_last_side_alone():
    given = sample(2)
    drowned = noisy(given, 0)
    np.testing.assert_array_equal(drowned.sides[0], given.sides[0])
    assert np.std(drowned.sides[1] - given.sides[1]) == pytest.approx(20, rel=0.1)
    assert np.std(noisy(sample(1), 0, 4).sides[0] - sample(1).sides[0]) == pytest.approx(4, rel=0.1)
    assert unmoved(given.labels) is given.labels


def test_edges_are_what_they_are_called_and_leave_the_input_alone():
    x = sample(1).sides[0]
    plain = x.copy()
    made = {edge: at_the_edge(edge, x) for edge in EDGE_CASES}
    assert made["n <= d"].shape == (80, 100)
    assert made["one column"].shape == (80, 1)
    assert np.ptp(made["constant"]) == 0
    assert not made["zero rows"][:2].any()
    assert len(np.unique(made["duplicates"], axis=0)) == 77
    np.testing.assert_array_equal(made["n < 4"], x)  # fewer samples are drawn, not cut
    np.testing.assert_array_equal(x, plain)
