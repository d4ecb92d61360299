"""Training views: what a recipe's `views` table says, made by the batch, where it lies, of simzoo's own operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError
from torch import Tensor

from simzoo.errors import TrainingError
from simzoo.facts import augmentation
from simzoo.images.batched import Numbers, Params, composed, placed, warped
from simzoo.images.corruptions import Noise, Shear, Solarise, Translate
from simzoo.images.operations import Blur, ColorJitter, Crop, Flip, Grey, Rotate
from simzoo.recipes import Settings, Views
from simzoo.training.data import Pictures

ViewMaker = Callable[[Pictures], list[Tensor]]


@augmentation(name="shift", uniforms=2)
@dataclass(frozen=True)
class Shift:
    """Shift by up to `pixels` of `side` whole pixels: what cutting `side` pixels out of an image with a rim does."""

    pixels: int
    side: int

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:  # noqa: ARG002 - views have no strength
        """Return how far to the right and how far down, as shares of the side."""
        right, down = (np.floor(uniforms[:, i] * (2 * self.pixels + 1)) - self.pixels for i in range(2))
        return {"right": right / self.side, "down": down / self.side}

    def matrix(self, params: Params) -> Numbers:
        """Return where each place of the output is read."""
        return placed(1.0, 1.0, -2 * params["right"], -2 * params["down"])


def make_views(
    views: Views, size: int, copies: int, *, first: int = 0, max_scale: float = 1.0, solarize: float = 0.0
) -> ViewMaker:
    """Return a function from a batch to `copies` independent views of its images, each (b, 3, size, size) in [0, 1].

    Geometry is read in one go, bilinearly: slant, turn and shift (black outside), a crop of `min_scale` to `max_scale`
    of the area where `min_scale` is below 1, a shift by up to `pad` whole pixels else, flip. Then, in this order,
    jitter, grey, blur, solarisation with probability `solarize`, noise, as lightly's SimCLR view has it: `jitter` times
    .8 is its brightness, contrast and saturation, `jitter` times `hue` its hue; blur is by .1 to 2 px. Draws are pure
    functions of (seed, epoch, image id, copy, operation), where copies count from `first`. Normalisation is the model's
    business and comes later.
    """
    affine = [
        *([Shear(views.shear)] if views.shear else []),
        *([Rotate(views.rotate)] if views.rotate else []),
        *([Translate(views.translate)] if views.translate else []),
        *([Shift(views.pad, size)] if views.pad and views.min_scale == 1 else []),
    ]
    geometry = [
        *affine,
        *([Crop((views.min_scale, max_scale))] if views.min_scale < 1 else []),
        *([Flip(views.flip)] if views.flip else []),
    ]
    factor = 0.8 * views.jitter
    colours = [
        *([ColorJitter(factor, factor, factor, views.hue * views.jitter, views.jitter_probability)] if factor else []),
        *([Grey(views.grey)] if views.grey else []),
        *([Blur((0.1 / size, 2 / size), max(0.1, 9 / size), views.blur)] if views.blur else []),
        *([Solarise((0.5, 0.5), solarize)] if solarize else []),
        *([Noise(views.noise, cells=size)] if views.noise else []),
    ]
    outside = "zeros" if affine else "border"

    def view(pictures: Pictures, copy: int) -> Tensor:
        pixels = pictures.pixels
        if geometry or pixels.shape[-1] != size:
            matrices = [part.matrix(params) for part, params in _drawn(geometry, pictures, copy)]
            pixels = warped(pixels, composed(len(pixels), matrices), outside, size)
        for part, params in _drawn(colours, pictures, copy):
            pixels = part.apply(pixels, params)
        return pixels

    return lambda pictures: [view(pictures, first + copy) for copy in range(copies)]


def _drawn(parts: list[Any], pictures: Pictures, copy: int) -> Iterator[tuple[Any, Params]]:
    for part in parts:
        numbers = pictures.numbers(part.sheet.name, copy, part.sheet.facts["uniforms"])
        yield part, part.params(numbers, 1.0)


def global_and_local(recipe: Settings, size: int, copies: int = 2, local: Mapping[str, Any] = {}) -> ViewMaker:
    """Return a function from a batch to `copies` global views and as many local ones as the recipe asks for.

    Global views are the recipe's `views`; the option `second` changes some of its words for every view but the first
    (asymmetric views), and adds `solarize`. The option `local = { count, size, min_scale, max_scale }`, together with
    any words of `views`, adds `count` small crops after them; without it there are those of `local`.
    """
    options = recipe.options
    parts = [make_views(recipe.views, size, 1)]
    parts.append(_changed("second", recipe.views, options.get("second", {}), size, copies - 1, first=1))
    words = dict(options.get("local", local))
    if words and "count" not in words:
        raise TrainingError(
            "the option local of the recipe says nothing of how many",
            expected="local = { count = 6, ... }",
            got=", ".join(words),
            next_step="add count; 0 is none",
        )
    if count := words.pop("count", 0):
        parts.append(_changed("local", recipe.views, words, words.pop("size", size), count, first=copies))
    return lambda pictures: [view for part in parts for view in part(pictures)]


def _changed(option: str, views: Views, changes: Mapping[str, Any], size: int, copies: int, *, first: int) -> ViewMaker:
    words = dict(changes)
    max_scale, solarize = words.pop("max_scale", 1.0), words.pop("solarize", 0.0)
    try:
        chosen = Views.model_validate({**views.model_dump(), **words})
    except ValidationError as error:
        wrong = error.errors()[0]
        raise TrainingError(
            f"the option {option} of the recipe cannot be used",
            expected=f"words of views ({', '.join(Views.model_fields)}), each with a number",
            got=f"{'.'.join(map(str, wrong['loc']))} = {wrong['input']!r}",
            next_step="mend it in the recipe",
        ) from error
    return make_views(chosen, size, copies, first=first, max_scale=max_scale, solarize=solarize)
