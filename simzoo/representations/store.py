"""The store of representations: one file an extraction, all its taps one after the other, memory-mapped on reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from simzoo.images.imageset import UNLABELLED
from simzoo.representations.representation import Representation
from simzoo.storage import Artifact, representations_shelf

NUMBER = np.dtype("<f4")
Matrix = npt.NDArray[np.float32]


@dataclass
class TapWriter:
    """Writes the matrices of all taps into one file, batch by batch, with room for `n` images in each."""

    file: BinaryIO
    n: int
    filled: int = 0
    widths: tuple[int, ...] = ()

    def append(self, rows: Sequence[Matrix]) -> None:
        """Write the rows of one batch, one matrix for each tap."""
        if not self.widths:
            self.widths = tuple(matrix.shape[1] for matrix in rows)
            # take all the room at once: growing tap by tap would copy a file in memory again and again
            self.file.seek(self.n * sum(self.widths) * NUMBER.itemsize - 1)
            self.file.write(b"\0")
        for matrix, start, width in zip(rows, self._starts(self.n), self.widths, strict=True):
            self.file.seek(start + self.filled * width * NUMBER.itemsize)
            self.file.write(np.ascontiguousarray(matrix, NUMBER).data)
        self.filled += len(rows[0])

    def finish(self) -> list[dict[str, Any]]:
        """Close the gaps that left-out images leave; return the offset (in numbers) and shape of each tap."""
        starts = self._starts(self.filled)
        if self.filled < self.n:
            for now, then, width in zip(self._starts(self.n), starts, self.widths, strict=True):
                self.file.seek(now)
                matrix = self.file.read(self.filled * width * NUMBER.itemsize)
                self.file.seek(then)
                self.file.write(matrix)
            self.file.truncate()
        self.file.flush()
        return [
            {"offset": start // NUMBER.itemsize, "shape": [self.filled, width]}
            for start, width in zip(starts, self.widths, strict=True)
        ]

    def _starts(self, n: int) -> list[int]:
        return [n * sum(self.widths[:i]) * NUMBER.itemsize for i in range(len(self.widths))]


def representations_of(flat: Matrix, facts: dict[str, Any]) -> list[Representation]:
    """Return one representation for each tap of an extraction, as views of its numbers."""
    numbers = np.asarray(facts["labels"], np.int64)
    labels = None if len(numbers) and (numbers == UNLABELLED).all() else numbers
    words = ("split", "model", "data", "augmentation", "draw", "seed")
    common: dict[str, Any] = {word: facts[word] for word in words} | {"ids": tuple(facts["ids"]), "labels": labels}
    common["strength"] = facts.get("strength")  # files of simzoo 0.1 have none, as they have no augmentation
    return [
        Representation(
            values=flat[tap["offset"] :][: tap["shape"][0] * tap["shape"][1]].reshape(tap["shape"]),
            tap=tap["name"],
            kind=tap["kind"],
            depth=tap["depth"],
            rdm=tap.get("rdm", False),
            **common,
        )
        for tap in facts["taps"]
    ]


def open_representations(key: str) -> list[Representation] | None:
    """Return the representations stored under `key`, mapped copy-on-write, or None where there are none."""
    artifact = representations_shelf().get(key)
    return None if artifact is None else mapped(artifact)


def mapped(artifact: Artifact) -> list[Representation]:
    """Return the representations of a file of the store, mapped copy-on-write."""
    return representations_of(np.memmap(artifact.path, NUMBER, mode="c"), artifact.header)
