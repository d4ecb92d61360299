"""An executor is made with two workers and given calls that answer, raise, sleep and die. Each check takes the part."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

from simzoo.errors import WorkerError
from simzoo.testing.conformance import Check, named, require

WORKERS = 2
REFUSAL = "no"
SOON = 60  # seconds that an answer, or the end, may take


@dataclass(frozen=True)
class Call:
    """What a job is to an executor: something with a timeout that is sent to where the work is done."""

    number: int = 0
    timeout: float | None = None


def checks(part: Any) -> list[Check]:
    """Return the checks of an executor."""
    return [Check(named(check), partial(check, part)) for check in CHECKS]


def calls_run_and_answer(part: Any) -> None:
    """Calls submitted at once each give their own answer, and leaving the `with` block waits for all of them.

    `workers` says how many run at once.
    """
    with _made(part) as pool:
        workers = getattr(pool, "workers", None)
        require(
            _is_here(pool) or (isinstance(workers, int) and workers >= 1),
            f"{part.sheet.name} does not say how many calls run at once",
            expected="an attribute `workers`, 1 or more (or `here = True`, where calls run as they are submitted)",
            got=repr(workers),
        )
        sent = [pool.submit(square, Call(number)) for number in range(3 * WORKERS)]
    left = [future for future in sent if not future.done()]
    require(
        not left,
        f"{part.sheet.name} ends before what was submitted to it",
        expected="shutdown(wait=True) to wait for every call",
        got=f"{len(left)} of {len(sent)} calls without an answer",
    )
    answers = [future.result() for future in sent]
    require(
        answers == [number**2 for number in range(3 * WORKERS)],
        f"{part.sheet.name} does not give each call its own answer",
        expected="the squares of 0, 1, 2, ...",
        got=answers,
    )


def errors_arrive_whole(part: Any) -> None:
    """What a call raises is raised by its `result()`, as it was, and the next call runs."""
    with _made(part) as pool:
        raised = pool.submit(refuse, Call()).exception(SOON)
        after = pool.submit(square, Call(3)).result(SOON)
    require(
        isinstance(raised, ValueError) and str(raised) == REFUSAL and after == 9,
        f"{part.sheet.name} does not hand on what a call raised",
        expected=f"ValueError({REFUSAL!r}), and an answer to the next call",
        got=f"{raised!r}, then {after}",
    )


def it_can_be_called_off(part: Any) -> None:
    """`shutdown(cancel_futures=True)` ends at once, whatever runs."""
    pool = _made(part)
    if _is_here(pool):
        return
    for _ in range(2 * WORKERS):
        pool.submit(sleep, Call())
    started = time.monotonic()
    pool.shutdown(wait=False, cancel_futures=True)
    pool.shutdown()
    seconds = time.monotonic() - started
    require(
        seconds < SOON,
        f"{part.sheet.name} does not end when it is called off",
        expected=f"an end within {SOON} seconds, though calls sleep",
        got=f"{seconds:.0f} seconds",
    )


def a_process_that_dies_is_a_worker_error(part: Any) -> None:
    """A call whose process is killed raises `WorkerError`, and the others are answered."""
    with _made(part) as pool:
        if _is_here(pool):
            return
        # those begun before it: a cluster may count a worker's death against all that waits there
        died = pool.submit(die, Call())
        others = [pool.submit(square, Call(number)) for number in range(WORKERS)]
        raised = died.exception(SOON)
        answers = [future.result(SOON) for future in others]
    require(
        isinstance(raised, WorkerError) and answers == [number**2 for number in range(WORKERS)],
        f"{part.sheet.name} does not survive a process that dies",
        expected="a WorkerError for its call, and answers to the others",
        got=f"{raised!r}; {answers}",
    )


def square(call: Call) -> int:
    """Answer after a while."""
    time.sleep(0.1)
    return call.number**2


def refuse(_: Call) -> None:
    """Raise."""
    raise ValueError(REFUSAL)


def sleep(_: Call) -> None:
    """Take longer than anybody waits."""
    time.sleep(10 * SOON)


def die(_: Call) -> None:
    """End this process, as a lack of memory would."""
    os.kill(os.getpid(), signal.SIGKILL)


def _made(part: Any) -> Executor:
    made: Executor = part(workers=WORKERS, device="cpu", address="")
    return made


def _is_here(pool: Executor) -> bool:
    """Whether calls run in this process, which would sleep and die with them."""
    return bool(getattr(pool, "here", False))


CHECKS: list[Callable[[Any], None]] = [
    calls_run_and_answer,
    errors_arrive_whole,
    it_can_be_called_off,
    a_process_that_dies_is_a_worker_error,
]
