"""Run what is missing of a plan, in the order of the graph, and read its table."""

from __future__ import annotations

import platform
import time
import uuid
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

import networkx as nx
import pandas as pd

from simzoo.catalog import Catalog
from simzoo.errors import UndefinedError
from simzoo.facts import MeasureSheet
from simzoo.grid.executors import InProcess
from simzoo.grid.plan import VIEWS, Block
from simzoo.grid.rows import reason_of, similarity_rows, tap_rows
from simzoo.grid.study import Study
from simzoo.images.find import open_data
from simzoo.images.sampling import sample
from simzoo.models.load import Model
from simzoo.progress import Progress, Silent
from simzoo.representations.extraction import extract
from simzoo.representations.representation import Representation
from simzoo.representations.store import open_representations
from simzoo.representations.stored import keep
from simzoo.storage import representations_shelf, weights_shelf
from simzoo.table.schema import Row
from simzoo.table.store import ResultStore, open_results

LIBRARIES = ("simzoo", "torch", "timm", "lightly", "numpy", "scikit-learn")


def now() -> str:
    """Return the time, to the second, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class Run:
    """One run of a plan: the tools it works with, and what it holds in memory between blocks."""

    study: Study
    graph: nx.DiGraph[str]
    shelves: Catalog
    store: ResultStore = field(default_factory=open_results)
    device: str = "cpu"
    progress: Progress = field(default_factory=Silent)
    executor: Executor = field(default_factory=InProcess)
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    created: str = field(default_factory=now)
    _models: dict[str, Model] = field(default_factory=dict)
    _absent: dict[str, UndefinedError] = field(default_factory=dict)
    _taps: dict[tuple[str, str], list[Representation]] = field(default_factory=dict)

    def missing(self) -> list[Block]:
        """Return the blocks that must run, each after what it needs; finished rows need no input made again."""
        measures = [block for block in self.blocks if block.kind == "measure"]
        done = self.store.done(block.key for block in measures)
        wanted: dict[str, None] = {}

        def want(block: Block) -> None:
            if block.key in wanted or self._finished(block, done):
                return
            for need in self.graph.predecessors(block.key):
                want(self.graph.nodes[need]["block"])
            wanted[block.key] = None

        for block in self.blocks:
            if block.kind in {"measure", "train"}:
                want(block)
        return [self.graph.nodes[key]["block"] for key in wanted]

    @property
    def blocks(self) -> list[Block]:
        """All blocks, in the order of the plan."""
        return [self.graph.nodes[key]["block"] for key in self.graph]

    def finish(self) -> list[Block]:
        """Run every missing block; return those that ran."""
        missing = self.missing()
        self.store.note_run(self.run_id, {name: version(name) for name in LIBRARIES})
        measures = [block for block in missing if block.kind == "measure"]
        for block in missing:
            if block.kind != "measure":
                try:
                    self.executor.submit(self._make, block).result()
                except UndefinedError as error:  # told by the rows that need it
                    self._absent[block.key] = error
        if measures:
            with self.progress.step("measure", len(measures)) as step:
                for block in measures:
                    self.executor.submit(self._measure, block).result()
                    step.advance(1, block.label)
        return missing

    def rows(self) -> pd.DataFrame:
        """Return the rows of all measure blocks, in the order of the plan."""
        return self.store.rows([block.key for block in self.blocks if block.kind == "measure"])

    def _finished(self, block: Block, done: set[str]) -> bool:
        if block.kind == "measure":
            return block.key in done
        shelf = weights_shelf() if block.kind == "train" else representations_shelf()
        return shelf.get(block.key) is not None

    def _make(self, block: Block) -> None:
        source = block.sources[0]
        if block.kind == "train" and source.spec is not None:
            from simzoo.training.train import train

            train(source.spec, device=self.device, progress=self.progress, shelves=self.shelves)
            return
        images = open_data(self.study.data, block.spec["split"], self.shelves)
        chosen = sample(images, block.spec["n"])
        if source.features is not None:
            keep(source.features, images, chosen, name=source.name, taps=block.spec["taps"], key=block.key)
            return
        key = block.spec["model"]
        if key not in self._models:
            self._models = {key: source.load(self.shelves, self.device)}
        with self.progress.step(block.label, len(chosen)) as step:
            extract(
                self._models[key],
                images,
                chosen,
                block.spec["taps"],
                block.spec["pool"],
                draw=block.draw,
                key=block.key,
                device=self.device,
                progress=step,
            )

    def _measure(self, block: Block) -> None:
        sheet: MeasureSheet = self.shelves.measures[block.spec["measure"]].sheet
        started, clock = now(), time.perf_counter()
        try:
            rows = self._rows_of(block, sheet)
        except Exception as error:  # noqa: BLE001 - a block that fails is a row that says so, and the rest goes on
            rows = [replace(self._blank(block, sheet), **reason_of(error))]
        seconds = (time.perf_counter() - clock) / len(rows)
        host = platform.node()
        for row in rows:
            row.run_id, row.host, row.created, row.started, row.seconds = (
                self.run_id,
                host,
                self.created,
                started,
                seconds,
            )
        self.store.put(block.key, block.spec, rows, [sheet.as_dict()], self.run_id)

    def _rows_of(self, block: Block, sheet: MeasureSheet) -> list[Row]:
        for key in block.inputs:
            if key in self._absent:
                raise self._absent[key]
        params = block.spec["params"]
        draws = {name: block.spec[name] for name in ("resamples", "permutations", "seed")}
        names = [source.name for source in block.sources]
        if sheet.kind == "similarity":
            xs = self._read(block.inputs[0], names[0])
            ys = xs if names[0] == names[1] else self._read(block.inputs[1], names[1])
            return similarity_rows(sheet, xs, ys, params, draws)
        xs = [tap for tap in self._read(block.inputs[0], names[0]) if block.spec["only"] in {None, tap.tap}]
        beside = [self._read(key, names[0]) for key in block.inputs[1:]]
        count = VIEWS if "views" in sheet.needs else 0
        views, support = beside[:count], beside[count:]
        return tap_rows(sheet, xs, support[0] if support else [], params, draws, views=views)

    def _blank(self, block: Block, sheet: MeasureSheet) -> Row:
        names = [source.name for source in block.sources]
        other = names[1] if len(names) > 1 else None
        return Row(
            sheet.name, sheet.version, model=names[0], model_b=other, data=self.study.data, split=self.study.split
        )

    def _read(self, key: str, model: str) -> list[Representation]:
        """Open representations once for all measures, so that what is derived from them is shared."""
        if (key, model) not in self._taps:
            self._taps[key, model] = [replace(tap, model=model) for tap in open_representations(key) or []]
        return self._taps[key, model]
