import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from simzoo.errors import ConstantInputError, LabelsError, TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.transferability.pairs import lfc, parc


def naive_parc(x, labels, components=32, turned=()):
    rank = np.linalg.matrix_rank(x - x.mean(0))
    z = PCA(min(components, rank), svd_solver="full").fit_transform(x)
    z *= np.sign(z[np.abs(z).argmax(0), np.arange(z.shape[1])])
    z[:, list(turned)] *= -1
    rows = 1 - np.corrcoef(StandardScaler().fit_transform(z))
    one_hot = (labels[:, None] == np.unique(labels)).astype(float)
    above = np.triu_indices(len(x), 1)
    return 100 * spearmanr(rows[above], (1 - np.corrcoef(one_hot))[above].round(9))[0]


def naive_lfc(x, labels, norm="fro"):
    k, t = x @ x.T, np.where(labels[:, None] == labels, 1.0, -1.0)
    k, t = k - k.mean(), t - t.mean()
    return np.sum(k * t) / (np.linalg.norm(k, norm) * np.linalg.norm(t, norm))


@pytest.mark.parametrize("components", [32, 3])
def test_parc_is_the_formula(inputs, components):
    x, labels = inputs
    assert parc(x, labels, components=components) == pytest.approx(naive_parc(x, labels, components), abs=1e-7)


def test_the_signs_of_principal_directions_matter_and_are_pinned(made):
    x, labels = made()
    assert abs(naive_parc(x, labels, turned=[0, 3]) - naive_parc(x, labels)) > 0.5
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    for same in (x @ turned, -x, 5 * x + 3):
        assert parc(same, labels) == pytest.approx(parc(x, labels), abs=1e-8)


def test_unrelated_labels_have_a_parc_of_zero(made):
    x, labels = made()
    draw = np.random.default_rng(0)
    found = [parc(x, draw.permutation(labels)) for _ in range(100)]
    assert np.mean(found) == pytest.approx(parc.sheet.chance, abs=4 * np.std(found) / 10)


def test_refusals_of_parc(made):
    x, labels = made()
    with pytest.raises(TooFewSamplesError, match="too few pairs to rank"):
        parc(x[:3], labels[:3])
    with pytest.raises(LabelsError, match=r"no two samples are of one class(.|\n)*90 samples of 90 classes"):
        parc(x, np.arange(90))
    with pytest.raises(UndefinedError, match=r"in one principal direction rows have no correlation(.|\n)*logme or lfc"):
        parc(x[:, :1], labels)
    with pytest.raises(UsageError, match=r"correlations of rows need two principal directions(.|\n)*usual 32"):
        parc(x, labels, components=1)


def test_lfc_is_the_formula(inputs):
    assert lfc(*inputs) == pytest.approx(naive_lfc(*inputs), abs=1e-8)


def test_lfc_is_one_where_classes_are_points_of_a_simplex_or_orthogonal():
    labels = np.r_[np.arange(40) % 4, 0, 0, 3]
    for points in (np.eye(4), np.eye(4) - 0.25):
        assert lfc(points[labels], labels) == pytest.approx(1, abs=1e-12)


def test_lfc_has_frobenius_norms_not_spectral_ones(made):
    assert abs(naive_lfc(*made(), norm=2) - naive_lfc(*made())) > 0.05
    assert lfc(*made()) == pytest.approx(naive_lfc(*made()), abs=1e-8)


def test_lfc_keeps_its_digits_far_from_the_origin(made):
    x, labels = made()
    near = naive_lfc(np.longdouble(x + 1e4), labels, norm=None)
    assert lfc(x + 1e4, labels) == pytest.approx(float(near), abs=1e-8)


def test_lfc_refuses_rows_that_are_equal(made):
    with pytest.raises(ConstantInputError, match="all rows are equal"):
        lfc(np.ones((90, 3)), made()[1])
