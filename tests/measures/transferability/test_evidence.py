import numpy as np
import pytest
from scipy.stats import multivariate_normal

from simzoo.errors import ConstantInputError, InputError, LabelsError
from simzoo.measures.transferability.evidence import logme


def published(x, labels, *, whole_determinant=True):
    """The authors' loop over the classes; each log evidence by the terms of the formula."""
    n, d = x.shape
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    s = s[s > 1e-10 * s[0]]
    u, sigma, found = u[:, : len(s)], s**2, []
    for c in np.unique(labels):
        y = (labels == c).astype(float)
        along = (u.T @ y) ** 2
        beside = y @ y - along.sum()
        a = b = 1.0
        for _ in range(11):
            t = a / b
            g = np.sum(sigma / (sigma + t))
            m2 = np.sum(sigma * along / (t + sigma) ** 2)
            res2 = np.sum(along / (1 + sigma / t) ** 2) + beside
            a, b = g / (m2 + 1e-5), (n - g) / (res2 + 1e-5)
            if abs(a / b - t) / t <= 1e-3:
                break
        terms = d * np.log(a) + n * np.log(b) - np.log(a + b * sigma).sum()
        if whole_determinant:
            terms -= (d - len(s)) * np.log(a)
        found.append((terms - b * res2 - a * m2 - n * np.log(2 * np.pi)) / 2 / n)
    return np.mean(found)


def test_it_is_the_published_loop(inputs):
    assert logme(*inputs) == pytest.approx(published(*inputs), abs=1e-8)


def test_with_more_samples_than_columns_it_is_the_value_of_the_authors_code(made):
    x, labels = made()
    assert logme(x, labels) == pytest.approx(published(x, labels, whole_determinant=False), abs=1e-8)


def test_the_value_is_the_highest_evidence_of_a_gaussian_process(made):
    x, labels = made(n=60, d=5)
    gram, found = x @ x.T, []
    for c in range(4):
        y = (labels == c).astype(float)
        # for a ratio t the best noise is |y|^2 in the metric of the covariance, over n
        best = -np.inf
        for t in np.logspace(-3, 4, 400):
            covariance = gram / t + np.eye(60)
            noise = y @ np.linalg.solve(covariance, y) / 60
            best = max(best, multivariate_normal(np.zeros(60), noise * covariance).logpdf(y) / 60)
        found.append(best)
    assert logme(x, labels) == pytest.approx(np.mean(found), abs=2e-4)


def test_with_fewer_samples_than_columns_the_scale_does_not_take_over(made):
    x, labels = made(n=40, d=100)
    theirs = [published(scale * x, labels, whole_determinant=False) for scale in (0.01, 1)]
    ours = [logme(scale * x, labels) for scale in (0.01, 1)]
    assert abs(np.diff(theirs)) > 2
    assert abs(np.diff(ours)) < 0.1


def test_large_features_lose_a_little_to_what_the_authors_add():
    draw = np.random.default_rng(0)
    labels = np.arange(80) % 4
    x = 2 * draw.normal(size=(4, 8))[labels] + draw.normal(size=(80, 8))
    assert 0.005 < logme(x, labels) - logme(100 * x, labels) < 0.1


def test_labels_may_be_words_and_unrelated_ones_score_less(made):
    x, labels = made()
    assert logme(x, np.array(list("abcd"))[labels]) == logme(x, labels)
    assert logme(x, np.random.default_rng(0).permutation(labels)) < logme(x, labels) - 0.02


def test_refusals(made):
    x, labels = made()
    with pytest.raises(LabelsError, match=r"target labels of one class say nothing of transfer(.|\n)*two classes"):
        logme(x, np.zeros(90))
    with pytest.raises(LabelsError, match="labels are missing"):
        logme(x, None)
    with pytest.raises(InputError, match="labels do not fit"):
        logme(x, labels[1:])
    with pytest.raises(ConstantInputError, match="they say nothing of the labels"):
        logme(np.ones((90, 3)), labels)
