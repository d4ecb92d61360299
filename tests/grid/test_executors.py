import multiprocessing
import os
import time
from concurrent.futures import BrokenExecutor, Future
from functools import partial

import pytest

from simzoo.catalog import catalog
from simzoo.errors import UnknownNameError, WorkerError
from simzoo.grid import executors
from simzoo.grid.executors import InProcess, Processes, make_executor
from simzoo.testing.executors import Call, die, sleep


def test_it_runs_a_call_when_it_is_submitted():
    seen = []
    future = InProcess().submit(seen.append, 3)
    assert seen == [3]
    assert future.done()


def test_an_error_arrives_with_the_result():
    future = InProcess().submit(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        future.result()


def test_they_come_through_the_catalog():
    assert catalog().executors["in-process"].part is InProcess
    with make_executor("processes", catalog(), workers=1, device="cpu") as made:
        assert isinstance(made, Processes)
        assert made.workers == 1
    with pytest.raises(UnknownNameError, match="unknown executor 'nothing'"):
        make_executor("nothing", catalog(), workers=1, device="cpu")


threads = partial(os.getenv, "OMP_NUM_THREADS")


def test_a_process_that_dies_or_hangs_is_replaced_and_the_rest_goes_on():
    with Processes(workers=2) as pool:
        died, hung = pool.submit(die, Call()), pool.submit(sleep, Call(timeout=0.5))
        sound = [pool.submit(threads, Call()) for _ in range(4)]
        share = str(max(1, (os.cpu_count() or 1) // 2))
        assert {future.result() for future in sound} == {share}
        with pytest.raises(WorkerError) as caught:
            died.result()
        assert caught.value.what == "the process that did this died"
        assert (caught.value.expected, caught.value.got) == ("an answer", "exit code -9")
        assert "fewer --workers" in caught.value.next_step
        with pytest.raises(TimeoutError):
            hung.result()


def test_what_waits_can_be_called_off():
    pool = Processes(workers=1)
    assert pool.submit(threads, Call()).result()
    waiting = [pool.submit(sleep, Call()), pool.submit(threads, Call())]
    pool.shutdown(cancel_futures=True)
    for _ in range(100):  # the system takes its time to end them
        if not multiprocessing.active_children():
            break
        time.sleep(0.1)
    assert multiprocessing.active_children() == []
    assert all(future.cancelled() for future in waiting)


class Pool:
    """A process of pebble's that gives up where its call is None."""

    made = 0

    def __init__(self, threads, device):
        Pool.made += 1
        self.active = True

    def schedule(self, fn, args, kwargs, timeout):
        future = Future()
        if fn is None:
            self.active = False
            future.set_exception(BrokenExecutor("All workers expired"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future

    def close(self):
        """Nothing is open."""

    join = stop = close


def test_a_process_that_is_given_up_is_told_and_replaced(monkeypatch):
    monkeypatch.setattr(executors, "_process", Pool)
    Pool.made = 0
    with Processes(workers=2) as pool:
        with pytest.raises(WorkerError, match="exit code unknown"):
            pool.submit(None).result()
        assert [pool.submit(int, text).result() for text in "345"] == [3, 4, 5]
    assert Pool.made == 3


def test_a_process_that_dies_idle_is_replaced_at_the_next_call(monkeypatch):
    monkeypatch.setattr(executors, "_process", Pool)
    Pool.made = 0
    with Processes(workers=1) as pool:
        assert pool.submit(int, "3").result() == 3
        pool._idle[0].active = False
        assert pool.submit(int, "4").result() == 4
    assert Pool.made == 2


def test_a_call_that_ends_its_process_at_once_costs_no_other():
    with Processes(workers=2) as pool:
        died = [pool.submit(os._exit, 3) for _ in range(3)]
        sound = [pool.submit(threads, Call()) for _ in range(4)]
        assert all(future.result() for future in sound)
        assert {type(future.exception()) for future in died} == {WorkerError}
