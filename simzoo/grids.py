"""`simzoo grid`: from a grid file or flags to a plan with its estimates, or to a table and a report."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
from rich.console import Group
from rich.filesize import decimal
from rich.table import Table as RichTable
from rich.text import Text

from simzoo.api import ready_to_train, refuse_training, require_device
from simzoo.catalog import catalog
from simzoo.errors import DataError, UsageError
from simzoo.grid.drive import finish
from simzoo.grid.estimate import Estimate, estimate
from simzoo.grid.executors import make_executor
from simzoo.grid.expand import studies
from simzoo.grid.facts import table_of
from simzoo.grid.plan import Block, blocks_of, plan
from simzoo.grid.run import Run
from simzoo.grid.words import Words, words
from simzoo.progress import Progress, Silent
from simzoo.report.result import Result
from simzoo.report.terminal import summary
from simzoo.report.verdict import verdict
from simzoo.report.words import duration
from simzoo.storage import atomic, make_folder, remove
from simzoo.table.files import read_table
from simzoo.table.schema import Table

KINDS = ("train", "extract", "measure")
REASONS = 3  # why rows failed that the terminal prints


@dataclass(frozen=True)
class GridPlan:
    """What `simzoo grid plan` shows: the graph, what of it is missing, and what that will cost."""

    name: str
    graph: nx.DiGraph[str]
    missing: tuple[Block, ...]
    estimate: Estimate

    def as_json(self) -> dict[str, Any]:
        """Return what `simzoo grid plan --json` prints."""
        all_of = Counter(str(block.kind) for block in blocks_of(self.graph) if not block.skipped)
        left = Counter(str(block.kind) for block in self.missing)
        counts = {kind: {"all": all_of[kind], "done": all_of[kind] - left[kind]} for kind in KINDS}
        counts["measure"]["skipped"] = sum(block.skipped is not None for block in blocks_of(self.graph))
        return {"name": self.name, "blocks": counts, **self.estimate.as_dict()}

    def __rich__(self) -> Any:
        """Print as a table of the blocks, and the estimates below."""
        found = self.as_json()
        table = RichTable(box=None, pad_edge=False)
        for column in ("blocks", "all", "done", "to do"):
            table.add_column(column, justify="left" if column == "blocks" else "right")
        for kind, count in found["blocks"].items():
            cells = (count["all"], count["done"], count["all"] - count["done"])
            table.add_row(kind, *(f"{cell:,}" for cell in cells))
        cost = self.estimate
        lines = [f"{cost.rows:,} rows in all"]
        if skipped := found["blocks"]["measure"]["skipped"]:
            lines.append(f"{skipped:,} blocks are left out by filters")
        parts = ", ".join(f"{kind} {duration(seconds)}" for kind, seconds in cost.seconds.items())
        lines.append(f"to do: about {duration(sum(cost.seconds.values()))}{f' ({parts})' if parts else ''}")
        lines.append(
            f"memory for the largest block {decimal(cost.memory)}; disk for representations {decimal(cost.disk)}"
        )
        if cost.unknown:
            lines.append(f"without an estimate, because they never ran here: {', '.join(cost.unknown)}")
        return Group(table, Text(), *(Text(line) for line in lines), *(Text(f"Note: {p}") for p in cost.problems))

    def write_graphml(self, path: Path) -> Path:
        """Write the graph for other tools: each block with its kind, label and whether it is done."""
        left = {block.key for block in self.missing}
        plain: nx.DiGraph[str] = nx.DiGraph(name=self.name)
        for block in blocks_of(self.graph):
            state = "skipped" if block.skipped else "missing" if block.key in left else "done"
            plain.add_node(block.key, kind=block.kind, label=block.label, state=state)
        plain.add_edges_from(self.graph.edges)
        with atomic(path) as temporary:
            nx.write_graphml(plain, temporary)
        return path


@dataclass
class GridResult(Result):
    """The result of a grid: `.table` (rows), `.save(folder)`; what was computed in this run, and how long it took."""

    name: str
    result: Table
    graph: nx.DiGraph[str]
    ran: int
    seconds: float

    @property
    def reasons(self) -> dict[str, int]:
        """Why rows failed, each reason with how many rows say so."""
        failed = self.table[self.table["status"] == "failed"]
        return {str(reason): int(count) for reason, count in failed["reason"].value_counts().items()}

    def save(self, folder: str | Path) -> list[Path]:
        """Write `table.parquet`, `report.html` and `figures/*`; return what was written: nothing where it stands."""
        folder = make_folder(Path(folder))
        if self._stands(folder):
            return []
        page = folder / "report.html"
        remove(page)  # so that a page always belongs to the table beside it
        return super().save(folder)

    def _stands(self, folder: Path) -> bool:
        """Whether the folder holds this very table, and the page that was made of it by this version of simzoo."""
        if self.ran or not ((folder / "report.html").exists() and (folder / "figures").exists()):
            return False
        try:
            found = read_table(folder / "table.parquet")
        except DataError:
            return False
        same = {"libraries", "command", "datasets", "references", "notes"}
        return (
            all(found.context.get(word) == self.result.context[word] for word in same)
            and found.models == self.result.models
            and found.sheets == self.result.sheets
            and found.rows.equals(self.table)
        )

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return what `simzoo grid run --json` prints."""
        return {
            "out": str(folder),
            "name": self.name,
            "rows": len(self.table),
            "status": {str(status): int(count) for status, count in self.table["status"].value_counts().items()},
            "failed": self.failed,
            "reasons": self.reasons,
            "blocks": self.graph.number_of_nodes(),
            "ran": self.ran,
            "verdict": verdict(self.result),
            "notes": list(self.result.context["notes"]),
            "seconds": round(self.seconds, 3),
        }

    def __rich__(self) -> Any:
        """Print as the verdict, and how much of it was computed now."""
        told = f"{len(self.table):,} rows; {self.ran:,} of {self.graph.number_of_nodes():,} blocks ran now"
        why = [Text(f"failed, {count:,} x: {reason}") for reason, count in list(self.reasons.items())[:REASONS]]
        return Group(summary(self.result), *why, Text(), Text(f"{told}, in {duration(self.seconds)}", style="dim"))


