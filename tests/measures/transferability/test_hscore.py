import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf
from sklearn.cross_decomposition import CCA

from simzoo.errors import ConstantInputError, TooFewSamplesError
from simzoo.measures.transferability.hscore import h_score, h_score_shrunk


def means_of(x, labels):
    g = np.empty_like(x)
    for c in np.unique(labels):
        g[labels == c] = x[labels == c].mean(0)
    return g


def naive(x, labels):
    return np.trace(np.linalg.pinv(np.cov(x.T), rcond=1e-10) @ np.cov(means_of(x, labels).T))


def naive_shrunk(x, labels):
    centred = x - x.mean(0)
    covariance, alpha = ledoit_wolf(centred, assume_centered=True)
    g = means_of(centred, labels)
    return np.trace(np.linalg.pinv(covariance) @ ((1 - alpha) * g.T @ g / len(x)))


def test_h_score_is_the_formula_or_refused_where_it_saturates(inputs):
    x, labels = inputs
    if len(x) <= x.shape[1]:
        with pytest.raises(TooFewSamplesError, match=r"any labels have the highest H-score(.|\n)*h_score_shrunk"):
            h_score(x, labels)
        assert naive(x, labels) == pytest.approx(len(np.unique(labels)) - 1)
        assert naive(x, np.random.default_rng(0).permutation(labels)) == pytest.approx(naive(x, labels))
    else:
        assert h_score(x, labels) == pytest.approx(naive(x, labels), abs=1e-8)


def test_a_few_directions_of_many_columns_are_no_reason_to_refuse(made):
    x, labels = made()
    wide = x @ np.random.default_rng(0).normal(size=(6, 200))
    assert h_score(wide, labels) == pytest.approx(h_score(x, labels), abs=1e-8)


def test_h_score_adds_up_squared_canonical_correlations(made):
    x, labels = made()
    a, b = CCA(n_components=3, max_iter=5000, tol=1e-12).fit_transform(x, np.eye(4)[labels][:, :3])
    correlations = [np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(3)]
    assert h_score(x, labels) == pytest.approx(np.sum(np.square(correlations)), abs=1e-5)


def test_unrelated_labels_have_the_expectation_of_the_docstring(made):
    x, labels = made()
    draw = np.random.default_rng(0)
    found = [h_score(x, draw.permutation(labels)) for _ in range(200)]
    assert np.mean(found) == pytest.approx(6 * 3 / 89, abs=4 * np.std(found) / np.sqrt(200))


def test_the_shrunk_score_is_the_formula(inputs):
    assert h_score_shrunk(*inputs) == pytest.approx(naive_shrunk(*inputs), abs=1e-8)


def test_the_shrunk_score_tells_labels_apart_where_the_plain_one_saturates(made):
    x, labels = made(n=40, d=100)
    other = np.random.default_rng(0).permutation(labels)
    assert h_score_shrunk(x, other) < h_score_shrunk(x, labels) - 0.2


def test_refusals(made):
    _, labels = made()
    for score in (h_score, h_score_shrunk):
        with pytest.raises(ConstantInputError, match="all rows are equal"):
            score(np.ones((90, 3)), labels)
