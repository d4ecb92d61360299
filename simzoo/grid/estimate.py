"""What a plan will cost: rows, seconds, memory and disk, from the shapes of its models and what was measured before."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from simzoo.errors import SimzooError
from simzoo.grid.plan import Block, blocks_of
from simzoo.grid.run import Run
from simzoo.grid.source import Source
from simzoo.images.find import open_data
from simzoo.models.pooling import pooling
from simzoo.models.taps import forward_taps
from simzoo.representations.store import NUMBER

PROBE = 8  # images of the one batch that is timed


@dataclass(frozen=True)
class Shape:
    """The taps of a model as (kind, width), and the seconds that it takes for one image."""

    taps: tuple[tuple[str, int], ...]
    seconds: float

    @property
    def bytes(self) -> int:
        """How much one image takes, of all taps together."""
        return sum(width for _, width in self.taps) * NUMBER.itemsize


@dataclass(frozen=True)
class Estimate:
    """What is left to do.

    `unknown` are measures that never ran here, whose time is in none of the sums; `problems` are models that cannot be
    built or have not the taps asked for, whose rows will say so.
    `seconds` are right to a factor of two or three; `rows` are exact where nothing fails; `memory` is that of the
    largest block's inputs, beside the programs themselves.
    """

    rows: int
    seconds: dict[str, float]
    memory: int
    disk: int
    unknown: tuple[str, ...]
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def estimate(run: Run, missing: Iterable[Block], workers: int = 1) -> Estimate:
    """Estimate what the missing blocks of a run will cost, and how many rows the whole table will have."""
    shapes = _Shapes(run)
    by_key = {block.key: block for block in blocks_of(run.graph, "extract")}
    seconds: defaultdict[str, float] = defaultdict(float)
    rates, unknown, rows, disk, memory = run.store.rates(), set(), 0, 0, 0
    waiting = {block.key for block in missing}
    for block in blocks_of(run.graph):
        if block.kind == "train" and block.key in waiting and block.sources[0].spec is not None:
            from simzoo.training.estimate import estimate_seconds  # lightly loads for seconds

            seconds["train"] += estimate_seconds(block.sources[0].spec, device=run.device, shelves=run.shelves)
        elif block.kind == "extract" and block.key in waiting:
            shape, count = shapes.of(block), shapes.count(block)
            seconds["extract"] += shape.seconds * count
            disk += shape.bytes * count
        elif block.kind == "measure":
            inputs = [by_key[key] for key in block.inputs]
            cells = 1 if block.skipped else shapes.rows(block, inputs)
            rows += cells
            if block.key in waiting:
                memory = max(memory, sum(shapes.of(given).bytes * shapes.count(given) for given in set(inputs)))
                name = block.spec["measure"]
                if name in rates:
                    per_row, usual = rates[name]
                    seconds["measure"] += cells * per_row * shapes.count(inputs[0]) / usual
                else:
                    unknown.add(name)
    shared = {kind: amount / workers for kind, amount in seconds.items()}
    return Estimate(rows, shared, memory, disk, tuple(sorted(unknown)), tuple(shapes.problems))


class _Shapes:
    """Looks up each model's shape and each data set's size once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._shapes: dict[tuple[str, str, str], Shape] = {}
        self._sizes: dict[tuple[str, str], int] = {}
        self.problems: list[str] = []

    def count(self, block: Block) -> int:
        """Return how many images an extraction sees."""
        place = (block.spec["data"][0], block.spec["split"])
        if place not in self._sizes:
            self._sizes[place] = len(open_data(*place, self.run.shelves))
        return min(self._sizes[place], block.spec["n"] or self._sizes[place])

    def of(self, block: Block) -> Shape:
        """Return the shape of an extraction's taps."""
        words = (block.sources[0].name, block.spec["taps"], block.spec["pool"])
        if words not in self._shapes:
            try:
                self._shapes[words] = self._probe(*words[1:], block.sources[0])
            except SimzooError as error:
                self._shapes[words] = Shape((), 0.0)
                self.problems.append(f"{words[0]}: {error.what}")
        return self._shapes[words]

    def rows(self, block: Block, inputs: list[Block]) -> int:
        """Return how many rows a block will give, its summaries among them."""
        sheet = self.run.shelves.measures[block.spec["measure"]].sheet
        kinds = [Counter(kind for kind, _ in self.of(given).taps) for given in inputs[:2]]
        if sheet.kind != "similarity":
            return len(sheet.fields) * (1 if block.spec["only"] else kinds[0].total())
        summed = sum(min(kinds[0][kind], kinds[1][kind]) >= 2 for kind in ("odd", "even", "block", "other"))
        itself = block.sources[0].name == block.sources[1].name
        return kinds[0].total() * kinds[1].total() + (0 if itself else 2 * summed)

    def _probe(self, taps: str, pool: str, source: Source) -> Shape:
        if source.features is not None:
            found = source.features.taps(taps)
            return Shape(tuple((tap.kind, tap.shape[1]) for tap in found), 0.0)
        model = source.model or source.unweighted(self.run.shelves, self.run.device)
        wanted = model.taps(taps)
        blank = torch.zeros(PROBE, 3, model.feed.size, model.feed.size, device=self.run.device)
        with torch.inference_mode():
            forward_taps(model.module, blank, wanted, pooling(pool))
            started = time.perf_counter()
            pooled = forward_taps(model.module, blank, wanted, pooling(pool))
        seconds = (time.perf_counter() - started) / PROBE
        return Shape(tuple((tap.kind, pooled[tap].shape[1]) for tap in wanted), seconds)
