"""What runs a block: anything like `concurrent.futures.Executor`. Here: the process we are in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from simzoo.facts import executor
from simzoo.hookspecs import hookimpl


@executor(name="in-process")
class InProcess(Executor):
    """Runs each block at once, in the process and thread that submits it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call and return its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - a future carries whatever its call raised
            future.set_exception(error)
        return future


@hookimpl
def simzoo_executors() -> list[Any]:
    """Bring the in-process executor."""
    return [InProcess]
