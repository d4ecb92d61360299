"""Which run works on which block, so that of several processes over one store each block is done by one.

A claim is a row of the results store. It holds as long as the run that made it lives, which the lock of the run's own
file says: a killed process loses its locks, and its claims are anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from simzoo.storage import held_by_somebody, lock_at
from simzoo.table.store import ResultStore


class Claims:
    """The claims of one run; a context manager, within which the run is known to live."""

    def __init__(self, store: ResultStore, run_id: str) -> None:
        """Make a value that claims nothing yet."""
        self.store, self.run_id = store, run_id
        self._lock = lock_at(self._lock_file(run_id))

    def __enter__(self) -> Self:
        """Say that the run lives."""
        self._lock.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give up what is still claimed, and the lock."""
        try:
            with self.store.transaction(lasting=False) as connection:
                connection.execute("DELETE FROM claims WHERE run_id = ?", (self.run_id,))
        finally:
            self._lock.release()
            self._lock_file(self.run_id).unlink(missing_ok=True)

    def take(self, key: str) -> Literal["ours", "theirs", "done"]:
        """Claim a block, unless another run that lives has claimed it, or its rows are there already."""
        with self.store.transaction(lasting=False) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("SELECT 1 FROM blocks WHERE key = ?", (key,)).fetchone():
                return "done"
            held = connection.execute("SELECT run_id FROM claims WHERE key = ?", (key,)).fetchone()
            if held and held[0] != self.run_id and self._lives(held[0]):
                return "theirs"
            connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (key, self.run_id))
            return "ours"

    def give_back(self, keys: Iterable[str]) -> None:
        """Give up the claims of blocks that write no rows of their own."""
        with self.store.transaction(lasting=False) as connection:
            connection.executemany("DELETE FROM claims WHERE key = ?", [(key,) for key in keys])

    def _lives(self, run_id: str) -> bool:
        return held_by_somebody(self._lock_file(run_id))

    def _lock_file(self, run_id: str) -> Path:
        return self.store.path.parent / "runs" / f"{run_id}.lock"
