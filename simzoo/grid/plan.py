"""The plan: a graph of blocks, each with a key that hashes what goes into it, so that finished ones never run again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import networkx as nx

from simzoo.catalog import Catalog
from simzoo.facts import MeasureSheet
from simzoo.grid.study import MeasureCall, Source, Study
from simzoo.images.augment import CLEAN, Draw, drawn
from simzoo.images.find import open_data, splits
from simzoo.representations.extraction import EXTRACTOR_VERSION
from simzoo.storage import key_of

MEASURER_VERSION = 1  # raised when blocks of unchanged measures would give other rows
RESAMPLES, PERMUTATIONS = 100, 50  # by default, where the measure makes them cheap (ours)
CHEAP = {"knn_accuracy", "linear_probe"}  # beside those with an inner product: what they fit is fitted once
VIEWS, VIEWED = 2, "augs"  # how many draws a measure gets that needs views, and of what where nothing is named (ours)


ENDS_WITH_FINAL = {"final", "blocks", "residual"}


@dataclass(frozen=True)
class Block:
    """One unit of work: train a model, extract its taps, or measure one model or pair over all taps.

    `spec` is plain data and decides the key; `sources`, `call`, `inputs` (keys of extract blocks: of the two models of
    a pair, or of the images, their views and the training side) and `draw` (of an extraction) are what runs.
    """

    kind: Literal["train", "extract", "measure"]
    key: str
    label: str
    spec: dict[str, Any] = field(compare=False)
    sources: tuple[Source, ...] = field(compare=False)
    call: MeasureCall | None = field(default=None, compare=False)
    inputs: tuple[str, ...] = ()
    draw: Draw = field(default=CLEAN, compare=False)


def plan(study: Study, shelves: Catalog) -> nx.DiGraph[str]:
    """Return the graph of blocks of a study: node = key, attribute `block`, edges from what is needed to what needs it.

    Measure blocks come in the order in which their rows shall stand in the table.
    """
    return _Planner(study, shelves).graph


class _Planner:
    """Collects the blocks; adding one that is there already changes nothing."""

    def __init__(self, study: Study, shelves: Catalog) -> None:
        self.study, self.shelves = study, shelves
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        has_support = study.split != "train" and "train" in splits(study.data, shelves)
        self.support_split = "train" if has_support else None
        wanted = {study.split} | ({"train"} if has_support else set())
        self.fingerprints = {split: open_data(study.data, split, shelves).fingerprint for split in wanted}
        self.draw = drawn(study.augmentation, 0, study.seed, shelves)
        # what is extracted for the other measures ends with `final`, so that tap is not read in a pass of its own
        alternatives = [{word.strip() for word in words.split(",")} for words in study.taps.split("|")]
        shared = all(ENDS_WITH_FINAL & words for words in alternatives) and not self.draw.operations
        taps = study.taps if shared else "final"
        asked = any(call.name == "knn_accuracy" for call in study.measures)
        at_every_tap = asked and taps == study.taps and not self.draw.operations
        for source in () if at_every_tap else study.models:
            self._accuracy(source, taps)
        for source in study.accuracy_only:
            self._accuracy(source, "final")
        for call in study.measures:
            self._add_call(call, shelves.measures[call.name].sheet)

    def _accuracy(self, source: Source, taps: str) -> None:
        inputs = (self._extract(source, taps), *self._support(source, "final"))
        self._measure(MeasureCall("knn_accuracy"), (source,), inputs, only="final")

    def _add_call(self, call: MeasureCall, sheet: MeasureSheet) -> None:
        study = self.study
        if sheet.kind == "similarity":
            for a, b in study.pairs_of_models():
                pair = tuple(self._extract(source, study.taps, draw=self.draw) for source in (a, b))
                self._measure(call, (a, b), pair)
        else:
            for source in study.models:
                views = self._views(source, study.taps) if "views" in sheet.needs else ()
                support = self._support(source, study.taps) if "support" in sheet.needs else ()
                own = self._extract(source, study.taps, draw=CLEAN if views else self.draw)
                self._measure(call, (source,), (own, *views, *support))

    def _views(self, source: Source, taps: str) -> tuple[str, ...]:
        """Several draws of the same images; what they are drawn of stands beside them, as it is."""
        named = self.study.augmentation if self.draw.operations else VIEWED
        draws = (drawn(named, number, self.study.seed, self.shelves) for number in range(VIEWS))
        return tuple(self._extract(source, taps, draw=draw) for draw in draws)

    def _support(self, source: Source, taps: str) -> tuple[str, ...]:
        """The training side, where the data has one; without it measures leave one out."""
        return (self._extract(source, taps, self.support_split, self.study.support),) if self.support_split else ()

    def _train(self, source: Source) -> tuple[str, ...]:
        if not source.trains:
            return ()
        key = source.key(self.shelves)
        return (self._add(Block("train", key, f"train {source.name}", {"model": key}, (source,))),)

    def _extract(
        self, source: Source, taps: str, split: str | None = None, n: int | None = None, draw: Draw = CLEAN
    ) -> str:
        study, split = self.study, split or self.study.split
        spec: dict[str, Any] = {
            "extractor": EXTRACTOR_VERSION,
            "model": source.key(self.shelves),
            "data": [study.data, self.fingerprints[split]],
            "split": split,
            "n": n or study.n,
            "taps": taps,
            "pool": study.pool or source.pool,
            "feed": source.feed,
        }
        label = f"extract {source.name} from {study.data} ({split})"
        if draw.operations:  # a key without augmentation is what it was before there was any
            spec["drawn"] = draw.facts
            label = f"{label}, {draw.augmentation} draw {draw.number}"
        block = Block("extract", key_of(spec), label, spec, (source,), draw=draw)
        return self._add(block, *self._train(source))

    def _measure(
        self, call: MeasureCall, sources: tuple[Source, ...], inputs: tuple[str, ...], only: str | None = None
    ) -> None:
        sheet, study = self.shelves.measures[call.name].sheet, self.study
        cheap = sheet.inner is not None or sheet.name in CHEAP
        spec = {
            "measurer": MEASURER_VERSION,
            "measure": sheet.name,
            "version": sheet.version,
            "params": dict(call.params),
            "inputs": list(inputs),
            "only": only,
            "models": [source.name for source in sources],
            "resamples": cheap * RESAMPLES if study.resamples is None else study.resamples,
            "permutations": cheap * PERMUTATIONS if study.permutations is None else study.permutations,
            "seed": study.seed,
        }
        label = f"{sheet.name} of {' and '.join(source.name for source in sources)}"
        self._add(Block("measure", key_of(spec), label, spec, sources, call, inputs), *inputs)

    def _add(self, block: Block, *needs: str) -> str:
        if block.key not in self.graph:
            self.graph.add_node(block.key, block=block)
            self.graph.add_edges_from((need, block.key) for need in needs)
        return block.key
