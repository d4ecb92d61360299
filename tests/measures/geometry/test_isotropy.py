import numpy as np
import pytest
from scipy.spatial.distance import pdist

from simzoo.errors import TooFewSamplesError, UsageError, ZeroRowsError
from simzoo.measures.geometry import isotropy
from simzoo.measures.geometry.isotropy import anisotropy, uniformity

X = np.random.default_rng(0).normal(size=(70, 6)) + 0.3


def test_anisotropy_is_the_mean_cosine_of_all_pairs():
    assert anisotropy(X) == pytest.approx(np.mean(1 - pdist(X, "cosine")), rel=1e-10)


def test_anisotropy_has_its_ends():
    simplex = np.eye(5) - 1 / 5
    assert anisotropy(simplex) == pytest.approx(-1 / 4)
    assert anisotropy(np.ones((5, 2))) == pytest.approx(1)
    spread = [anisotropy(np.random.default_rng(seed).normal(size=(100, 5))) for seed in range(30)]
    assert np.mean(spread) == pytest.approx(0, abs=3 * np.std(spread) / np.sqrt(30))


@pytest.mark.parametrize("t", [2, 0.5, 30])
@pytest.mark.parametrize("tile", [70 * 9, 2**22])
def test_uniformity_is_the_formula_of_the_paper(t, tile, monkeypatch):
    monkeypatch.setattr(isotropy, "TILE", tile)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    assert uniformity(X, t=t) == pytest.approx(np.log(np.mean(np.exp(-t * pdist(unit) ** 2))), rel=1e-10)


def test_uniformity_does_not_saturate_and_leaves_out_the_diagonal():
    assert uniformity(100 * X) == pytest.approx(uniformity(X))
    assert uniformity(np.eye(50), t=300) == pytest.approx(-600)  # with the diagonal it would be -log 50
    assert uniformity(np.array([[1.0, 0], [-3, 0]])) == pytest.approx(-8)


def test_refusals():
    with pytest.raises(UsageError, match=r"t must be above 0(.|\n)*t = 0"):
        uniformity(X, t=0)
    for measure in (anisotropy, uniformity):
        with pytest.raises(TooFewSamplesError, match="one row makes no pair"):
            measure(X[:1])
        with pytest.raises(ZeroRowsError):
            measure(np.eye(4)[:, :3])
