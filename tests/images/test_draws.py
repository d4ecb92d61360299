import numpy as np
import pytest
from scipy import stats

from simzoo.images.draws import _mixed, uniforms

IDS = [f"digits/{i:04d}" for i in range(4_000)]


def test_the_finaliser_gives_the_published_numbers_of_splitmix64():
    # the first outputs for seed 1234567, as in the reference implementation's test vectors (prng.di.unimi.it)
    gamma, seed = 0x9E3779B97F4A7C15, 1234567
    states = np.array([(seed + i * gamma) % 2**64 for i in range(1, 6)], np.uint64)
    assert _mixed(states).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_an_image_gets_the_same_numbers_in_any_batch_order_and_number():
    whole = uniforms(7, IDS[:100], 2, "crop", 4)
    order = np.random.default_rng(0).permutation(100)
    np.testing.assert_array_equal(uniforms(7, [IDS[i] for i in order], 2, "crop", 4), whole[order])
    np.testing.assert_array_equal(np.vstack([uniforms(7, [one], 2, "crop", 4) for one in IDS[:100]]), whole)
    np.testing.assert_array_equal(uniforms(7, IDS[:100], 2, "crop", 2), whole[:, :2])


def test_the_numbers_stay_what_they_are():
    # stores hold representations that were made with these
    found = uniforms(0, ["digits/0001"], 0, "crop", 2)[0]
    assert found.tolist() == [0.14404417792855895, 0.42402517684243035]


def test_the_numbers_are_uniform():
    found = uniforms(0, IDS, 0, "crop", 4)
    assert found.dtype == np.float64
    assert found.min() >= 0
    assert found.max() < 1
    for column in found.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    "other",
    [
        lambda: uniforms(1, IDS, 0, "crop", 1)[:, 0],
        lambda: uniforms(0, IDS, 1, "crop", 1)[:, 0],
        lambda: uniforms(0, IDS, 0, "flip", 1)[:, 0],
        lambda: uniforms(0, IDS, 0, "crop", 2)[:, 1],
        lambda: np.roll(uniforms(0, IDS, 0, "crop", 1)[:, 0], 1),
        lambda: uniforms(1, IDS, 1, "crop", 1)[:, 0],
        lambda: uniforms(-1, IDS, 0, "crop", 1)[:, 0],
    ],
    ids=["seed", "draw", "operation", "place", "image", "seed and draw", "negative seed"],
)
def test_seeds_draws_operations_places_and_images_are_uncorrelated(other):
    found = uniforms(0, IDS, 0, "crop", 1)[:, 0]
    # |r| below 4 standard errors of independence
    assert abs(np.corrcoef(found, other())[0, 1]) < 4 / np.sqrt(len(IDS))


def test_neighbouring_seeds_and_draws_share_no_numbers():
    found = np.concatenate([uniforms(seed, IDS[:50], draw, "crop", 2) for seed in range(4) for draw in range(4)])
    assert len(np.unique(found)) == found.size
