import numpy as np
import pytest
from scipy.spatial.distance import cdist

from simzoo.errors import ConstantInputError, DuplicateRowsError, TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.geometry.dimension import twonn


def naive(x, discard=0.1):
    """Facco et al. 2017, with numpy's least squares through the origin."""
    distances = np.sort(cdist(x, x) + np.diag([np.inf] * len(x)), axis=1)
    ratios = np.sort(distances[:, 1] / distances[:, 0])
    shares = np.arange(1, len(x) + 1) / len(x)
    kept = int(len(x) * (1 - discard))
    left, right = np.log(ratios[:kept]), -np.log(1 - shares[:kept])
    return np.linalg.lstsq(left[:, None], right, rcond=None)[0][0]


@pytest.mark.parametrize("discard", [0.1, 0.3])
@pytest.mark.parametrize("shape", [(200, 3), (57, 100)])
def test_it_is_the_slope_of_the_paper(shape, discard):
    x = np.random.default_rng(0).normal(size=shape)
    assert twonn(x, discard=discard) == pytest.approx(naive(x, discard), rel=1e-10)
    assert twonn(x.astype(np.float32) + 100) == pytest.approx(
        naive((x.astype(np.float32) + 100).astype(float)), rel=1e-6
    )


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_uniform_points_have_their_dimension_wherever_they_lie(dimension):
    draw = np.random.default_rng(0)
    points = draw.uniform(size=(2000, dimension)) @ draw.normal(size=(dimension, 20))
    assert twonn(points) == pytest.approx(dimension, rel=0.1)


def test_repeated_rows_are_dropped():
    x = np.random.default_rng(0).normal(size=(100, 3))
    assert twonn(np.vstack([x, x[:40]])) == pytest.approx(twonn(x))
    with pytest.raises(DuplicateRowsError, match=r"more than half of the rows(.|\n)*10 different rows of 40"):
        twonn(np.vstack([x[:10]] * 4))


def test_discarding_nothing_leaves_out_the_infinite_point():
    assert np.isfinite(twonn(np.random.default_rng(0).normal(size=(50, 3)), discard=0))


def test_refusals():
    x = np.random.default_rng(0).normal(size=(9, 2))
    with pytest.raises(UsageError, match="discard = 1"):
        twonn(x, discard=1)
    with pytest.raises(TooFewSamplesError):
        twonn(x[:3])
    with pytest.raises(TooFewSamplesError, match="different rows"):
        twonn(np.vstack([x[:3], x[:1]]))
    with pytest.raises(ConstantInputError):
        twonn(np.ones((9, 2)))
    with pytest.raises(UndefinedError, match=r"neighbours are at the same distance throughout(.|\n)*as on a lattice"):
        twonn(np.array([[i, j] for i in range(4) for j in range(4)], dtype=float))
