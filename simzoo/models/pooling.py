"""Pooling: from what a tap gives, maps or tokens, to one row an image. Applied once, inside the hook."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from simzoo.errors import TapError
from simzoo.models.tap import Tap

Pool = Callable[[Tensor, Tap], Tensor]
NAMES = ("gap", "cls", "flatten", "grid:K")


def pooling(name: str) -> Pool:
    """Return the pooling of that name: a function of a tap's output (b, ...) and the tap that returns (b, d).

    Maps are (b, c, h, w), or (b, h, w, c) at taps whose channels come last; tokens are (b, tokens, c), the first
    `tap.prefix` of which (class token, registers) belong to no patch. What is (b, d) already stays as it is.

    - `gap`: the mean over space, or over patch tokens.
    - `cls`: the class token.
    - `flatten`: everything, c * h * w or tokens * c columns, in the order in which the tap gives them.
    - `grid:K`: means over a K x K grid, c * K * K columns; a map of fewer than K x K places is taken as it is.

    The result is never a view of what was given: networks add and activate in place.
    """
    kind, _, size = name.partition(":")
    if name == "gap":
        return _gap
    if name == "cls":
        return _cls
    if name == "flatten":
        return _flatten
    if kind == "grid" and size.isdecimal() and int(size) > 0:
        places = int(size)
        return lambda values, tap: _grid(values, tap, places)
    raise TapError(
        f"unknown pooling {name!r}",
        expected=", ".join(NAMES) + " (K a number, such as grid:2)",
        got=repr(name),
        next_step="--pool gap",
    )


def _gap(values: Tensor, tap: Tap) -> Tensor:
    if values.ndim == 4 and not tap.channels_last:
        places = values.flatten(2)
        # on small maps a product with a constant takes two thirds of the time of `mean`
        return places @ places.new_full((places.shape[2],), 1 / places.shape[2])
    if values.ndim == 4:
        return values.mean((1, 2))
    return values.clone() if values.ndim == 2 else _patches(values, tap, "gap").mean(1)


def _cls(values: Tensor, tap: Tap) -> Tensor:
    if values.ndim == 2:
        return values.clone()
    if values.ndim != 3 or not tap.has_class_token or not _prefix(values, tap):
        raise TapError(
            f"pooling 'cls' is not defined at tap {tap.name!r}: it has no class token",
            expected="tokens that begin with a class token (a ViT that has one)",
            got=_shape(values, tap),
            next_step="--pool gap",
        )
    return values[:, 0].clone()


def _flatten(values: Tensor, _: Tap) -> Tensor:
    return values.flatten(1).clone()


def _grid(values: Tensor, tap: Tap, places: int) -> Tensor:
    if values.ndim == 2:
        return values.clone()
    maps = _maps(values, tap, f"grid:{places}")
    height, width = maps.shape[2:]
    return functional.adaptive_avg_pool2d(maps, (min(places, height), min(places, width))).flatten(1).clone()


def _maps(values: Tensor, tap: Tap, pool: str) -> Tensor:
    """Return (b, c, h, w), patch tokens laid out again as the square they came from."""
    if values.ndim == 4:
        return values.permute(0, 3, 1, 2) if tap.channels_last else values
    tokens = _patches(values, tap, pool)
    side = math.isqrt(tokens.shape[1])
    if side * side != tokens.shape[1]:
        raise TapError(
            f"pooling {pool!r} is not defined at tap {tap.name!r}: its patch tokens form no square",
            expected="a square number of patch tokens",
            got=f"{tokens.shape[1]} patch tokens ({_shape(values, tap)})",
            next_step="--pool gap or --pool flatten",
        )
    return tokens.transpose(1, 2).reshape(len(tokens), -1, side, side)


def _patches(values: Tensor, tap: Tap, pool: str) -> Tensor:
    tokens = values[:, _prefix(values, tap) :] if values.ndim == 3 else values
    if values.ndim != 3 or tokens.shape[1] == 0:
        raise TapError(
            f"pooling {pool!r} is not defined at tap {tap.name!r}",
            expected="a map (b, c, h, w), tokens (b, tokens, c) or rows (b, d)",
            got=_shape(values, tap),
            next_step="--pool flatten, or name another tap",
        )
    return tokens


def _prefix(values: Tensor, tap: Tap) -> int:
    """Count the tokens before the patches; a tap such as the patch embedding gives the patches alone."""
    return 0 if values.shape[1] == tap.patches else tap.prefix


def _shape(values: Tensor, tap: Tap) -> str:
    inside = ", ".join(str(size) for size in values.shape[1:])
    prefix = f", {tap.prefix} of them before the patches" if values.ndim == 3 and tap.prefix else ""
    return f"(b, {inside}){prefix}"
