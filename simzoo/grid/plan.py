"""The plan: a graph of blocks, each with a key that hashes what goes into it, so that finished ones never run again."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import networkx as nx

from simzoo.catalog import Catalog
from simzoo.errors import WeightsError
from simzoo.facts import MeasureSheet
from simzoo.grid.source import Source
from simzoo.grid.study import MeasureCall, Study
from simzoo.images.augment import CLEAN, Draw, drawn
from simzoo.images.find import open_data, splits
from simzoo.measures.derived.inner import inner_of
from simzoo.measures.options import INPUTS
from simzoo.representations.extraction import EXTRACTOR_VERSION
from simzoo.storage import key_of

MEASURER_VERSION = 2  # raised when blocks of unchanged measures would give other rows
RESAMPLES, PERMUTATIONS = 100, 50  # by default, where the measure makes them cheap (ours)
CHEAP = {"knn_accuracy", "linear_probe"}  # beside those with an inner product: what they fit is fitted once
VIEWS, VIEWED = 2, "augs"  # how many draws a measure gets that needs views, and of what where nothing is named (ours)
TAKEN = 20  # how many draws a measure gets that can do without; `views=` of the measure says otherwise (ours)


ENDS_WITH_FINAL = {"final", "blocks", "residual"}


@dataclass(frozen=True)
class Block:
    """One unit of work: train a model, extract its taps, or measure one model or pair over all taps.

    `spec` is plain data and decides the key; `sources`, `call`, `inputs` (keys of extract blocks: of the two models of
    a pair, or of the images, their `views` and the training side) and `draw` (of an extraction) are what runs. `about`
    says of which data and augmentation the rows are; `skipped` why there is nothing to run.
    """

    kind: Literal["train", "extract", "measure"]
    key: str
    label: str
    spec: dict[str, Any] = field(compare=False)
    sources: tuple[Source, ...] = field(compare=False)
    call: MeasureCall | None = field(default=None, compare=False)
    inputs: tuple[str, ...] = ()
    draw: Draw = field(default=CLEAN, compare=False)
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)
    skipped: str | None = None
    views: int = field(default=0, compare=False)


def plan(studies: Study | Iterable[Study], shelves: Catalog, *, isolate: bool = False) -> nx.DiGraph[str]:
    """Return the graph of blocks of one study or several: node = key, attribute `block`, edges to what needs it.

    Measure blocks come in the order in which their rows shall stand in the table. What several studies need is one
    block. With `isolate`, a model whose weights cannot be found is planned like any other, and fails when it is loaded.
    """
    known, graph = _Known(shelves, isolate=isolate), nx.DiGraph(skips=set())
    for study in [studies] if isinstance(studies, Study) else studies:
        _Planner(study, known, graph).add()
    return graph


def blocks_of(graph: nx.DiGraph[str], kind: str | None = None) -> list[Block]:
    """Return the blocks of a plan, or those of one kind, in its order."""
    found: list[Block] = [block for _, block in graph.nodes(data="block")]
    return found if kind is None else [block for block in found if block.kind == kind]


class _Known:
    """What studies of one grid have in common, looked up once."""

    def __init__(self, shelves: Catalog, *, isolate: bool) -> None:
        self.shelves, self.isolate = shelves, isolate
        self.key = cache(self._key)
        self.splits = cache(lambda data: splits(data, shelves))
        self.fingerprint = cache(lambda data, split: open_data(data, split, shelves).fingerprint)
        self.drawn = cache(lambda name, number, seed: drawn(name, number, seed, shelves))
        self._sources: dict[str, Source] = {}

    def key_of(self, source: Source) -> str:
        """Return the key of a source, by its name, which no other source of the grid has."""
        self._sources.setdefault(source.name, source)
        return self.key(source.name)

    def _key(self, name: str) -> str:
        try:
            return self._sources[name].key(self.shelves)
        except WeightsError:
            if not self.isolate:
                raise
            return key_of({"without weights": name})


class _Planner:
    """Adds the blocks of one study to a graph; adding one that is there already changes nothing."""

    def __init__(self, study: Study, known: _Known, graph: nx.DiGraph[str]) -> None:
        self.study, self.known, self.graph, self.shelves = study, known, graph, known.shelves
        has_support = study.split != "train" and "train" in known.splits(study.data)
        self.support_split = "train" if has_support else None
        self.draw = known.drawn(study.augmentation, study.draw, study.seed)

    def add(self) -> None:
        """Add all blocks: the accuracies first, then measure by measure."""
        study = self.study
        # what is extracted for the other measures ends with `final`, so that tap is not read in a pass of its own
        alternatives = [{word.strip() for word in words.split(",")} for words in study.taps.split("|")]
        shared = all(ENDS_WITH_FINAL & words for words in alternatives) and not self.draw.operations
        taps = study.taps if shared else "final"
        asked = any(call.name == "knn_accuracy" for call in study.measures)
        at_every_tap = asked and taps == study.taps and not self.draw.operations
        for source in () if at_every_tap or not study.accuracy else study.models:
            self._accuracy(source, taps)
        for source in study.accuracy_only:
            self._accuracy(source, "final")
        for call in study.measures:
            sheet = self.shelves.measures[call.name].sheet
            self._add_call(_spelt(call, sheet), sheet)

    def _accuracy(self, source: Source, taps: str) -> None:
        inputs = (self._extract(source, taps), *self._support(source, "final"))
        self._measure(MeasureCall("knn_accuracy"), (source,), inputs, CLEAN, only="final")

    def _add_call(self, call: MeasureCall, sheet: MeasureSheet) -> None:
        study = self.study
        taps = "logits" if sheet.of == "logits" else study.taps
        needed: list[tuple[Source, ...]] = [(source,) for source in study.models]
        for sources in study.pairs_of_models() if sheet.kind == "similarity" else needed:
            if skip := study.skipped(call.name, sources, self._called(sheet)):
                self.graph.graph["skips"].add(skip)
                self._skip(call, sheet, sources, skip.reason or "left out by a filter of the grid")
            elif sheet.kind == "similarity":
                pair = tuple(self._extract(source, taps, draw=self.draw) for source in sources)
                self._measure(call, sources, pair, self.draw)
            else:
                self._add_single(call, sheet, sources[0], taps)

    def _add_single(self, call: MeasureCall, sheet: MeasureSheet, source: Source, taps: str) -> None:
        wanted = "views" in sheet.needs or ("views" in sheet.takes and self.draw.operations)
        views = self._views(source, taps, call.params.get("views", VIEWS)) if wanted else ()
        support = self._support(source, taps) if "support" in sheet.needs else ()
        own = self._extract(source, taps, draw=CLEAN if views else self.draw)
        draw = self._viewed(0) if views else self.draw
        self._measure(call, (source,), (own, *views, *support), draw, views=len(views))

    def _called(self, sheet: MeasureSheet) -> tuple[str, ...]:
        """The names by which a filter may mean the augmentation of a measure's rows: with its strength or without."""
        if "views" in sheet.needs and not self.draw.operations:
            return (VIEWED,)
        return (self.study.augmentation, self.draw.augmentation)

    def _viewed(self, number: int) -> Draw:
        named = self.study.augmentation if self.draw.operations else VIEWED
        draw: Draw = self.known.drawn(named, number, self.study.seed)
        return draw

    def _views(self, source: Source, taps: str, count: int) -> tuple[str, ...]:
        """Several draws of the same images; what they are drawn of stands beside them, as it is."""
        return tuple(self._extract(source, taps, draw=self._viewed(number)) for number in range(count))

    def _support(self, source: Source, taps: str) -> tuple[str, ...]:
        """The training side, where the data has one; without it measures leave one out."""
        return (self._extract(source, taps, self.support_split, self.study.support),) if self.support_split else ()

    def _train(self, source: Source) -> tuple[str, ...]:
        if not source.trains:
            return ()
        key = self.known.key_of(source)
        return (self._add(Block("train", key, f"train {source.name}", {"model": key}, (source,))),)

    def _extract(
        self, source: Source, taps: str, split: str | None = None, n: int | None = None, draw: Draw = CLEAN
    ) -> str:
        study, split = self.study, split or self.study.split
        spec: dict[str, Any] = {
            "extractor": EXTRACTOR_VERSION,
            "model": self.known.key_of(source),
            "data": [study.data, self.known.fingerprint(study.data, split)],
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
        self,
        call: MeasureCall,
        sources: tuple[Source, ...],
        inputs: tuple[str, ...],
        draw: Draw,
        *,
        only: str | None = None,
        views: int = 0,
    ) -> None:
        sheet, study = self.shelves.measures[call.name].sheet, self.study
        cheap = inner_of(sheet, call.params) is not None or sheet.name in CHEAP
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
        if study.parts and (sheet.kind == "similarity" or sheet.name in CHEAP):  # a key without is what it was before
            spec["parts"] = True
        about, label = self._about(draw), _label(call, sources)
        block = Block("measure", key_of(spec), label, spec, sources, call, inputs, about=about, views=views)
        self._add(block, *inputs)

    def _skip(self, call: MeasureCall, sheet: MeasureSheet, sources: tuple[Source, ...], reason: str) -> None:
        """Add a block that needs nothing and runs never."""
        about = self._about(self.draw)
        names = [source.name for source in sources]
        spec = {"skipped": reason, "measure": sheet.name, "version": sheet.version, "params": dict(call.params)}
        spec |= {"models": names, **about, "seed": self.study.seed}
        label = _label(call, sources)
        self._add(Block("measure", key_of(spec), label, spec, sources, call, about=about, skipped=reason))

    def _about(self, draw: Draw) -> dict[str, Any]:
        where = {"data": self.study.data, "split": self.study.split}
        return where | {"augmentation": draw.augmentation, "strength": draw.strength, "draw": draw.number}

    def _add(self, block: Block, *needs: str) -> str:
        if block.key not in self.graph:
            self.graph.add_node(block.key, block=block)
            self.graph.add_edges_from((need, block.key) for need in needs)
        return block.key


def _spelt(call: MeasureCall, sheet: MeasureSheet) -> MeasureCall:
    """Return the call of a measure that can do without views with all its options: its values hang on each of them."""
    if "views" not in sheet.takes:
        return call
    parameters = inspect.signature(sheet.function).parameters.values()
    defaults = {each.name: each.default for each in parameters if each.kind is each.KEYWORD_ONLY}
    plain = {name: value for name, value in defaults.items() if name not in INPUTS}
    return MeasureCall(call.name, {**plain, "views": TAKEN, **call.params})


def _label(call: MeasureCall, sources: tuple[Source, ...]) -> str:
    return f"{call.name} of {' and '.join(source.name for source in sources)}"
