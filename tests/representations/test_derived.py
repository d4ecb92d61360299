import gc
import weakref

import numpy as np
import pytest
import torch

from simzoo.errors import UsageError
from simzoo.representations.derived import derived, memory_budget
from simzoo.representations.representation import Representation


def representation(n=4, d=3):
    return Representation(np.ones((n, d), dtype=np.float32), ids=tuple(map(str, range(n))))


@pytest.fixture
def calls():
    return []


@pytest.fixture
def doubled(calls):
    @derived
    def doubled(x, *, times=2):
        calls.append(times)
        return torch.as_tensor(np.asarray(x) * times)

    return doubled


def test_a_representation_is_derived_once_for_each_set_of_options(doubled, calls):
    x = representation()
    assert doubled(x) is doubled(x, times=2)
    assert calls == [2]
    doubled(x, times=3)
    doubled(representation())
    assert calls == [2, 3, 2]


def test_two_functions_keep_apart(doubled, calls):
    other = derived(lambda x: np.asarray(x).sum())
    x = representation()
    assert other(x) == 12
    assert float(doubled(x).sum()) == 24


def test_arrays_are_just_computed(doubled, calls):
    x = np.ones((2, 2))
    doubled(x)
    doubled(x)
    assert calls == [2, 2]


def test_what_was_least_recently_used_goes_first(doubled, calls):
    x, y, z = representation(), representation(), representation()
    with memory_budget(2 * 48):  # room for two of the results of 4 x 3 x 4 bytes
        doubled(x)
        doubled(y)
        doubled(x)
        doubled(z)
        calls.clear()
        doubled(x)
        doubled(z)
        assert calls == []
        doubled(y)
        assert calls == [2]


def test_a_result_above_the_budget_is_not_kept(doubled, calls):
    x = representation()
    with memory_budget(47):
        doubled(x)
        doubled(x)
    assert calls == [2, 2]


def test_the_budget_can_be_set_for_good_and_is_restored_by_with(doubled, calls):
    x = representation()
    before = memory_budget(0)
    doubled(x)
    doubled(x)
    assert calls == [2, 2]
    before.close()
    doubled(x)
    doubled(x)
    assert calls == [2, 2, 2]
    with pytest.raises(UsageError, match="the memory budget is negative"):
        memory_budget(-1)


def test_results_die_with_their_representation(doubled):
    x = representation()
    result, alive = weakref.ref(doubled(x)), weakref.ref(x)
    assert result() is not None
    del x
    gc.collect()
    assert alive() is None
    assert result() is None


def test_views_of_the_values_cost_nothing(calls):
    @derived
    def view(x):
        calls.append("view")
        return torch.from_numpy(x.values)

    x = representation()
    with memory_budget(0):
        view(x)
        view(x)
    assert calls == ["view"]


def test_what_raises_is_not_kept(calls):
    @derived
    def broken(x):
        calls.append("broken")
        raise ValueError("no")

    x = representation()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            broken(x)
    assert len(calls) == 2
