from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from simzoo.errors import UndefinedError, UsageError
from simzoo.measures.geometry import local
from simzoo.measures.geometry.local import lpca, mom_id, tle


def known():
    """The samples of which scikit-dimension 0.5.0 gave the numbers below: 4 dimensions in 9 columns."""
    return np.random.default_rng(0).normal(size=(300, 4)) @ np.random.default_rng(1).normal(size=(4, 9))


def curved():
    """A noisy sheet, rolled: the number of directions that count differs between its samples."""
    draw = np.random.default_rng(2)
    angle, height = draw.uniform(3, 9, 120), draw.uniform(0, 5, 120)
    return np.stack([angle * np.cos(angle), angle * np.sin(angle), height, *0.3 * draw.normal(size=(2, 120))], axis=1)


def neighbours(x, k):
    apart = cdist(x, x)
    order = np.argsort(apart, axis=1)[:, 1 : k + 1]
    return np.take_along_axis(apart, order, 1), order


@pytest.mark.parametrize(("k", "alpha"), [(50, 0.05), (12, 0.3), (4, 0.05)])
@pytest.mark.parametrize("tile", [5000, 2**22])
def test_lpca_counts_scikit_learns_variances_of_each_neighbourhood(k, alpha, tile, monkeypatch):
    monkeypatch.setattr(local, "TILE", tile)
    x = curved()
    variances = [PCA().fit(x[rows]).explained_variance_ for rows in neighbours(x, k)[1]]
    counts = [np.sum(each > alpha * each[0]) for each in variances]
    assert lpca(x, k=k, alpha=alpha) == pytest.approx(np.mean(counts))
    assert 1 < np.mean(counts) < 5


def test_lpca_gives_the_number_of_scikit_dimension():
    assert lpca(known()) == 4.0  # lPCA(ver="FO", alphaFO=0.05).fit_pw(n_neighbors=50), averaged


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_spheres_have_their_dimension(dimension):
    points = np.random.default_rng(0).normal(size=(2000, dimension + 1))
    sphere = np.pad(points / np.linalg.norm(points, axis=1, keepdims=True), ((0, 0), (0, 4)))
    assert lpca(sphere) == pytest.approx(dimension, rel=0.01)
    assert mom_id(sphere) == pytest.approx(dimension, rel=0.08)
    assert tle(sphere) == pytest.approx(dimension, rel=0.15)


def test_moments_are_those_of_the_neighbours_inside_the_radius():
    near = neighbours(known(), 20)[0]
    inside, radius = near[:, :-1].mean(axis=1), near[:, -1]
    assert mom_id(known()) == pytest.approx(np.mean(inside / (radius - inside)), rel=1e-10)
    counted = (19 * inside + radius) / 20  # the radius in its own mean: MOM of scikit-dimension, n_neighbors=20
    assert np.mean(counted / (radius - counted)) == pytest.approx(3.951958755383861, rel=1e-9)


def test_moments_of_a_ball_are_its_dimension_without_the_radius_and_too_many_with_it():
    """Of k - 1 uniform points in a ball the mean distance from its centre is known: k would be one too many."""
    d, k = 6, 8
    radii = np.random.default_rng(0).uniform(size=(200_000, k - 1)) ** (1 / d)
    mean, counted = radii.mean(), (radii.sum(axis=1) + 1).mean() / k
    assert mean / (1 - mean) == pytest.approx(d, rel=0.01)
    assert counted / (1 - counted) == pytest.approx(d * k / (k - 1) + 1 / (k - 1), rel=0.01)


def met(r, a, b, c):
    """The measurement of Amsaleg et al. 2019 from distances: a and b to the centre, c to each other."""
    across = a**2 + c**2 - b**2
    if r - a < 1e-9 * r:
        return r * c**2 / across
    return r * (np.sqrt(across**2 + 4 * c**2 * (r**2 - a**2)) - across) / (2 * (r**2 - a**2))


def naive_tle(x, k):
    """Measurement by measurement, without the pairs that have one of 0."""
    found = []
    apart, order = neighbours(x, k)
    for centre, distances, rows in zip(x, apart, order, strict=True):
        r = distances[-1]
        near, logs = list(zip(distances, x[rows], strict=True)), [*np.log(distances / r)] * 2
        for i, j in permutations(range(k), 2):
            (a, v), (b, w) = near[i], near[j]
            both = [met(r, a, b, np.linalg.norm(v - image)) for image in (w, 2 * centre - w)]
            logs += [np.log(each / r) for each in both] if min(both) > 1e-4 * r else []
        found.append(-1 / np.mean(logs))
    return np.mean(found)


def test_tle_gives_the_number_of_scikit_dimension():
    assert tle(known()) == pytest.approx(3.7425119288308513, rel=1e-9)  # TLE, n_neighbors=20


@pytest.mark.parametrize("tile", [500, 2**22])
def test_tle_is_the_formula_of_the_paper_at_any_scale(tile, monkeypatch):
    monkeypatch.setattr(local, "TILE", tile)
    x = curved()[:60]
    assert tle(x, k=7) == pytest.approx(naive_tle(x, 7), rel=1e-8)
    assert tle(1e-6 * x, k=7) == pytest.approx(tle(x, k=7), rel=1e-8)  # a bound of 1e-4 would drop all


def test_measurements_of_opposite_neighbours_are_dropped():
    line = np.r_[np.linspace(-1, 1, 21), 1.37, -1.71, 2.45][:, None]
    assert tle(line, k=5) == pytest.approx(naive_tle(line, 5), rel=1e-8)  # mirror images that meet a neighbour


def test_refusals():
    corners = np.vstack([np.eye(8), 5 + np.random.default_rng(0).normal(size=(9, 8))])
    with pytest.raises(UsageError, match=r"alpha is a share(.|\n)*alpha = 1"):
        lpca(known(), alpha=1)
    with pytest.raises(UsageError, match="k >= 3"):
        tle(known(), k=2)
    for estimator in (mom_id, tle):
        with pytest.raises(UndefinedError, match="8 of 17 samples have all their neighbours at one"):
            estimator(corners, k=4)
