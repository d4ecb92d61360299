import numpy as np
import pytest
import torch

from simzoo.errors import ConstantInputError, LabelsError, TooFewSamplesError, UndefinedError
from simzoo.measures.derived.classes import centred_classes, classes_of, mean_distances

X = np.random.default_rng(0).normal(size=(40, 5)) + 7
LABELS = np.array(["ant", "bee", "cow", "bee"] * 10)


def test_means_are_those_of_each_class_in_sorted_order():
    found = classes_of(torch.from_numpy(X), LABELS)
    expected = [X[name == LABELS].mean(0) for name in ("ant", "bee", "cow")]
    np.testing.assert_allclose(found.means, expected, rtol=1e-12)
    assert found.sizes.tolist() == [10, 20, 10]
    assert found.names[found.which.numpy()].tolist() == LABELS.tolist()
    centred, classes = centred_classes(X, LABELS)
    np.testing.assert_allclose(centred, X - X.mean(0), atol=1e-12)
    np.testing.assert_allclose(classes.means, expected - X.mean(0), atol=1e-12)


@pytest.mark.parametrize(
    ("x", "labels", "error", "text"),
    [
        (X, ["ant"] * 40, LabelsError, "all samples are of one class(.|\n)*only 'ant'"),
        (X, range(40), LabelsError, "every sample is a class of its own(.|\n)*40 classes of 40"),
        (X, [*range(20), *range(1, 21)], LabelsError, "class 0 has fewer than 2 samples(.|\n)*2 such classes"),
        (X, None, LabelsError, "labels are missing"),
        (X[:3], [0, 0, 1], TooFewSamplesError, "two classes of two samples"),
        (np.ones((40, 2)), LABELS, ConstantInputError, "no class can be told from another"),
    ],
)
def test_refusals(x, labels, error, text):
    with pytest.raises(error, match=text):
        classes_of(torch.from_numpy(x), labels if labels is None else list(labels), least=2)


def test_distances_of_means():
    means = torch.tensor([[0.0, 0], [3, 4], [0, 1]], dtype=torch.float64)
    apart = mean_distances(means)
    assert apart[0, 1] == 5
    assert torch.isinf(apart.diagonal()).all()
    with pytest.raises(UndefinedError, match=r"two classes have the same mean(.|\n)*1 pairs"):
        mean_distances(means[[0, 1, 0]])
