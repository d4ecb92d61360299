import warnings

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.special import softmax
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from simzoo.errors import ConstantInputError, TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.transferability.discriminant import NCTI, ncti, pooled, sfda


def scatters(x, labels):
    classes = np.unique(labels)
    within = sum(np.mean(labels == c) * np.cov(x[labels == c].T, bias=True) for c in classes)
    return within, np.cov(x.T, bias=True), np.stack([x[labels == c].mean(0) for c in classes])


def shrunk(covariance, shrinkage):
    d = len(covariance)
    return (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / d * np.eye(d)


def fisher(x, labels, shrinkage):
    """Posteriors by way of the generalised eigenvectors, all of them, as published."""
    within, total, means = scatters(x, labels)
    _, vectors = eigh(shrunk(total, shrinkage) - shrunk(within, shrinkage), shrunk(within, shrinkage))
    coefficients = means @ vectors @ vectors.T
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    return softmax(x @ coefficients.T - np.diag(means @ coefficients.T) / 2 + np.log(shares), axis=1)


def naive_sfda(x, labels):
    _, own = np.unique(labels, return_inverse=True)
    shrinkage = max(np.exp(-5 * np.linalg.eigvalsh(scatters(x, labels)[0])[-1]), 1e-10)
    sure = softmax(fisher(x, labels, shrinkage), axis=1)
    means = scatters(x, labels)[2]
    harder = np.empty_like(x)
    for i, c in enumerate(own):
        harder[i] = sure[i, c] * x[i] + (1 - sure[i, c]) * np.delete(means, c, axis=0).mean(0)
    return fisher(harder, labels, shrinkage)[np.arange(len(x)), own].mean()


def naive_ncti(x, labels):
    _, own = np.unique(labels, return_inverse=True)
    reduction = PCA(min(64, np.linalg.matrix_rank(x - x.mean(0))), svd_solver="full").fit(x)
    z = reduction.transform(x)
    shrinkage = max(np.exp(-reduction.explained_variance_[:32].sum()), 1e-10)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Only one sample available")
        model = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage).fit(z, labels)
    low, p = model.transform(z), model.predict_proba(z)
    parts = sum(np.linalg.norm(p[own == c], "nuc") for c in np.unique(own))
    return np.linalg.norm(low - low.mean(0), "nuc"), p[np.arange(len(x)), own].mean(), np.log(parts)


@pytest.mark.parametrize("scale", [0.2, 1, 10])
def test_sfda_is_the_formula_or_refused_where_it_saturates(inputs, scale):
    x, labels = scale * inputs[0], inputs[1]
    if len(x) <= x.shape[1] + 4:
        with pytest.raises(TooFewSamplesError, match=r"discriminant is certain of them(.|\n)*h_score_shrunk or"):
            sfda(x, labels)
        return
    if scale < 1 or np.ptp(x, axis=0).min() > 0:  # else the published way divides by rounding
        assert sfda(x, labels) == pytest.approx(naive_sfda(x, labels), abs=1e-7)


def test_constant_columns_count_only_in_the_level_of_the_shrinkage(made):
    x, labels = made()
    wide = np.c_[0.2 * x, np.full((90, 2), 3.0)]
    assert sfda(wide, labels) == pytest.approx(naive_sfda(wide, labels), abs=1e-8)
    assert sfda(10 * wide, labels) == pytest.approx(sfda(2 * x, labels), abs=1e-6)


def test_without_the_refusal_any_labels_would_score_one(made):
    x, labels = made(n=40, d=100)
    other = np.random.default_rng(0).permutation(labels)
    _, own = np.unique(other, return_inverse=True)
    assert fisher(10 * x, other, 1e-10)[np.arange(40), own].mean() > 1 - 1e-9
    for given in (labels, other):
        with pytest.raises(TooFewSamplesError, match=r"varies between classes and within none(.|\n)*105 or more"):
            sfda(10 * x, given)


def test_collapsed_classes_are_refused_whatever_their_size():
    labels = np.arange(80) % 4
    for score in (sfda, ncti):
        with pytest.raises(UndefinedError, match="some direction of the features varies between classes"):
            score(np.eye(4)[labels], labels)


@pytest.mark.parametrize("scale", [0.2, 1, 10])
def test_ncti_is_the_formula_or_refused(inputs, scale):
    x, labels = scale * inputs[0], inputs[1]
    if len(x) <= x.shape[1] + 4:
        with pytest.raises(TooFewSamplesError, match="a discriminant is certain"):
            ncti(x, labels)
    else:
        assert ncti(x, labels) == pytest.approx(naive_ncti(x, labels), rel=1e-8, abs=1e-8)


def test_ncti_keeps_64_directions_of_many(made):
    x, labels = made(n=120, d=200)
    assert ncti(x, labels) == pytest.approx(naive_ncti(x, labels), rel=1e-8)
    assert ncti(x, labels, components=20) != ncti(x, labels)


def test_a_pool_scales_each_part_and_changes_with_its_models():
    pool = [NCTI(10.0, 0.5, 3.0), NCTI(30.0, 0.9, 3.5), NCTI(20.0, 0.6, 4.0)]
    np.testing.assert_allclose(pooled(pool), [0, 1 + 1 - 0.5, 0.5 + 0.25 - 1])
    np.testing.assert_allclose(pooled(pool[:2]), [0, 1])
    np.testing.assert_allclose(pooled([NCTI(1.0, 0.5, 3.0), NCTI(2.0, 0.5, 3.0)]), [0, 1])  # one part of three differs


def test_refusals(made):
    x, labels = made()
    for score in (sfda, ncti):
        with pytest.raises(TooFewSamplesError, match="a discriminant of fewer says nothing"):
            score(x[:3], labels[:3])
        with pytest.raises(ConstantInputError, match="all rows are equal"):
            score(np.ones((90, 3)), labels)
    with pytest.raises(UsageError, match=r"one model makes no pool(.|\n)*every candidate"):
        pooled([NCTI(1.0, 0.5, 3.0)])
