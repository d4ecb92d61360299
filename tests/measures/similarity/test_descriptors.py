import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

from simzoo.errors import TooFewSamplesError, UndefinedError, UsageError, ZeroRowsError
from simzoo.measures.similarity.descriptors import (
    concentricity_difference,
    magnitude_difference,
    uniformity_difference,
)

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(300, 6)) + 0.7
Y = DRAW.normal(size=(300, 9)) + 20

NAIVE = {
    magnitude_difference: lambda x: np.linalg.norm(x.mean(0)),
    concentricity_difference: lambda x: cosine_similarity(x, x.mean(0)[None]).mean(),
    uniformity_difference: lambda x: np.log(np.exp(-2 * pdist(normalize(x), "sqeuclidean")).mean()),
}


@pytest.mark.parametrize("measure", NAIVE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_differences_are_as_defined(measure, dtype):
    expected = abs(NAIVE[measure](X) - NAIVE[measure](Y))
    tolerance = 1e-5 if dtype == np.float32 else 1e-10
    assert measure(X.astype(dtype), Y.astype(dtype)) == pytest.approx(expected, abs=tolerance)
    shuffled = measure(X, DRAW.permutation(Y))
    assert shuffled == pytest.approx(expected, abs=1e-10)  # they do not compare samples


def test_uniformity_takes_t_and_does_not_saturate_with_size():
    expected = abs(np.subtract(*(np.log(np.exp(-0.5 * pdist(normalize(s), "sqeuclidean")).mean()) for s in (X, Y))))
    assert uniformity_difference(X, Y, t=0.5) == pytest.approx(expected)
    assert uniformity_difference(1000 * X, 1000 * Y) == pytest.approx(uniformity_difference(X, Y))
    opposite = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert uniformity_difference(opposite, np.ones((2, 2)), t=100) == pytest.approx(400)


def test_refusals():
    for measure in (concentricity_difference, uniformity_difference):
        with pytest.raises(ZeroRowsError, match="1 of 300 rows are zero"):
            measure(np.where(np.arange(300)[:, None] == 3, 0, X), Y)
    with pytest.raises(UndefinedError, match=r"the mean of the rows is zero and has no direction(.|\n)*not centred"):
        concentricity_difference(Y - Y.mean(0), X)
    with pytest.raises(TooFewSamplesError, match="a distance is of two"):
        uniformity_difference(X[:1], Y[:1])
    with pytest.raises(UsageError, match=r"t weighs squared distances(.|\n)*0 < t <= 100"):
        uniformity_difference(X, Y, t=0)
