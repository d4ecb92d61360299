import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.decomposition import PCA

from simzoo.errors import UsageError
from simzoo.measures.transferability.bhattacharyya import gbc


def naive(x, labels, covariance="spherical", components=64, floor=1e-4):
    rank = np.linalg.matrix_rank(x - x.mean(0))
    z = PCA(min(components, rank), svd_solver="full").fit_transform(x)
    q, total = z.shape[1], 0.0
    least = floor * np.mean(z**2)
    for c in np.unique(labels):
        for e in np.unique(labels):
            if c == e:
                continue
            (m, s), (k, t) = ((z[labels == g].mean(0), z[labels == g].var(0)) for g in (c, e))
            if covariance == "spherical":
                s, t = np.full(q, s.mean()), np.full(q, t.mean())
            s, t = np.maximum(s, least), np.maximum(t, least)
            middle = np.diag((s + t) / 2)
            distance = (m - k) @ np.linalg.inv(middle) @ (m - k) / 8
            logs = [np.linalg.slogdet(matrix)[1] for matrix in (middle, np.diag(s), np.diag(t))]
            total += np.exp(-distance - (logs[0] - (logs[1] + logs[2]) / 2) / 2)
    return -total


@pytest.mark.parametrize("covariance", ["spherical", "diagonal"])
@pytest.mark.parametrize("components", [64, 3])
def test_it_is_the_formula(inputs, covariance, components):
    x, labels = inputs
    expected = naive(x, labels, covariance, components)
    assert gbc(x, labels, covariance=covariance, components=components) == pytest.approx(expected, abs=1e-8)


def test_in_one_dimension_it_is_the_integral_of_the_root_of_both_densities():
    draw = np.random.default_rng(0)
    x, labels = np.r_[draw.normal(0, 1, 50), draw.normal(2, 3, 50)][:, None], np.repeat([0, 1], 50)
    p, q = (norm(x[labels == c].mean(), x[labels == c].std()) for c in (0, 1))
    shared = quad(lambda t: np.sqrt(p.pdf(t) * q.pdf(t)), -40, 40)[0]
    assert gbc(x, labels) == pytest.approx(-2 * shared, abs=1e-7)


def test_the_logs_of_spherical_classes_count_once_for_each_direction():
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    x = draw.normal(size=(120, 10)) * np.where(labels, 3, 1)[:, None]
    s, t = (naive_variance(x, labels, c) for c in (0, 1))
    one = np.log((s + t) / 2) / 2 - (np.log(s) + np.log(t)) / 4
    means = [x[labels == c].mean(0) for c in (0, 1)]
    apart = np.sum((means[0] - means[1]) ** 2) / (s + t) / 4
    assert gbc(x, labels) == pytest.approx(-2 * np.exp(-apart - 10 * one), abs=1e-8)
    assert abs(gbc(x, labels) + 2 * np.exp(-apart - one)) > 0.3  # what the authors' code gives


def naive_variance(x, labels, c):
    return x[labels == c].var(0).mean()


def test_all_components_are_those_with_variance(made):
    x, labels = made(n=90, d=70)
    assert gbc(x, labels, components=None) == pytest.approx(naive(x, labels, components=70), abs=1e-8)
    assert gbc(x, labels, components=None) != gbc(x, labels)


@pytest.mark.parametrize("wrong", [{"covariance": "full"}, {"components": 0}])
def test_refusals(made, wrong):
    with pytest.raises(UsageError, match=r"no such Gaussians(.|\n)*spherical ones in 64 components"):
        gbc(*made(), **wrong)
