"""The value every measure takes: one tap of one model over one set of images, under one augmentation draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from simzoo.errors import MismatchError


@dataclass(frozen=True, eq=False)
class Representation:
    """A matrix of n images by d features with its ids, labels and provenance; numpy and torch read it as an array.

    `kind` is odd, even, block, final, logits or other; `depth` is the tap's place among the model's taps of its kind,
    from 0 (first) to 1 (last). `strength` is None where nothing is done to the images; `seed` is the model's.
    With `rdm` the values are no features but (n, n) dissimilarities of the images, which RSA takes as they are.
    """

    values: npt.NDArray[np.floating[Any]]
    ids: tuple[str, ...]
    labels: npt.NDArray[np.int64] | None = None
    split: str = ""
    model: str = ""
    tap: str = ""
    kind: str = "other"
    depth: float = 0.0
    data: str = ""
    augmentation: str = "none"
    strength: float | None = None
    draw: int = 0
    seed: int | None = None
    rdm: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, d)."""
        return self.values.shape

    def __len__(self) -> int:
        """Return n, the number of images."""
        return len(self.values)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Give numpy the values, without a copy where it asks for none."""
        return np.array(self.values, dtype=dtype, copy=copy)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Give older readers the values, without a copy."""
        return self.values.__array_interface__

    def __dlpack__(self, **options: Any) -> Any:
        """Give torch the values, without a copy."""
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        """Say where the values lie."""
        return self.values.__dlpack_device__()

    def take(self, rows: Sequence[int] | npt.NDArray[np.intp]) -> Representation:
        """Return the representation of some of the images, in the order given."""
        index = np.asarray(rows)
        labels = None if self.labels is None else self.labels[index]
        return replace(self, values=self.some(index), ids=tuple(self.ids[i] for i in index), labels=labels)

    def some(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.floating[Any]]:
        """Return the values of some of the images: their rows, and of dissimilarities the same columns."""
        return self.values[np.ix_(rows, rows)] if self.rdm else self.values[rows]


@dataclass(frozen=True, eq=False)
class Reordered(Representation):
    """A representation whose rows are those of `base` in another order, which its ids would not follow: it has none."""

    base: Representation = field(kw_only=True)
    order: npt.NDArray[np.intp] = field(kw_only=True)


def reordered(x: Representation, order: npt.NDArray[np.intp]) -> Reordered:
    """Return a representation with its rows in another order; what is derived of it may follow from what x has."""
    own = {item.name: getattr(x, item.name) for item in fields(Representation)}
    own |= {"values": x.some(order), "ids": (), "labels": None if x.labels is None else x.labels[order]}
    return Reordered(**own, base=x, order=order)


def same_images(x: Representation, y: Representation) -> None:
    """Refuse two representations that do not hold the same images in the same order."""
    if x.ids == y.ids:
        return
    if len(x.ids) != len(y.ids):
        got = f"{len(x.ids)} and {len(y.ids)} images"
    else:
        row = next(i for i, (a, b) in enumerate(zip(x.ids, y.ids, strict=True)) if a != b)
        order = "the same images in another order" if set(x.ids) == set(y.ids) else "different images"
        got = f"{order}; first difference in row {row}: {x.ids[row]!r} and {y.ids[row]!r}"
    raise MismatchError(
        f"{x.model or 'x'} and {y.model or 'y'} cannot be compared: their image ids differ",
        expected="the same ids in the same order",
        got=got,
        next_step="extract both from the same data, split and --n, or reorder one with .take(rows)",
    )
