"""`@derived`: what several measures make of one representation is made once, within a memory budget."""

from __future__ import annotations

import inspect
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from simzoo.errors import UsageError
from simzoo.representations.representation import Reordered, Representation

DEFAULT_BUDGET = 2 * 1024**3

Options = ParamSpec("Options")
Result = TypeVar("Result")
Rows = npt.NDArray[np.intp]


def derived(function: Callable[Concatenate[Any, Options], Result]) -> Callable[Concatenate[Any, Options], Result]:
    """Memoise a function of one representation and options; of a bare array it is just computed.

    The key is the representation itself (not its contents), the function and its options, defaults filled in.
    A result goes when its representation goes, or when the budget is full and it is the least recently used.

    >>> @derived
    ... def width(x, *, times=1):
    ...     print("computing")
    ...     return x.shape[1] * times
    >>> x = Representation(np.zeros((2, 3)), ids=("a", "b"))
    >>> width(x), width(x, times=1)
    computing
    (3, 3)
    """
    return _once(function, None)


def follows(
    reorder: Callable[[Result, Rows], Result],
) -> Callable[[Callable[Concatenate[Any, Options], Result]], Callable[Concatenate[Any, Options], Result]]:
    """Memoise as `derived`; of a representation in another order, reorder what was derived of it in its own.

    `reorder(result, order)` gives the result of rows `order` from that of all rows. So a null of many orders costs one
    derivation, and many reorderings.

    >>> from simzoo.representations.representation import reordered
    >>> @follows(lambda result, order: result[order])
    ... def doubled(x):
    ...     print("computing")
    ...     return 2 * x.values
    >>> x = Representation(np.eye(2), ids=("a", "b"))
    >>> doubled(x)[0], doubled(reordered(x, np.array([1, 0])))[0]
    computing
    (array([2., 0.]), array([0., 2.]))
    """
    return partial(_once, reorder=reorder)


def _once(
    function: Callable[Concatenate[Any, Options], Result], reorder: Callable[[Result, Rows], Result] | None
) -> Callable[Concatenate[Any, Options], Result]:
    signature = inspect.signature(function)

    @wraps(function)
    def once(x: Any, /, *args: Options.args, **options: Options.kwargs) -> Result:
        if not isinstance(x, Representation):
            return function(x, *args, **options)

        def compute() -> Result:
            if reorder is None or not isinstance(x, Reordered):
                return function(x, *args, **options)
            return reorder(once(x.base, *args, **options), x.order)

        bound = signature.bind(x, *args, **options)
        bound.apply_defaults()
        named = tuple(bound.arguments.items())[1:]
        return _memo.get(x, (function, named), compute)

    return once


def memory_budget(limit: int) -> ExitStack:
    """Set how many bytes of derived results are kept, from now on or, as a context manager, for a while.

    >>> with memory_budget(0):
    ...     pass  # nothing is kept in here
    """
    if limit < 0:
        raise UsageError(
            "the memory budget is negative",
            expected="0 bytes or more",
            got=str(limit),
            next_step="memory_budget(0) to keep nothing",
        )
    restore = ExitStack()
    restore.callback(_memo.resize, _memo.budget)
    _memo.resize(limit)
    return restore


def memory_left_to(share: int) -> int:
    """Return a share of the memory budget, in bytes: what one step of a computation may hold at once."""
    return _memo.budget // share


class _Memo:
    """Results by (representation, function and options), least recently used first."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.used = 0
        self.lock = threading.RLock()
        self.results: OrderedDict[tuple[int, Hashable], tuple[Any, int]] = OrderedDict()
        self.alive: dict[int, weakref.ref[Representation]] = {}

    def get(self, x: Representation, call: Hashable, compute: Callable[[], Result]) -> Result:
        """Return the kept result, or compute it outside the lock and keep it if it fits."""
        key = (id(x), call)
        with self.lock:
            if key in self.results:
                self.results.move_to_end(key)
                kept: Result = self.results[key][0]
                return kept
        result = compute()
        size = _own_bytes(result, x)
        with self.lock:
            if size <= self.budget and key not in self.results:
                self.alive.setdefault(key[0], weakref.ref(x, partial(self.forget, key[0])))
                self.results[key] = (result, size)
                self.used += size
                self.resize(self.budget)
        return result

    def forget(self, of: int, _: object) -> None:
        """Drop all results of a representation that is gone."""
        with self.lock:
            self.alive.pop(of, None)
            for key in [key for key in self.results if key[0] == of]:
                self.used -= self.results.pop(key)[1]

    def resize(self, budget: int) -> None:
        """Drop the least recently used results until the rest fits."""
        with self.lock:
            self.budget = budget
            while self.used > budget:
                self.used -= self.results.popitem(last=False)[1][1]


def _own_bytes(result: Any, x: Representation) -> int:
    """Count the bytes that keeping `result` costs: none for a view of the representation's own values."""
    if isinstance(result, tuple):
        return sum(_own_bytes(part, x) for part in result)
    size = int(getattr(result, "nbytes", 0))
    on_host = size and getattr(getattr(result, "device", None), "type", "cpu") == "cpu"
    return 0 if on_host and np.may_share_memory(np.asarray(result), x.values) else size


_memo = _Memo(DEFAULT_BUDGET)
