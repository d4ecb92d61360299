import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, spearmanr

from simzoo.errors import ConstantInputError, InputError, TooFewSamplesError, UndefinedError, UsageError, ZeroRowsError
from simzoo.measures.evaluate import matrix_of
from simzoo.measures.resampling import in_order, on_part
from simzoo.measures.similarity.cka import linear_cka
from simzoo.measures.similarity.rsa import rsa
from simzoo.representations.representation import Representation

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 12)) + DRAW.normal(size=12)
Y = X @ DRAW.normal(size=(12, 70)) + 3 * DRAW.normal(size=(60, 70))


def tau_a(v, w):
    """Sum of the signs of all pairs of pairs, as it is written."""
    i, j = np.triu_indices(len(v), 1)
    return np.mean(np.sign(v[i] - v[j]) * np.sign(w[i] - w[j]))


def cosine(v, w):
    return v @ w / np.linalg.norm(v) / np.linalg.norm(w)


COMPARE = {
    "spearman": lambda v, w: spearmanr(v, w).statistic,
    "pearson": lambda v, w: pearsonr(v, w).statistic,
    "cosine": cosine,
    "kendall": tau_a,
}


@pytest.mark.parametrize("compare", COMPARE)
@pytest.mark.parametrize("rdm", ["correlation", "cosine", "euclidean", "sqeuclidean"])
@pytest.mark.parametrize("offset", [0, 100])
def test_values_are_those_of_scipy(rdm, compare, offset):
    x, y = (side[:30] + offset for side in (X, Y))
    expected = COMPARE[compare](pdist(x, rdm), pdist(y, rdm))
    assert rsa(x, y, rdm=rdm, compare=compare) == pytest.approx(expected, abs=1e-9)
    rough = rsa(x.astype(np.float32), y.astype(np.float32), rdm=rdm, compare=compare)
    assert rough == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ties_share_their_rank(dtype):
    x, y = (DRAW.integers(-2, 3, size=(40, 40)).astype(dtype) for _ in range(2))
    x, y = (side + side.T - 2 * np.diag(side.diagonal()) for side in (x, y))
    expected = spearmanr(squareform(x), squareform(y)).statistic
    assert rsa(x, y, rdm="precomputed") == pytest.approx(expected, abs=1e-6)


def test_narrow_cones_of_directions_keep_their_digits_in_float32():
    x, y = (1000 + side for side in (X, Y))
    x, y = (side.astype(np.float32) for side in (x, y))
    expected = spearmanr(pdist(x.astype(float), "cosine"), pdist(y.astype(float), "cosine")).statistic
    assert rsa(x, y, rdm="cosine") == pytest.approx(expected, abs=1e-3)


def test_an_rdm_stands_on_either_side_condensed_or_square():
    brain, model = pdist(X, "cityblock"), pdist(Y, "correlation")
    expected = spearmanr(brain, model).statistic
    for x in (brain, squareform(brain)):
        for y in (model, squareform(model), Y):
            assert rsa(x, y, rdm="precomputed") == pytest.approx(expected)
            assert rsa(y, x, rdm="precomputed") == pytest.approx(expected)


def test_a_representation_that_is_an_rdm_is_taken_as_it_is():
    ids = tuple(map(str, range(60)))
    brain = Representation(squareform(pdist(X, "cityblock")), ids, rdm=True)
    other = Representation(Y, ids)
    expected = spearmanr(pdist(X, "cityblock"), pdist(Y, "euclidean")).statistic
    assert matrix_of(rsa.sheet, [brain], [other], rdm="euclidean")[0, 0] == pytest.approx(expected)
    assert rsa(brain, other, rdm="euclidean") == pytest.approx(expected)
    rows = np.arange(0, 60, 2)
    of_half = spearmanr(pdist(X[rows], "cityblock"), pdist(Y[rows], "euclidean")).statistic
    for compare in ("spearman", "kendall"):
        options = {"rdm": "euclidean", "compare": compare}
        half = on_part(rsa.sheet, [brain], [other], options)(rows)[0, 0]
        assert half == pytest.approx(rsa(brain.take(rows), other.take(rows), **options))
        swapped = in_order(rsa.sheet, [other], [brain], options)(np.arange(60)[::-1])[0, 0]
        flipped = brain.values[::-1, ::-1].copy()
        assert swapped == pytest.approx(rsa(pdist(Y), flipped, rdm="precomputed", compare=compare))
    assert rsa(brain.take(rows), other.take(rows), rdm="euclidean") == pytest.approx(of_half)
    with pytest.raises(UndefinedError, match=r"holds dissimilarities, not features(.|\n)*rsm_norm_difference"):
        linear_cka(brain, other)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (np.ones(7), "n (n - 1) / 2 entries"),
        (np.triu(np.ones((5, 5)), 1), "symmetric"),
        (np.ones((5, 5)), "the diagonal is 0"),
    ],
)
def test_what_is_no_rdm_is_refused(x, text):
    with pytest.raises(InputError) as refused:
        rsa(x, np.random.default_rng(0).normal(size=10), rdm="precomputed")
    assert "this is no dissimilarity matrix" in str(refused.value)
    assert text in refused.value.expected
    assert "squareform" in refused.value.next_step


def test_refusals():
    with pytest.raises(TooFewSamplesError, match="3 samples are too few: fewer have too few pairs"):
        rsa(X[:3], Y[:3])
    with pytest.raises(ZeroRowsError, match=r"2 of 60 rows do not vary(.|\n)*first such row is 4"):
        rsa(np.where(np.isin(np.arange(60), [4, 7])[:, None], 0.1, X), Y)
    with pytest.raises(ConstantInputError, match=r"all dissimilarities are equal(.|\n)*not dead"):
        rsa(np.eye(6), Y[:6], rdm="euclidean")
    with pytest.raises(ConstantInputError, match=r"one direction, and cosine sees nothing else(.|\n)*how long"):
        rsa(np.outer(np.arange(1, 7), [0.1, 0.2, 0.7]), Y[:6], rdm="cosine")
    with pytest.raises(UndefinedError, match=r"one column has no correlation(.|\n)*rdm='euclidean'"):
        rsa(X[:, :1], Y)
    with pytest.raises(InputError, match=r"not of the same samples(.|\n)*got: 59 and 60"):
        rsa(pdist(X[1:]), Y, rdm="precomputed")
    with pytest.raises(UsageError, match=r"neither side is an RDM(.|\n)*shapes \(60, 12\) and \(60, 70\)"):
        rsa(X, Y, rdm="precomputed")
    with pytest.raises(UsageError, match="unknown dissimilarity 'mahalanobis'"):
        rsa(X, Y, rdm="mahalanobis")
    with pytest.raises(UsageError, match=r"unknown comparison 'tau'(.|\n)*compare='spearman'"):
        rsa(X, Y, compare="tau")
    with pytest.raises(InputError, match="NaN or infinite"):
        rsa(np.full(10, np.nan), np.arange(10.0), rdm="precomputed")
