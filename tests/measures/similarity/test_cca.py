import numpy as np
import pytest
from scipy.linalg import orth, subspace_angles
from sklearn.cross_decomposition import CCA
from sklearn.decomposition import PCA

from simzoo.errors import ConstantInputError, TooFewSamplesError, UsageError
from simzoo.measures.evaluate import matrix_of
from simzoo.measures.similarity.cca import cca, r2_cca, svcca

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(90, 8)) @ DRAW.normal(size=(8, 8)) + 4
Y = np.hstack([X[:, :2] @ DRAW.normal(size=(2, 3)) + DRAW.normal(size=(90, 3)), DRAW.normal(size=(90, 2))])


def by_scipy(x, y):
    """Return the cosines of the angles between the column spaces."""
    return np.cos(subspace_angles(orth(x - x.mean(0)), orth(y - y.mean(0))))


def test_correlations_are_those_that_scikit_learn_finds():
    a, b = CCA(n_components=5, max_iter=5000, tol=1e-12).fit_transform(X, Y)
    found = [np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(5)]
    assert cca(X, Y) == pytest.approx(np.mean(found), rel=1e-6)
    assert r2_cca(X, Y) == pytest.approx(np.mean(np.square(found)), rel=1e-6)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_values_are_those_of_scipys_angles_also_without_full_rank(kind):
    wide = np.hstack([X, X[:, :3] * 2, X[:, :1] - X[:, 1:2]]).astype(kind)
    y = Y.astype(kind)
    exact = by_scipy(X, Y)
    assert cca(wide, y) == pytest.approx(exact.mean(), rel=1e-5)
    assert r2_cca(wide, y) == pytest.approx((exact**2).mean(), rel=1e-5)


def test_squared_correlations_of_independent_features_average_to_the_share_of_dimensions():
    draws = [np.random.default_rng(seed).normal(size=(2, 61, 12)) for seed in range(40)]
    assert np.mean([r2_cca(x, y) for x, y in draws]) == pytest.approx(12 / 60, abs=0.01)


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.99, 1])
def test_svcca_is_cca_of_scikit_learns_principal_components(threshold):
    spread = np.logspace(0, 2, 8)
    x, y = X * spread, Y @ np.diag(spread[:5])
    parts = []
    for side in (x, y):
        pca = PCA().fit(side)
        k = 1 + int((pca.explained_variance_ratio_.cumsum() < threshold - 1e-12).sum())
        parts.append(pca.transform(side)[:, :k])
    assert svcca(x, y, threshold=threshold) == pytest.approx(by_scipy(*parts).mean(), rel=1e-9)


def test_svcca_keeps_all_directions_that_the_variance_needs():
    x = DRAW.normal(size=(500, 22)) * 10
    assert svcca(x, x[:, :11] * 3) == pytest.approx(1)
    assert svcca(x, DRAW.normal(size=(500, 22))) < 0.3


@pytest.mark.parametrize("measure", [cca, r2_cca, svcca])
def test_a_grid_holds_the_values_of_pairs(measure):
    sides = [X, Y, np.tanh(Y)]
    expected = [[measure(x, y) for y in sides] for x in sides]
    np.testing.assert_allclose(matrix_of(measure.sheet, sides), expected, atol=1e-12)


def test_refusals():
    for measure in (cca, r2_cca):
        with pytest.raises(
            TooFewSamplesError, match=r"8 samples are too few for 8 columns(.|\n)*9 or more(.|\n)*svcca"
        ):
            measure(Y[:8], X[:8])
        with pytest.raises(ConstantInputError, match="centred, they span nothing"):
            measure(X, np.ones((90, 2)))
    with pytest.raises(TooFewSamplesError, match=r"samples are too few for \d+ and \d components: some correlations"):
        svcca(DRAW.normal(size=(12, 40)), Y[:12])
    with pytest.raises(TooFewSamplesError, match="three span a plane"):
        svcca(X[:3], Y[:3])
    with pytest.raises(UsageError, match=r"threshold is a share of the variance(.|\n)*threshold=0.99"):
        svcca(X, Y, threshold=99)
