"""Progress of long steps: what every room may report to, and the bars that a person sees on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol


class Step(Protocol):
    """One long step under way."""

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Say that so much more of the total is done, with a short note such as the loss."""


class Progress(Protocol):
    """Where steps are reported."""

    @contextmanager
    def step(self, label: str, total: float) -> Iterator[Step]:
        """Open a step of a known size."""
        ...

    def say(self, text: str) -> None:
        """Print one line above the bars."""


class Silent:
    """Reports nothing: the default in Python."""

    @contextmanager
    def step(self, label: str, total: float) -> Iterator[Step]:  # noqa: ARG002 - the protocol's arguments
        """Open a step that nobody sees."""
        yield self

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Do nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""


class Bars:
    """Bars with elapsed time and an ETA on stderr; plain lines where stderr is not a terminal."""

    def __init__(self) -> None:
        """Make a console on stderr; nothing is shown yet."""
        from rich.console import Console

        self.console = Console(stderr=True)

    @contextmanager
    def step(self, label: str, total: float) -> Iterator[Step]:
        """Show one bar while the step runs, and leave one line when it is done; off a terminal, that line alone."""
        if not self.console.is_terminal:
            with self._counted(label, total) as counted:
                yield counted
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress
        from rich.table import Column

        columns = (
            TextColumn(
                "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=3)
            ),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8)),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(elapsed_when_finished=False, table_column=Column(no_wrap=True)),
            TextColumn(
                "{task.fields[note]}",
                "dim",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=2),
            ),
        )
        with RichProgress(*columns, console=self.console, expand=True) as bars:
            task = bars.add_task(label, total=total, note="")

            class Shown:
                def advance(self, amount: float = 1, note: str = "") -> None:
                    fields: dict[str, Any] = {"note": note} if note else {}
                    bars.update(task, advance=amount, **fields)

            yield Shown()

    @contextmanager
    def _counted(self, label: str, total: float) -> Iterator[Step]:
        started = time.monotonic()

        class Counted:
            done = 0.0
            note = ""

            def advance(self, amount: float = 1, note: str = "") -> None:
                self.done += amount
                self.note = note or self.note

        counted = Counted()
        try:
            yield counted
        finally:
            took = timedelta(seconds=round(time.monotonic() - started))
            self.say(f"{label} {counted.done:g}/{total:g} {took} {counted.note}".rstrip())

    def say(self, text: str) -> None:
        """Print one line above the bars."""
        wrapped = self.console.is_terminal  # a log has no width
        self.console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=not wrapped)
