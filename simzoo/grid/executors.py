"""What runs blocks: anything like `concurrent.futures.Executor`. Here: this process, and processes beside it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
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

    A job whose process dies is told by `WorkerError`, one that takes longer than its `timeout` by `TimeoutError`.
    """

    def __init__(self, *, workers: int = 2, **_: Any) -> None:
        """Begin the processes; each loads its libraries before its first job."""
        self.workers = workers
        self._pool = _pool(workers)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send the call to a process; `args[0].timeout`, where it is a number, is how long it may take."""
        answer: Future[Any] = Future()
        if not self._pool.active:  # pebble gives up where a process dies before it has said what it took
            self._pool = _pool(self.workers)
        timeout = getattr(args[0], "timeout", None) if args else None
        sent = self._pool.schedule(fn, args, kwargs, timeout=timeout)
        sent.add_done_callback(lambda done: _hand_on(done, answer))
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, after what was submitted or, with `cancel_futures`, at once."""
        if cancel_futures:
            self._pool.stop()
        else:
            self._pool.close()
        if wait or cancel_futures:
            self._pool.join()


def make_executor(wanted: str, shelves: Catalog, *, workers: int, device: str) -> Executor:
    """Return the executor of `NAME[:ADDRESS]`; each is made with `workers`, `device` and `address`."""
    name, _, address = wanted.partition(":")
    made: Executor = shelves.executors[name].part(workers=workers, device=device, address=address)
    return made


def _pool(workers: int) -> Any:
    from pebble import ProcessPool

    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    return ProcessPool(max_workers=workers, initializer=_begin, initargs=(threads,), context=context)


def _begin(threads: int) -> None:
    """Load what every job needs before the first, whose time it would count as."""
    use_threads(threads)
    from simzoo.catalog import catalog
    from simzoo.grid import work

    shelves = catalog()
    for each in (work, shelves.measures, shelves.backbones):
        repr(each)


def use_threads(threads: int) -> None:
    """Let this process use so many threads, so that several of them do not fight over the cores."""
    for name in THREADS:
        os.environ[name] = str(threads)
    import torch

    torch.set_num_threads(threads)


def _hand_on(done: Future[Any], answer: Future[Any]) -> None:
    from pebble import ProcessExpired

    if done.cancelled():
        answer.cancel()
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
