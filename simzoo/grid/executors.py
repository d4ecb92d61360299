"""What runs blocks: anything like `concurrent.futures.Executor`. Here: this process, and processes beside it."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from functools import partial
from typing import Any

from simzoo.catalog import Catalog
from simzoo.errors import WorkerError
from simzoo.facts import executor
from simzoo.hookspecs import hookimpl

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@executor(name="in-process")
class InProcess(Executor):
    """Runs each block at once, in the process and thread that submits it."""

    here = True  # what is submitted need not be sent anywhere

    def __init__(self, **_: Any) -> None:
        """Take what every executor is given, and need none of it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call and return its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - a future carries whatever its call raised
            future.set_exception(error)
        return future


@executor(name="processes")
class Processes(Executor):
    """Runs blocks in processes beside this one, each with its share of the cores; one that dies or hangs is replaced.

    A job whose process dies is told by `WorkerError`, one that takes longer than its `timeout` by `TimeoutError`. Each
    process is a pool of its own and has one call at a time: what happens to one is nothing to the others.
    """

    def __init__(self, *, workers: int = 2, device: str = "cpu", **_: Any) -> None:
        """Make ready for so many processes; each loads its libraries before its first job."""
        self.workers = workers
        self._made = partial(_process, max(1, (os.cpu_count() or 1) // workers), device)
        self._lock = threading.RLock()
        self._pools = [self._made() for _ in range(workers)]
        self._idle = list(self._pools)
        self._waiting: deque[Callable[[Any], None]] = deque()
        self._answers: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send the call to a process; `args[0].timeout`, where it is a number, is how long it may take."""
        answer: Future[Any] = Future()
        timeout = getattr(args[0], "timeout", None) if args else None

        def send(pool: Any) -> None:
            sent = pool.schedule(fn, args, kwargs, timeout=timeout)
            sent.add_done_callback(lambda done: self._done(pool, done, answer))

        with self._lock:
            self._answers.add(answer)
            self._waiting.append(send)
            self._send()
        return answer

    def _send(self) -> None:
        while self._idle and self._waiting:
            self._waiting.popleft()(self._sound(self._idle.pop()))

    def _sound(self, pool: Any) -> Any:
        """Return the pool, or a new one in its place: pebble gives one up whose process dies idle or at once."""
        if pool.active:
            return pool
        made = self._made()
        self._pools.append(made)
        return made

    def _done(self, pool: Any, done: Future[Any], answer: Future[Any]) -> None:
        with self._lock:
            self._idle.append(pool)
            self._send()
            self._answers.discard(answer)
        _hand_on(done, answer)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, after what was submitted or, with `cancel_futures`, at once."""
        if cancel_futures:
            with self._lock:
                self._waiting.clear()
                for answer in self._answers:
                    answer.cancel()
                self._answers.clear()
        elif wait:
            with self._lock:
                left = set(self._answers)
            concurrent.futures.wait(left)
        else:
            threading.Thread(target=self.shutdown).start()
            return
        pools, self._pools = self._pools, []
        for pool in pools:
            if cancel_futures:
                pool.stop()
            else:
                pool.close()
        for pool in pools:
            pool.join()


def make_executor(wanted: str, shelves: Catalog, *, workers: int, device: str) -> Executor:
    """Return the executor of `NAME[:ADDRESS]`; each is made with `workers`, `device` and `address`."""
    name, _, address = wanted.partition(":")
    made: Executor = shelves.executors[name].part(workers=workers, device=device, address=address)
    return made


def _process(threads: int, device: str) -> Any:
    from pebble import ProcessPool

    context = multiprocessing.get_context("spawn")
    return ProcessPool(max_workers=1, initializer=_begin, initargs=(threads, device), context=context)


def _begin(threads: int, device: str) -> None:
    use_threads(threads)
    from simzoo.grid.work import get_ready

    get_ready(device)


def use_threads(threads: int) -> None:
    """Let this process use so many threads, so that several of them do not fight over the cores."""
    for name in THREADS:
        os.environ[name] = str(threads)
    import torch

    torch.set_num_threads(threads)


def _hand_on(done: Future[Any], answer: Future[Any]) -> None:
    from pebble import ProcessExpired

    if done.cancelled() or not answer.set_running_or_notify_cancel():
        return
    error = done.exception()
    if isinstance(error, ProcessExpired | BrokenExecutor):
        error = WorkerError(
            "the process that did this died",
            expected="an answer",
            got=f"exit code {getattr(error, 'exitcode', 'unknown')}",
            next_step="check the memory (fewer --workers, smaller --n); a measure that does this by itself is broken",
        )
    if error is None:
        answer.set_result(done.result())
    else:
        answer.set_exception(error)


@hookimpl
def simzoo_executors() -> list[Any]:
    """Bring the executors of one machine."""
    return [InProcess, Processes]
