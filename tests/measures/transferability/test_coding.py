import numpy as np
import pytest

from simzoo.errors import ConstantInputError, UsageError
from simzoo.measures.transferability.coding import transrate


def naive(x, labels, distortion=1e-4):
    def rate(z):
        return np.linalg.slogdet(np.eye(z.shape[1]) + z.T @ z / (len(z) * distortion))[1] / 2

    z = x - x.mean(0)
    classes = np.unique(labels)
    return rate(z) - sum(rate(z[labels == c]) for c in classes) / len(classes)


@pytest.mark.parametrize("distortion", [1e-4, 0.5])
def test_it_is_the_published_listing(inputs, distortion):
    x, labels = inputs
    assert transrate(x, labels, distortion=distortion) == pytest.approx(naive(x, labels, distortion), abs=1e-8)


def test_classes_keep_the_common_mean(made):
    x, labels = made()
    apart = x.copy()
    for c in range(4):
        apart[labels == c] -= x[labels == c].mean(0)
    own_means = naive(x, labels) - naive(apart, labels)
    assert abs(own_means) > 0.1  # moving each class to its own mean is another measure
    assert transrate(x, labels) == pytest.approx(naive(x, labels), abs=1e-8)


def test_scaled_it_is_the_listing_on_features_of_norm_one(inputs):
    x, labels = inputs
    z = x - x.mean(0)
    assert transrate(x, labels, scaled=True) == pytest.approx(naive(z / np.linalg.norm(z), labels), abs=1e-8)
    assert transrate(0.01 * x, labels, scaled=True) == pytest.approx(transrate(x, labels, scaled=True), abs=1e-8)
    assert abs(transrate(0.01 * x, labels) - transrate(x, labels)) > 0.1


def test_refusals(made):
    x, labels = made()
    with pytest.raises(UsageError, match=r"nothing can be coded without distortion(.|\n)*1e-4"):
        transrate(x, labels, distortion=0)
    with pytest.raises(ConstantInputError, match="all rows are equal"):
        transrate(np.ones((90, 3)), labels)
