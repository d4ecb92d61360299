import pytest

from simzoo.catalog import catalog
from simzoo.grid.executors import InProcess


def test_it_runs_a_call_when_it_is_submitted():
    seen = []
    future = InProcess().submit(seen.append, 3)
    assert seen == [3]
    assert future.done()


def test_an_error_arrives_with_the_result():
    future = InProcess().submit(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        future.result()


def test_it_comes_through_the_catalog():
    assert catalog().executors["in-process"].part is InProcess
