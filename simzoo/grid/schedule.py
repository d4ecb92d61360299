"""In which order missing blocks run: each after what it needs, and all extractions of one model in one go."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence

import networkx as nx

from simzoo.grid.plan import Block


class Schedule:
    """The blocks that have yet to run. Ready ones come in the order given, which is that of the plan."""

    def __init__(self, blocks: Sequence[Block], graph: nx.DiGraph[str]) -> None:
        """Take the blocks, each after what it needs; what is not among them is there already."""
        self._blocks = {block.key: block for block in blocks}
        self._place = {key: place for place, key in enumerate(self._blocks)}
        self._users = {key: [user for user in graph.successors(key) if user in self._blocks] for key in self._blocks}
        self._lacks = {key: sum(need in self._blocks for need in graph.predecessors(key)) for key in self._blocks}
        self._graph = graph
        self._wanted = Counter(need for key in self._blocks for need in graph.predecessors(key))
        self._ready: list[int] = []
        self._of_model: dict[str, set[str]] = defaultdict(set)  # extractions that are ready
        self._keys = list(self._blocks)
        for key, lacking in self._lacks.items():
            if not lacking:
                self._make_ready(key)

    def __len__(self) -> int:
        """Return how many blocks have not finished."""
        return len(self._blocks)

    def next(self) -> tuple[Block, ...]:
        """Return the next job: one block, or all ready extractions of one model; nothing where none is ready."""
        while self._ready:
            block = self._blocks.get(self._keys[heapq.heappop(self._ready)])
            if block is None or self._lacks[block.key] < 0:
                continue  # went with another extraction of its model
            together = {block.key}
            if block.kind == "extract":
                together = self._of_model.pop(block.spec["model"])
            for key in together:
                self._lacks[key] = -1
            return tuple(self._blocks[key] for key in sorted(together, key=self._place.__getitem__))
        return ()

    def finish(self, key: str) -> list[str]:
        """Say that a block is over, done or not; return the keys of what it needed and nothing else needs."""
        del self._blocks[key]
        for user in self._users.pop(key):
            self._lacks[user] -= 1
            if self._lacks[user] == 0:
                self._make_ready(user)
        unneeded = []
        for need in self._graph.predecessors(key):
            self._wanted[need] -= 1
            if not self._wanted[need]:
                unneeded.append(need)
        return unneeded

    def _make_ready(self, key: str) -> None:
        heapq.heappush(self._ready, self._place[key])
        block = self._blocks[key]
        if block.kind == "extract":
            self._of_model[block.spec["model"]].add(key)
