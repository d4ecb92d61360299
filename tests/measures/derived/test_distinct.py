import numpy as np
import pytest

from simzoo.errors import DuplicateRowsError, TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.derived import distinct as module
from simzoo.measures.derived.distinct import (
    distinct,
    distinct_neighbourhoods,
    distinct_rows,
    local_neighbourhoods,
    require_general_position,
)
from simzoo.measures.derived.neighbours import near
from simzoo.measures.geometry.correlation import corrint
from simzoo.measures.geometry.dimension import twonn
from simzoo.measures.geometry.likelihood import gride, mle_id
from simzoo.measures.geometry.local import lpca, mom_id, tle
from simzoo.representations.representation import Representation

X = np.random.default_rng(0).normal(size=(100, 3))
ESTIMATORS = [twonn, mle_id, gride, corrint, lpca, mom_id, tle]


def held(x):
    return Representation(x, ids=tuple(map(str, range(len(x)))))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_exact_duplicates_are_dropped_by_every_estimator(estimator):
    repeated = np.vstack([X, X[:40]])[np.random.default_rng(1).permutation(140)]
    assert len(repeated) - len(distinct_rows(distinct(repeated))) == 40
    assert estimator(repeated) == pytest.approx(estimator(X), rel=1e-9)
    assert estimator(held(repeated)) == pytest.approx(estimator(X), rel=1e-9)
    with pytest.raises(DuplicateRowsError, match=r"more than half of the rows repeat(.|\n)*25 different rows of 100"):
        estimator(np.vstack([X[:25]] * 4))


def test_all_estimators_share_one_search(monkeypatch):
    searched = []
    monkeypatch.setattr(module, "near", lambda x, *, k, metric: searched.append(k) or near(x, k=k, metric=metric))
    for x in (held(X), held(np.vstack([X, X[:40]]))):
        searched.clear()
        for estimator in ESTIMATORS:
            estimator(x)
        assert sorted(searched) == [2, 50]  # TwoNN is the cheaper one


def test_numbers_of_neighbours_are_those_of_different_rows():
    repeated = np.vstack([X[:1], X])
    assert np.array_equal(distinct_neighbourhoods(repeated, k=3).rows, near(X, k=3, metric="euclidean").rows)
    few = local_neighbourhoods(X, k=3)
    assert np.array_equal(few.rows, near(X, k=3, metric="euclidean").rows)
    assert few.distances.shape == (100, 3)


def test_as_many_neighbours_as_there_are_others():
    assert local_neighbourhoods(X[:9], k=8).rows.shape == (9, 8)
    with pytest.raises(TooFewSamplesError, match="each needs k = 9 others that differ"):
        local_neighbourhoods(X[:9], k=9)
    with pytest.raises(TooFewSamplesError, match="each needs k = 8 others that differ"):
        local_neighbourhoods(np.vstack([X[:8], X[:1]]), k=8)


def test_refusals():
    with pytest.raises(UsageError, match=r"k = 1 neighbours say nothing of a dimension(.|\n)*k >= 2"):
        local_neighbourhoods(X, k=1)
    with pytest.raises(TooFewSamplesError, match="several different rows"):
        distinct(np.vstack([X[:3], X[:1]]))
    with pytest.raises(UndefinedError, match=r"at the same distance throughout(.|\n)*3 ratios of 1"):
        require_general_position(distinct(np.eye(4))[0, 1:])
