import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist, squareform

from simzoo.errors import ConstantInputError, InputError, UndefinedError, UsageError, ZeroRowsError
from simzoo.measures.derived import dissimilarities as module
from simzoo.measures.derived.dissimilarities import condensed, is_rdm, samples_of, square, squared
from simzoo.representations.representation import Representation

X = np.random.default_rng(0).normal(size=(70, 6)) + 1
RDM = pdist(X)


@pytest.mark.parametrize("rdm", ["correlation", "cosine", "euclidean", "sqeuclidean"])
@pytest.mark.parametrize("tile", [2**22, 700])
def test_entries_are_those_of_scipy_in_its_order(monkeypatch, rdm, tile):
    monkeypatch.setattr(module, "TILE", tile)
    np.testing.assert_allclose(condensed(X, rdm=rdm), pdist(X, rdm), rtol=1e-9)
    np.testing.assert_allclose(square(X, rdm=rdm), squareform(pdist(X, rdm)), rtol=1e-9)


def test_equal_rows_are_not_dissimilar_at_all():
    values = squareform(condensed(np.concatenate([X, X[:3]]).astype(np.float32) + 100, rdm="euclidean"))
    assert [values[i, 70 + i] for i in range(3)] == [0, 0, 0]
    assert (values[np.triu_indices(70, 1)] > 0).all()


def test_an_rdm_comes_back_as_it_is():
    held = Representation(squareform(RDM), tuple(map(str, range(70))), rdm=True)
    for given in (RDM, squareform(RDM), torch.from_numpy(RDM)):
        np.testing.assert_array_equal(condensed(given, rdm="precomputed"), RDM)
    np.testing.assert_allclose(condensed(held, rdm="cosine"), RDM, rtol=1e-6)
    np.testing.assert_allclose(condensed(X, rdm="precomputed"), pdist(X, "correlation"), rtol=1e-9)


def test_what_is_an_rdm_is_told_by_its_shape():
    assert is_rdm(RDM, "precomputed")
    assert is_rdm(squareform(RDM), "precomputed")
    assert not is_rdm(squareform(RDM), "euclidean")
    assert not is_rdm(X, "precomputed")


def test_matrices_are_symmetric_with_nothing_on_the_diagonal():
    both = squared(torch.from_numpy(np.stack([RDM, 2 * RDM])))
    np.testing.assert_array_equal(both, np.stack([squareform(RDM), 2 * squareform(RDM)]))


@pytest.mark.parametrize("n", [2, 3, 70, 5000, 100_000])
def test_the_number_of_samples_is_that_of_the_pairs(n):
    assert samples_of(torch.empty(n * (n - 1) // 2, device="meta")) == n


@pytest.mark.parametrize(
    ("given", "expected", "got"),
    [
        (RDM[:-1], "a condensed RDM has n (n - 1) / 2 entries", "2414 entries"),
        (np.triu(squareform(RDM)), "an RDM is symmetric", "from their mirror image"),
        (squareform(RDM) + np.eye(70), "a sample is not dissimilar to itself: the diagonal is 0", "1 on the diagonal"),
    ],
)
def test_what_is_no_rdm_is_refused(given, expected, got):
    with pytest.raises(InputError) as caught:
        condensed(given, rdm="precomputed")
    assert caught.value.what == "this is no dissimilarity matrix"
    assert caught.value.expected == expected
    assert got in caught.value.got


@pytest.mark.parametrize(
    ("given", "rdm", "error", "what"),
    [
        (X, "manhattan", UsageError, "unknown dissimilarity 'manhattan'"),
        (X[:, :1], "correlation", UndefinedError, "one column has no correlation"),
        (np.r_[X, np.ones((2, 6))], "correlation", ZeroRowsError, "2 of 72 rows do not vary over the features"),
        (np.outer(np.arange(1, 9), X[0]), "cosine", ConstantInputError, "all rows have one direction, and cosine"),
        (np.ones((9, 4)), "euclidean", ConstantInputError, "nothing is dissimilar"),
    ],
)
def test_refusals(given, rdm, error, what):
    with pytest.raises(error) as caught:
        condensed(given, rdm=rdm)
    assert what in str(caught.value)
