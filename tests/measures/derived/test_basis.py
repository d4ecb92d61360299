import numpy as np
import pytest
import torch

from simzoo.errors import TooFewSamplesError
from simzoo.measures.derived import basis as module
from simzoo.measures.derived.basis import cross, overlap, principal_basis, require_tall


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("shape", [(40, 6), (6, 40), (10, 10)])
def test_bases_are_numpys_singular_vectors(shape, centred):
    x = np.random.default_rng(0).normal(size=shape) + 3
    basis = principal_basis(x, centred=centred)
    u, s, _ = np.linalg.svd(x - centred * x.mean(0), full_matrices=False)
    rank = int((s > 1e-10).sum())
    np.testing.assert_allclose(basis.values, s[:rank], rtol=1e-10)
    np.testing.assert_allclose(basis.directions @ basis.directions.T, u[:, :rank] @ u[:, :rank].T, atol=1e-10)


def test_what_float32_cannot_tell_from_zero_is_no_direction():
    x = np.random.default_rng(0).normal(size=(50, 3)) + 1
    x = np.hstack([x, x @ np.ones((3, 1)) / 3]).astype(np.float32)
    basis = principal_basis(x)
    assert basis.directions.shape == (50, 3)
    assert basis.directions.dtype == torch.float32


@pytest.mark.parametrize("centred", [True, False])
def test_float32_goes_through_blocks_of_rows(centred, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 30)
    x = (np.random.default_rng(0).normal(size=(100, 6)) @ np.diag([1, 1, 1, 1, 1e-2, 1e-4]) + 3).astype(np.float32)
    basis = principal_basis(x, centred=centred)
    u, s, _ = np.linalg.svd(x - centred * x.mean(0, dtype=np.float64), full_matrices=False)
    np.testing.assert_allclose(basis.values, s, rtol=1e-10)
    np.testing.assert_allclose(basis.directions @ basis.directions.T, u @ u.T, atol=1e-6)
    assert basis.directions.dtype == torch.float32


def test_bases_stay_orthonormal_where_one_direction_is_all_but_lost():
    x = np.random.default_rng(0).normal(size=(50, 4)) * [1, 1, 1, 1e-11]
    basis = principal_basis(x)
    np.testing.assert_allclose(cross(basis.directions, basis.directions), np.eye(4), atol=1e-13)
    assert overlap(basis, basis.first(2)) == pytest.approx(2)


def test_as_many_columns_as_samples_are_refused():
    require_tall(np.ones((4, 3)), "why")
    with pytest.raises(TooFewSamplesError, match="3 samples are too few for 3 columns: why"):
        require_tall(np.ones((3, 3)), "why")
