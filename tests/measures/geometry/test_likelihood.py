import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.spatial.distance import cdist

from simzoo.errors import TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.geometry.likelihood import gride, mle_id

LATTICE = np.array([[i, j] for i in range(5) for j in range(5)], dtype=float)


def known():
    """The samples of which scikit-dimension 0.5.0 gave the numbers below: 4 dimensions in 9 columns."""
    return np.random.default_rng(0).normal(size=(300, 4)) @ np.random.default_rng(1).normal(size=(4, 9))


def distances(x):
    return np.sort(cdist(x, x), axis=1)[:, 1:]


def sphere(dimension, n=3000):
    points = np.random.default_rng(dimension).normal(size=(n, dimension + 1))
    return np.pad(points / np.linalg.norm(points, axis=1, keepdims=True), ((0, 0), (0, 4)))


def test_mle_gives_the_numbers_of_scikit_dimension():
    assert mle_id(known()) == pytest.approx(3.506686416971654, rel=1e-9)  # MLE, comb="mle", n_neighbors=20
    assert mle_id(known(), average="plain") == pytest.approx(3.7624885061944995, rel=1e-9)  # comb="mean"


@pytest.mark.parametrize("k", [3, 10, 60])
def test_mle_is_the_formula_of_the_paper(k):
    near = distances(known())[:, :k]
    inverse = np.array([np.mean([np.log(row[-1] / each) for each in row[:-1]]) for row in near])  # k - 1, not k
    assert mle_id(known(), k=k) == pytest.approx(1 / inverse.mean(), rel=1e-10)
    assert mle_id(known(), k=k, average="plain") == pytest.approx(np.mean(1 / inverse), rel=1e-10)


def log_likelihood(d, logs, k):
    return np.sum(np.log(d) + (k - 1) * np.log(np.expm1(d * logs)) - ((2 * k - 1) * d + 1) * logs)


@pytest.mark.parametrize("k", [1, 2, 7, 30])
def test_gride_maximises_its_likelihood(k):
    near = distances(known())
    logs = np.log(near[:, 2 * k - 1] / near[:, k - 1])
    best = minimize_scalar(
        lambda d: -log_likelihood(d, logs, k), bounds=(0.1, 30), method="bounded", options={"xatol": 1e-9}
    )
    assert gride(known(), k=k) == pytest.approx(best.x, rel=1e-6)


def test_gride_differs_from_scikit_dimension_by_its_n_minus_one_and_its_cut():
    near = distances(known())
    ratio = near[:, 1] / near[:, 0]
    middle, high = np.percentile(ratio, [50, 95])
    kept = np.log(ratio[ratio < 20 * (high - middle) + middle])
    assert (len(kept) - 1) / kept.sum() == pytest.approx(3.6968492712568426, rel=1e-9)  # GRIDE(n1=1)
    assert gride(known(), k=1) == pytest.approx(300 / np.log(ratio).sum(), rel=1e-12)


@pytest.mark.parametrize("dimension", [1, 2, 5])
@pytest.mark.parametrize("estimator", [mle_id, gride])
def test_spheres_have_their_dimension(estimator, dimension):
    assert estimator(sphere(dimension)) == pytest.approx(dimension, rel=0.05)


def test_ties_are_no_trouble_unless_all_are():
    near = distances(LATTICE)
    logs = np.log(near[:, 3] / near[:, 1]).clip(1e-9)  # a ratio of 1 counts as one next to it does
    assert (near[:, 3] == near[:, 1]).any()
    root = brentq(lambda d: len(logs) / d + np.sum(logs / -np.expm1(-d * logs)) - 3 * logs.sum(), 1e-3, 1e3)
    assert gride(LATTICE, k=2) == pytest.approx(root, rel=1e-6)
    assert np.isfinite(mle_id(LATTICE, k=6))
    with pytest.raises(UndefinedError, match="at the same distance throughout"):
        gride(LATTICE, k=1)
    corners = np.vstack([np.eye(8), 5 + np.random.default_rng(0).normal(size=(9, 8))])
    assert np.isfinite(mle_id(corners, k=4))
    with pytest.raises(UndefinedError, match=r"8 of 17 samples have all their neighbours at one(.|\n)*k = 4"):
        mle_id(corners, k=4, average="plain")


def test_refusals():
    x = known()
    with pytest.raises(UsageError, match=r"there are two ways to average(.|\n)*'median'"):
        mle_id(x, average="median")
    with pytest.raises(UsageError, match=r"the nearer neighbour is the first(.|\n)*k = 0"):
        gride(x, k=0)
    with pytest.raises(UsageError, match="k >= 3"):
        mle_id(x, k=2)
    with pytest.raises(TooFewSamplesError, match="k = 300 others"):
        gride(x, k=150)
