import numpy as np
import pytest
from scipy.stats import pearsonr
from simzoo_hello import norm_correlation

import simzoo
from simzoo.errors import ConstantInputError
from simzoo.testing import require_conformance


def two_sides():
    draw = np.random.default_rng(0)
    return draw.normal(size=(40, 7)), draw.normal(size=(40, 5))


def test_it_equals_scipys_pearson_correlation_of_the_norms():
    x, y = two_sides()
    expected = pearsonr(np.sqrt((x**2).sum(1)), np.sqrt((y**2).sum(1))).statistic
    assert norm_correlation(x, y) == pytest.approx(expected, abs=1e-12)


def test_it_does_what_it_declares():
    require_conformance(norm_correlation)


def test_simzoo_finds_it_by_name():
    x, y = two_sides()
    assert simzoo.measure("norm_correlation", x, y) == pytest.approx(norm_correlation(x, y))
    assert "norm_correlation" in set(simzoo.measures("similarity")["name"])


def test_equal_norms_are_refused_by_name():
    with pytest.raises(ConstantInputError, match="rows of different norms"):
        norm_correlation(np.eye(5), np.eye(5))
