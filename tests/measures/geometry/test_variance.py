import numpy as np
import pytest
from sklearn.decomposition import PCA

from simzoo.errors import ConstantInputError, TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.geometry.variance import alpha_req, nesum, participation_ratio


def spectrum_of(variances, n=200, seed=0):
    """Return samples whose covariance has exactly these eigenvalues."""
    draw = np.random.default_rng(seed).normal(size=(n, len(variances)))
    columns = np.linalg.qr(draw - draw.mean(0))[0] * np.sqrt(n - 1)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(len(variances), len(variances))))[0]
    return columns * np.sqrt(variances) @ rotation + 3


@pytest.mark.parametrize("shape", [(50, 8), (20, 60)])
def test_counts_of_directions_are_those_of_scikit_learns_variances(shape):
    x = np.random.default_rng(0).normal(size=shape) * np.linspace(0.1, 2, shape[1]) + 1
    variances = PCA().fit(x).explained_variance_
    assert participation_ratio(x) == pytest.approx(variances.sum() ** 2 / np.sum(variances**2), rel=1e-9)
    assert nesum(x) == pytest.approx(variances.sum() / variances[0], rel=1e-9)


@pytest.mark.parametrize("measure", [participation_ratio, nesum])
def test_equal_variances_count_in_full_and_centring_takes_one_sample(measure):
    assert measure(spectrum_of([2.0] * 6)) == pytest.approx(6)
    assert measure(np.eye(5, 20)) == pytest.approx(4)  # not 5: five samples differ in four directions
    assert measure(np.outer(np.arange(9), [1, 2])) == pytest.approx(1)


def test_a_gaussian_of_known_rank_has_it():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4000, 5)) @ np.linalg.qr(draw.normal(size=(40, 40)))[0][:5] + 10
    assert participation_ratio(x) == pytest.approx(5, rel=0.01)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.2])
def test_a_power_law_has_its_exponent_over_any_range(alpha):
    x = spectrum_of(np.arange(1, 31) ** -alpha)
    assert alpha_req(x) == pytest.approx(alpha)
    assert alpha_req(x, first=1, last=5) == pytest.approx(alpha)
    assert alpha_req(x.astype(np.float32)) == pytest.approx(alpha, abs=1e-4)


def authors(variances, numbers):
    """The weighted fit of Stringer et al. 2019, which the authors of alpha-ReQ use; `numbers` count from 0."""
    design = np.stack([-np.log(numbers + 1), np.ones(len(numbers))], axis=1)
    weights = 1 / (numbers + 1)[:, None]
    return np.linalg.solve(design.T @ (design * weights), (weights * design).T @ np.log(variances[numbers]))[0]


def test_the_line_is_that_of_the_authors_code():
    x = np.random.default_rng(0).normal(size=(300, 150)) * np.linspace(0.1, 2, 150)
    variances = PCA().fit(x).explained_variance_
    assert alpha_req(x) == pytest.approx(authors(variances, np.arange(3, 100)), rel=1e-9)
    assert alpha_req(x, first=11, last=50) == pytest.approx(authors(variances, np.arange(10, 50)), rel=1e-9)


def test_eigenvalues_of_rounding_are_not_on_the_line():
    x = spectrum_of(np.arange(1, 9) ** -1.0)
    assert alpha_req(np.hstack([x, x])) == pytest.approx(1)  # 16 columns, 8 directions
    with pytest.raises(UndefinedError, match=r"too few directions vary(.|\n)*8 above 0, of 16 columns"):
        alpha_req(np.hstack([x, x]), first=8)


def test_refusals():
    x = spectrum_of([3.0, 2.0, 1.0])
    with pytest.raises(UsageError, match=r"a line needs two eigenvalues(.|\n)*first = 5, last = 5"):
        alpha_req(x, first=5, last=5)
    with pytest.raises(TooFewSamplesError, match="5 eigenvalues need one sample more"):
        alpha_req(x[:5])
    for measure in (alpha_req, nesum, participation_ratio):
        with pytest.raises(ConstantInputError, match="no direction has variance"):
            measure(np.ones((9, 2)))
        with pytest.raises(TooFewSamplesError, match="one sample does not vary"):
            measure(x[:1])
