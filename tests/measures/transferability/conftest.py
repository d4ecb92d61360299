import numpy as np
import pytest


def clusters(n=90, d=6, classes=4, seed=0):
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return 1 + draw.normal(size=(classes, d))[labels] + draw.normal(size=(n, d)), labels


def with_a_lone_sample():
    x, labels = clusters()
    labels[5] = 9
    return x, labels


def with_constant_columns():
    x, labels = clusters()
    return np.c_[x, np.full((90, 2), 3.0)], labels


INPUTS = {
    "random": clusters,
    "n < d": lambda: clusters(n=40, d=100),
    "n < 64, d < 64": lambda: clusters(n=40, d=45),
    "a class of one sample": with_a_lone_sample,
    "constant columns": with_constant_columns,
}


@pytest.fixture(params=INPUTS)
def inputs(request):
    """Features and labels, degenerate in one way or none."""
    return INPUTS[request.param]()


@pytest.fixture
def made():
    return clusters
