"""One draw of one augmentation: what is done to an image before a model sees it, the same for every model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from simzoo.catalog import Catalog, catalog
from simzoo.errors import CardError, UsageError
from simzoo.images.draws import uniforms
from simzoo.registries import find_augmentation


@dataclass(frozen=True)
class Operation:
    """A part with its settings: `facts` is the part's name, version and settings as plain data."""

    part: Any = field(compare=False)
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Draw:
    """Operations in their order, how strong, and which draw: a pure function of `seed`, image id and `number`.

    Without operations the image stays as it is; `strength` is None then.
    """

    augmentation: str = "none"
    strength: float | None = None
    operations: tuple[Operation, ...] = ()
    number: int = 0
    seed: int = 0

    def apply(self, batch: Tensor, ids: Sequence[str]) -> Tensor:
        """Return the (b, 3, h, w) images of these ids, in [0, 1], as this draw makes them; the input stays as it is."""
        if not self.strength:
            return batch
        for operation in self.operations:
            sheet = operation.part.sheet
            numbers = uniforms(self.seed, ids, self.number, sheet.name, sheet.facts["uniforms"])
            batch = operation.part.apply(batch, operation.part.params(numbers, self.strength))
        return batch

    @property
    def facts(self) -> dict[str, Any]:
        """All that decides what an image becomes, as plain data."""
        own = {"augmentation": self.augmentation, "strength": self.strength, "draw": self.number, "seed": self.seed}
        return {**own, "operations": [dict(operation.facts) for operation in self.operations]}


CLEAN = Draw()


def drawn(augmentation: str, number: int = 0, seed: int = 0, shelves: Catalog | None = None) -> Draw:
    """Return a draw of the augmentation that `NAME[:STRENGTH]` says; strength 1 is the named setting, 0 is nothing.

    >>> drawn("crop:0.5", number=3).strength
    0.5
    >>> drawn("none", number=3) == CLEAN
    True
    """
    name, strength = split_strength(augmentation)
    shelves = shelves or catalog()
    setting = find_augmentation(name, shelves)
    if not setting.operations:
        return CLEAN
    if number < 0:
        raise UsageError("a draw is a number from 0 up", expected="draw >= 0", got=str(number), next_step="--draw 0")
    operations = tuple(_operation(setting.name, options, shelves) for options in setting.operations)
    return Draw(setting.name, strength, operations, number, seed)


def split_strength(augmentation: str) -> tuple[str, float]:
    """Return the name and the strength of `NAME[:STRENGTH]`."""
    name, colon, text = augmentation.partition(":")
    try:
        strength = float(text) if colon else 1.0
    except ValueError:
        strength = math.nan
    if not 0 <= strength < math.inf:
        raise UsageError(
            f"{augmentation!r} does not say how strong",
            expected="NAME or NAME:STRENGTH, a number from 0 (nothing) over 1 (the named setting) up",
            got=repr(text),
            next_step=f"{name}:0.5",
        )
    return name, strength


def _operation(setting: str, options: Mapping[str, Any], shelves: Catalog) -> Operation:
    settings = {name: value for name, value in options.items() if name != "operation"}
    kind = shelves.augmentations[options["operation"]].part
    try:
        part = kind(**settings)
    except TypeError as error:
        raise CardError(
            f"augmentation {setting!r} cannot be made",
            expected=f"settings that {kind.sheet.name!r} has",
            got=str(error),
            next_step=f"simzoo show {kind.sheet.name}",
        ) from error
    return Operation(part, {"operation": kind.sheet.name, "version": kind.sheet.version, **settings})
