import pytest
from scipy.stats import binomtest

from simzoo.table.shares import wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (7, 10), (861, 1000), (1000, 1000)])
def test_an_interval_is_wilsons(hits, n):
    theirs = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-6)
