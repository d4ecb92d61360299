"""An augmentation is drawn for a batch of noise at two sizes. Each check takes the class."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simzoo.testing.conformance import Check, named, require

IMAGES, SIZE = 24, 32


def checks(part: Any) -> list[Check]:
    """Return the checks of an augmentation."""
    return [Check(named(check), partial(check, part)) for check in CHECKS]


def shapes_stay(part: Any) -> None:
    """Images come back as finite numbers of the shape they had."""
    for size in (SIZE, 2 * SIZE + 1):
        found = _applied(part, _batch(size), 1.0)
        require(
            tuple(found.shape) == (IMAGES, 3, size, size) and bool(found.isfinite().all()),
            f"{part.sheet.name} does not give images back",
            expected=f"finite numbers ({IMAGES}, 3, {size}, {size})",
            got=tuple(found.shape),
        )


def strength_0_changes_nothing(part: Any) -> None:
    """At strength 0 the images are as they were; at strength 1 some are not."""
    batch = _batch()
    change = {strength: float((_applied(part, batch, strength) - batch).abs().max()) for strength in (0.0, 1.0)}
    require(
        change[0.0] <= 1e-4 < change[1.0],
        f"strength does not mean what it should for {part.sheet.name}",
        expected="no change at strength 0, a change at strength 1",
        got=f"changes of {change[0.0]:.1e} and {change[1.0]:.1e}",
        next_step="let sizes, factors and probabilities shrink with strength",
    )


def a_draw_repeats(part: Any) -> None:
    """The same numbers give the same images, the input stays as it is, and no generator is drawn from."""
    batch = _batch()
    kept, state = batch.clone(), (torch.get_rng_state(), np.random.get_state()[1].copy())  # type: ignore[index]  # noqa: NPY002 - is it left alone?
    first, again = _applied(part, batch, 1.0), _applied(part, batch, 1.0)
    drawn = not torch.equal(state[0], torch.get_rng_state()) or (state[1] != np.random.get_state()[1]).any()  # type: ignore[index]  # noqa: NPY002 - the same
    require(
        torch.equal(first, again) and torch.equal(batch, kept) and not drawn,
        f"a draw of {part.sheet.name} is not a function of its numbers",
        expected="equal images, an unchanged input and untouched generators",
        got="other images" if not torch.equal(first, again) else "a draw of its own" if drawn else "a changed input",
        next_step="take all that is random from `uniforms`",
    )


def images_do_not_meet(part: Any) -> None:
    """What becomes of an image does not hang on the others of its batch."""
    batch, numbers = _batch(), _numbers(part)
    together = _applied(part, batch, 1.0)
    alone = torch.cat([_applied(part, batch[i : i + 1], 1.0, numbers[i : i + 1]) for i in range(IMAGES)])
    require(
        torch.allclose(together, alone, atol=1e-4),
        f"{part.sheet.name} mixes the images of a batch",
        expected="the same image alone and among others",
        got=f"a difference of {float((together - alone).abs().max()):.1e}",
    )


def _applied(part: Any, batch: Tensor, strength: float, numbers: Any = None) -> Tensor:
    made = part()
    params = made.params(_numbers(part) if numbers is None else numbers, strength)
    applied: Tensor = made.apply(batch, params)
    return applied


def _numbers(part: Any) -> Any:
    return np.random.default_rng(0).uniform(size=(IMAGES, part.sheet.facts.get("uniforms", 1)))


def _batch(size: int = SIZE) -> Tensor:
    return torch.rand(IMAGES, 3, size, size, generator=torch.Generator().manual_seed(0))


CHECKS = [shapes_stay, strength_0_changes_nothing, a_draw_repeats, images_do_not_meet]
