"""The work of one block, in whatever process it is done: train, extract, or measure."""

from __future__ import annotations

import os
import pickle
import platform
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import torch

from simzoo.catalog import Catalog, catalog
from simzoo.errors import SimzooError, TapError, UndefinedError
from simzoo.grid.plan import CHEAP, Block
from simzoo.grid.rows import reason_of, similarity_rows, tap_rows
from simzoo.images.find import open_data
from simzoo.images.sampling import sample
from simzoo.models.load import Model
from simzoo.progress import Progress, Silent
from simzoo.representations.extraction import BATCH_SIZE, extract
from simzoo.representations.representation import Representation
from simzoo.representations.store import open_representations
from simzoo.representations.stored import keep, with_features
from simzoo.storage import key_of, representations_shelf
from simzoo.table.schema import Row, params_text

HELD = 64  # extractions that stay open for the next measure


def now() -> str:
    """Return the time, to the second, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Job:
    """What is sent to a worker: one block, or all extractions of one model, so that it is loaded once.

    `home` is the store that all workers share; `timeout` the seconds that a measure may take, where the executor can
    stop one.
    """

    blocks: tuple[Block, ...]
    device: str
    home: str
    timeout: float | None = None

    @property
    def network(self) -> bool:
        """Whether a network runs, which is what a GPU is for."""
        return self.blocks[0].kind != "measure"


@dataclass(frozen=True)
class Outcome:
    """What became of a block: rows and the sheet of a measure, facts of an extraction, or the error of either."""

    key: str
    rows: Sequence[Row] = ()
    sheet: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    host: str = ""
    started: str = ""
    seconds: float = 0.0


@dataclass
class Worker:
    """What does the work in one process, with what it holds in memory between blocks."""

    shelves: Catalog
    device: str = "cpu"
    progress: Progress = field(default_factory=Silent)
    _models: dict[str, Model] = field(default_factory=dict)
    _taps: OrderedDict[tuple[str, str], list[Representation]] = field(default_factory=OrderedDict)

    def do(self, job: Job) -> list[Outcome]:
        """Do all blocks of a job; an error ends its own block only."""
        done = []
        for block in job.blocks:
            started, clock = now(), time.perf_counter()
            try:
                outcome = self._measure(block) if block.kind == "measure" else self._make(block)
            except Exception as error:  # noqa: BLE001 - a block that fails says so, and the rest goes on
                outcome = Outcome(block.key, error=error)
            seconds = time.perf_counter() - clock
            done.append(replace(outcome, host=platform.node(), started=started, seconds=seconds))
        return done

    def _make(self, block: Block) -> Outcome:
        source = block.sources[0]
        if block.kind == "train":
            if source.spec is not None:
                from simzoo.training.train import train

                train(source.spec, device=self.device, progress=self.progress, shelves=self.shelves)
            return Outcome(block.key)
        data, shelves = with_features(block.spec["data"][0], self.shelves)
        images = open_data(data, block.spec["split"], shelves)
        chosen = sample(images, block.spec["n"])
        if source.features is not None:
            if block.draw.operations:
                raise UndefinedError(
                    f"{source.name} cannot be augmented",
                    expected="the augmentation none: features are of images as they were",
                    got=block.draw.augmentation,
                    next_step="simzoo represent MODEL --augmentation NAME writes features of augmented images",
                )
            keep(source.features, images, chosen, name=source.name, taps=block.spec["taps"], key=block.key)
        else:
            self._extract(block, images, chosen)
        return Outcome(block.key, facts=extraction_facts(block.key))

    def _load(self, block: Block) -> Model:
        """Return the model; one without a head is outside the domain of what measures logits, which is no failure."""
        # how it is fed is no part of a model's key: one checkpoint at two sizes is two models here
        key = key_of([block.spec["model"], block.sources[0].name, block.spec["feed"]])
        if key not in self._models:
            self._models.clear()
            self._models[key] = block.sources[0].load(self.shelves, self.device)
        try:
            self._models[key].taps(block.spec["taps"])
        except TapError as error:
            if block.spec["taps"] != "logits":
                raise
            raise UndefinedError(
                error.what, expected=error.expected, got=error.got, next_step=error.next_step
            ) from error
        return self._models[key]

    def _extract(self, block: Block, images: Any, chosen: Sequence[int]) -> None:
        """Extract; where memory does not suffice, again with half the batch."""
        model, size = self._load(block), BATCH_SIZE
        options: dict[str, Any] = {"draw": block.draw, "key": block.key, "device": self.device}
        while True:
            try:
                with self.progress.step(block.label, len(chosen)) as step:
                    taps, pool = block.spec["taps"], block.spec["pool"]
                    extract(model, images, chosen, taps, pool, **options, batch_size=size, progress=step)
            except (MemoryError, RuntimeError) as error:
                if size == 1 or not _out_of_memory(error):
                    raise
                size //= 2
                self.progress.say(f"{block.label}: out of memory, again with batches of {size}")
                _free(self.device)
            else:
                return

    def _measure(self, block: Block) -> Outcome:
        sheet = self.shelves.measures[block.spec["measure"]].sheet
        params = block.spec["params"]
        draws = {name: block.spec[name] for name in ("resamples", "permutations", "seed")}
        names = [source.name for source in block.sources]
        if sheet.kind == "similarity":
            xs = self._read(block.inputs[0], names[0])
            ys = xs if names[0] == names[1] else self._read(block.inputs[1], names[1])
            rows = similarity_rows(sheet, xs, ys, params, draws, parts=block.spec.get("parts", False))
        else:
            xs = [tap for tap in self._read(block.inputs[0], names[0]) if block.spec["only"] in {None, tap.tap}]
            beside = [self._read(key, names[0]) for key in block.inputs[1:]]
            views, support = beside[: block.views], beside[block.views :]
            kept = block.spec.get("parts", sheet.name not in CHEAP)
            rows = tap_rows(sheet, xs, support[0] if support else [], params, draws, views=views, parts=kept)
        return Outcome(block.key, rows, sheet.as_dict())

    def _read(self, key: str, model: str) -> list[Representation]:
        """Open representations once for all measures, so that what is derived from them is shared."""
        if (key, model) not in self._taps:
            found = open_representations(key)
            if found is None:
                raise SimzooError(
                    f"the representations of {model} are not in the store",
                    expected=f"{key} under representations/ of the store",
                    got="none: something removed them while this run went on",
                    next_step="run the same command again",
                )
            self._taps[key, model] = [replace(tap, model=model) for tap in found]
            while len(self._taps) > HELD:
                self._taps.popitem(last=False)
        self._taps.move_to_end((key, model))
        return self._taps[key, model]


def work(job: Job) -> list[Outcome]:
    """Do a job in a process that knows only what the job says and what is installed."""
    os.environ["SIMZOO_HOME"] = job.home
    return [replace(outcome, error=_portable(outcome.error)) for outcome in _worker(job.device).do(job)]


def get_ready(device: str) -> int:
    """Load what every job needs before the first, whose time it would count as; return how many measures there are."""
    return len(_worker(device).shelves.measures)


@cache
def _worker(device: str) -> Worker:
    """The one worker of this process for a device."""
    return Worker(catalog(), device)


def _portable(error: Exception | None) -> Exception | None:
    """Return an error that crosses a process boundary."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever its class raises
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _out_of_memory(error: Exception) -> bool:
    told = ("out of memory", "allocate memory", "not enough memory")
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(word in str(error) for word in told)


def _free(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.empty_cache()


def extraction_facts(key: str) -> dict[str, Any]:
    """Return what reports say of an extraction that lies in the store; nothing where it does not."""
    facts = representations_shelf().facts(key)
    if not facts:
        return {}
    return {name: facts.get(name) for name in ("parameters", "feed", "left_out")} | {"n": len(facts["ids"])}


def failed_rows(block: Block, error: Exception) -> list[Row]:
    """Return the one row of a block that gave none."""
    return [replace(blank(block), **reason_of(error))]


def blank(block: Block) -> Row:
    """Return a row that says what a block is about, and nothing of what came out."""
    sources = block.sources
    other = sources[1] if len(sources) > 1 else None
    return Row(
        block.spec["measure"],
        block.spec["version"],
        params=params_text(block.spec["params"]),
        model=sources[0].name,
        model_b=other.name if other else None,
        seed=sources[0].seed,
        seed_b=other.seed if other else None,
        **block.about,
    )
