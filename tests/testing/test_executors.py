"""Executors are broken in every way the suite is for; each time it fails, and says what is wrong."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from simzoo.facts import executor
from simzoo.grid.executors import InProcess
from simzoo.testing import executors
from simzoo.testing.conformance import conformance

ANSWER, RAISE = "calls run and answer", "errors arrive whole"
OFF, DIE = "it can be called off", "a process that dies is a worker error"


class Threads(ThreadPoolExecutor):
    """Has workers, but of this process: what would kill it is let off."""

    def __init__(self, *, workers, device, address):
        super().__init__(workers)
        self.workers = workers

    def submit(self, fn, call):
        if fn in {executors.die, executors.sleep}:
            fn = executors.square
        return super().submit(fn, call)


def part(base=Threads, **changes):
    return executor(name="mine")(type("Changed", (base,), changes))


def rewrapped(self, fn, call):
    try:
        return Threads.submit(self, fn, call).result() and Threads.submit(self, fn, call)
    except ValueError as error:
        future = Future()
        future.set_exception(RuntimeError(str(error)))
        return future


def slow_end(self, wait=True, cancel_futures=False):
    time.sleep(0.3)


@pytest.mark.parametrize(
    ("methods", "check", "text"),
    [
        ({"__enter__": lambda self: setattr(self, "workers", None) or self}, ANSWER, "got: None"),
        (
            {"submit": lambda self, fn, call: Threads.submit(self, fn, executors.Call(1))},
            ANSWER,
            "got: [1, 1, 1, 1, 1, 1]",
        ),
        ({"__exit__": lambda self, *_: self.shutdown(wait=False)}, ANSWER, "calls without an answer"),
        ({"submit": rewrapped}, RAISE, "got: RuntimeError('no')"),
        ({"shutdown": slow_end}, OFF, "does not end when it is called off"),
        ({}, DIE, "got: None; [0, 1]"),
    ],
)
def test_what_is_broken_is_named(methods, check, text, monkeypatch):
    monkeypatch.setattr(executors, "SOON", 0.5)
    failed = {result.check: result.reason for result in conformance(part(**methods)) if not result.ok}
    assert text in failed[check]


def test_one_that_runs_calls_here_is_not_killed():
    assert all(result.ok for result in conformance(InProcess))
