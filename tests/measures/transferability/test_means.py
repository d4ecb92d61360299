import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid

from simzoo.errors import ConstantInputError, InputError, LabelsError
from simzoo.measures.transferability.means import nearest_class_mean


def naive(x, labels):
    right = 0
    for i in range(len(x)):
        others = np.arange(len(x)) != i
        means = {c: x[others & (labels == c)].mean(0) for c in np.unique(labels)}
        right += min(means, key=lambda c: np.linalg.norm(x[i] - means[c])) == labels[i]
    return right / len(x)


def test_leaving_one_out_is_the_loop(inputs):
    x, labels = inputs
    if np.unique(labels, return_counts=True)[1].min() == 1:
        with pytest.raises(LabelsError, match="class 9 has one sample only"):
            nearest_class_mean(x, labels)
    else:
        assert nearest_class_mean(x, labels) == naive(x, labels)


def test_with_support_it_is_that_of_scikit_learn(made):
    x, labels = made()
    train, known = made(n=61, seed=0)
    words = np.array(["dog", "cat", "bee", "ant"])
    expected = NearestCentroid().fit(train, known).score(x, labels)
    assert 0.4 < expected < 1
    assert nearest_class_mean(x, labels, support=(train, known)) == expected
    assert nearest_class_mean(x, words[labels], support=(train, words[known])) == expected


def test_the_own_sample_is_left_out_of_its_mean():
    x = np.random.default_rng(0).normal(size=(40, 500))
    labels = np.arange(40) % 2
    assert NearestCentroid().fit(x, labels).score(x, labels) == 1  # what counting it would give
    assert nearest_class_mean(x, labels) < 0.8
    assert nearest_class_mean.sheet.chance(40, labels=labels) == 0.5


def test_refusals(made):
    x, labels = made()
    with pytest.raises(LabelsError, match="class 3 is not in support"):
        nearest_class_mean(x, labels, support=(x[labels < 3], labels[labels < 3]))
    with pytest.raises(InputError, match="come from different layers"):
        nearest_class_mean(x, labels, support=(x[:, :2], labels))
    with pytest.raises(ConstantInputError, match="no mean is nearer"):
        nearest_class_mean(np.ones((90, 2)), labels)
