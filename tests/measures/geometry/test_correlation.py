import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from simzoo.errors import TooFewSamplesError, UndefinedError
from simzoo.measures.geometry import correlation
from simzoo.measures.geometry.correlation import corrint


def known():
    """The samples of which scikit-dimension 0.5.0 gave the number below: 4 dimensions in 9 columns."""
    return np.random.default_rng(0).normal(size=(300, 4)) @ np.random.default_rng(1).normal(size=(4, 9))


@pytest.mark.parametrize("tile", [300 * 7, 2**22])
def test_it_gives_the_number_of_scikit_dimension(tile, monkeypatch):
    monkeypatch.setattr(correlation, "TILE", tile)
    assert corrint(known()) == pytest.approx(3.1489112981774188, rel=1e-9)  # CorrInt(k1=10, k2=20)


@pytest.mark.parametrize(("n", "k"), [(300, 9), (301, 30), (31, 30)])
def test_it_counts_pairs_within_two_median_radii(n, k):
    x = np.vstack([known(), known()[:1] + 0.5])[:n]
    near = np.sort(cdist(x, x), axis=1)[:, 1:]
    radii = [np.median(near[:, order - 1]) for order in (k // 2, k)]
    few, many = ((pdist(x) <= radius * (1 + 1e-12)).sum() for radius in radii)
    assert corrint(x, k=k) == pytest.approx(np.log(many / few) / np.log(radii[1] / radii[0]), rel=1e-9)


def test_a_pair_at_the_radius_counts_however_the_samples_are_turned():
    x = known()[:31]  # the median of an odd number is the distance of a pair
    turns = [np.linalg.qr(np.random.default_rng(seed).normal(size=(9, 9)))[0] for seed in range(20)]
    assert np.ptp([corrint(x @ turn + seed) for seed, turn in enumerate(turns)]) < 1e-9


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_spheres_have_their_dimension(dimension):
    points = np.random.default_rng(0).normal(size=(3000, dimension + 1))
    sphere = np.pad(points / np.linalg.norm(points, axis=1, keepdims=True), ((0, 0), (0, 4)))
    assert corrint(sphere) == pytest.approx(dimension, rel=0.05)


def test_refusals():
    with pytest.raises(TooFewSamplesError, match="k = 300 others"):
        corrint(known(), k=300)
    with pytest.raises(UndefinedError, match=r"the two radii are equal(.|\n)*neighbours 2 and 4"):
        corrint(np.eye(9), k=4)
