"""A run of a plan: what it works with, what of the plan is missing, and its rows. `drive.finish` runs it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import networkx as nx
import pandas as pd

from simzoo.catalog import Catalog
from simzoo.grid.executors import InProcess
from simzoo.grid.plan import Block, blocks_of
from simzoo.grid.study import Study
from simzoo.grid.work import blank, now
from simzoo.progress import Progress, Silent
from simzoo.storage import Shelf, representations_shelf, weights_shelf
from simzoo.table.store import ResultStore, open_results

TRIED_AGAIN = "it failed, and another run over the same store is trying it again: run the same command for its rows"


@dataclass
class Run:
    """One run of a plan: what it works with, and what it knows while it runs.

    `isolate`: whether a model that does not train or load costs its own rows only, or ends the run. `timeout`: the
    seconds that a measure may take, where the executor can stop one. `prune`: whether representations are removed when
    nothing in the plan needs them any more.
    """

    studies: Sequence[Study]
    graph: nx.DiGraph[str]
    shelves: Catalog
    store: ResultStore = field(default_factory=open_results)
    device: str = "cpu"
    progress: Progress = field(default_factory=Silent)
    executor: Executor = field(default_factory=InProcess)
    isolate: bool = False
    timeout: float | None = None
    prune: bool = False
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    created: str = field(default_factory=now)

    def missing(self, *, mend: bool = True) -> list[Block]:
        """Return the blocks that must run, each after what it needs; finished rows need no input made again.

        Without `mend` the store stays as it is, with the rows that are to be tried again.
        """
        measures = [block for block in blocks_of(self.graph, "measure") if not block.skipped]
        done = self.store.done((block.key for block in measures), mend=mend)
        wanted: dict[str, None] = {}

        def want(block: Block) -> None:
            if block.key in wanted or self._finished(block, done):
                return
            for need in self.graph.predecessors(block.key):
                want(self.graph.nodes[need]["block"])
            wanted[block.key] = None

        for block in measures:
            want(block)
        return [self.graph.nodes[key]["block"] for key in wanted]

    def rows(self) -> pd.DataFrame:
        """Return the rows of all measure blocks, in the order of the plan.

        A block left out by a filter says so, and so does one whose rows are not there: another run takes out what
        failed, to try it again.
        """
        measures = blocks_of(self.graph, "measure")
        there = self.store.there(block.key for block in measures)
        absent = {
            block.key: replace(blank(block), status="skipped", reason=block.skipped)
            if block.skipped
            else replace(blank(block), status="failed", reason=TRIED_AGAIN)
            for block in measures
            if block.skipped or block.key not in there
        }
        return self.store.rows([block.key for block in measures], absent)

    def _finished(self, block: Block, done: set[str]) -> bool:
        if block.kind == "measure":
            return block.key in done
        return shelf_of(block).get(block.key) is not None


def shelf_of(block: Block) -> Shelf:
    """Return where lies what a block makes that is no measure."""
    return weights_shelf() if block.kind == "train" else representations_shelf()