def plan_grid(source: str | Path | None = None, *, device: str = "cpu", workers: int = 1, **flags: Any) -> GridPlan:
    """Return the plan of a grid and what is left of it to do, without doing it.

    The arguments are those of `run_grid`.
    """
    require_device(device)
    asked, run = _prepared(source, flags, device)
    missing = run.missing(mend=False)
    return GridPlan(asked.grid.name, run.graph, tuple(missing), estimate(run, missing, workers))


def run_grid(
    source: str | Path | None = None,
    *,
    executor: str | None = None,
    workers: int = 1,
    timeout: float | None = None,
    prune: bool = False,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress | None = None,
    **flags: Any,
) -> GridResult:
    """Measure a whole grid: models x augmentations x data x measures; compute only what is missing.

    Args:
        source: a grid file, or the name of a grid of the registry; without it the words below are the grid.
        executor: `NAME[:ADDRESS]` of what runs the blocks; by default this process, or `processes` where `workers` or
            `timeout` ask for more.
        workers: how many blocks run at once.
        timeout: seconds after which a measure is stopped, and its rows say so.
        prune: remove representations when nothing in the grid needs them any more.
        device: where networks run.
        may_train: whether models that are not trained yet may be.
        yes: consent to more than 30 minutes of training.
        progress: told of every block.
        flags: the words of a grid file (`simzoo.cards.Grid`): `models`, `measures`, `augmentations`, `data`, `taps`,
            `pool`, `n`, `seeds`, `draws`, `pairs`, `resamples`, `permutations`, ...; they go before those of the file.
    """
    started, progress = time.perf_counter(), progress or Silent()
    require_device(device)
    asked, run = _prepared(source, flags, device)
    specs = [model.spec for model in run.studies[0].models if model.spec is not None]
    if not may_train:
        refuse_training(specs)
    ready_to_train(specs, device=device, yes=yes, progress=progress)
    run.progress, run.isolate, run.timeout, run.prune = progress, True, timeout, prune
    wanted = executor or ("processes" if workers > 1 or timeout is not None else "in-process")
    with make_executor(wanted, run.shelves, workers=workers, device=device) as run.executor:
        ran = finish(run)
    table = table_of(run)
    seconds = time.perf_counter() - started
    table.context |= {"grid": asked.grid.name, "report": asked.grid.report, "summary": asked.grid.summary}
    table.context |= {"command": _command(asked), "started": run.created, "seconds": seconds}
    return GridResult(asked.grid.name, table, run.graph, len(ran), seconds)


def _prepared(source: str | Path | None, flags: dict[str, Any], device: str) -> tuple[Words, Run]:
    shelves = catalog()
    asked = words(source, flags, shelves)
    found, shelves = studies(asked, shelves)
    graph = plan(found, shelves, isolate=True)
    if not blocks_of(graph, "measure"):
        raise UsageError(
            "this grid measures nothing",
            expected="a model and a measure of one, or two models and a similarity",
            got=f"{len(found[0].models)} models, pairs = {asked.grid.pairs!r}",
            next_step="name another model, or leave --pairs at all",
        )
    narrowed = asked.flags & {"models", "measures", "augmentations", "data"}  # a filter of the file may fit no more
    for number, skip in enumerate(found[0].skip):
        if skip not in graph.graph["skips"] and not narrowed:
            raise UsageError(
                f"{asked.where('skip', number)}: this filter leaves nothing out",
                expected="globs that fit a measure, a model, an augmentation or data of the grid",
                got=", ".join(f"{name} = {value!r}" for name, value in asked.grid.skip[number]),
                next_step="correct it, or take it out",
            )
    return asked, Run(found, graph, shelves, device=device)


def _command(asked: Words) -> str:
    """Return the command that gives this table again."""
    written = asked.grid.model_dump(include=set(asked.flags), mode="json")
    flags = [f"--{name.replace('_', '-')} {shlex.quote(_spelt(value))}" for name, value in written.items()]
    return " ".join(["simzoo grid run", *([shlex.quote(str(asked.path))] if asked.path else []), *flags])


def _spelt(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
