"""A backbone is built with its default arguments and read at its taps. Each check takes the function."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.errors import TapError
from simzoo.models.blocks import block_of
from simzoo.models.load import wrap_module
from simzoo.models.pooling import pooling
from simzoo.models.taps import find_taps, forward_taps
from simzoo.testing.conformance import Check, named, require


def checks(part: Any) -> list[Check]:
    """Return the checks of a backbone."""
    return [Check(named(check), partial(_without_gradients, check, part)) for check in CHECKS]


def _without_gradients(check: Any, part: Any) -> None:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        check(part)


def it_builds_from_a_seed(part: Any) -> None:
    """It returns a module, and one seed gives one start."""
    first, again = _built(part), _built(part)
    require(
        isinstance(first, nn.Module),
        f"{part.sheet.name} builds no module",
        expected="an nn.Module",
        got=type(first).__name__,
    )
    own, other = first.state_dict(), again.state_dict()
    differing = [name for name in own if name not in other or not torch.equal(own[name], other[name])]
    require(
        not differing,
        f"{part.sheet.name} does not start the same from one seed",
        expected="equal weights",
        got=f"others at {', '.join(differing[:3])}",
        next_step="draw from torch's generator only",
    )


def the_final_tap_is_a_matrix(part: Any) -> None:
    """`final`, pooled, is finite, (b, d), and not the same for different images."""
    network, pixels = _ready(part)
    found = _read(network, pixels, "final", "gap")["final"]
    require(
        found.ndim == 2 and len(found) == len(pixels) and bool(found.isfinite().all()),
        f"the final tap of {part.sheet.name} is no matrix",
        expected=f"finite numbers ({len(pixels)}, d)",
        got=tuple(found.shape),
    )
    require(
        found.std(0).max() > 0,
        f"{part.sheet.name} gives one output for all images",
        expected="rows that differ",
        got="equal rows",
    )


def poolings_agree(part: Any) -> None:
    """Pooled by `gap` and by `flatten` there is one row an image, and the second has whole multiples of columns."""
    network, pixels = _ready(part)
    found = {pool: _read(network, pixels, "final", pool)["final"] for pool in ("gap", "flatten")}
    shapes = {pool: tuple(values.shape) for pool, values in found.items()}
    require(
        all(len(shape) == 2 and shape[0] == len(pixels) for shape in shapes.values())
        and shapes["flatten"][1] % shapes["gap"][1] == 0,
        f"poolings of {part.sheet.name} do not fit each other",
        expected="one row an image; columns of flatten a multiple of those of gap",
        got=shapes,
    )


def it_is_deterministic_in_eval(part: Any) -> None:
    """Two passes in eval mode agree bit by bit, and an image's output does not hang on its batch."""
    network, pixels = _ready(part)
    first, again = (_read(network, pixels, "final", "gap")["final"] for _ in range(2))
    require(
        torch.equal(first, again),
        f"{part.sheet.name} is not deterministic in eval mode",
        expected="equal outputs",
        got=f"a difference of {float((first - again).abs().max()):.1e}",
    )
    alone = torch.cat([_read(network, image[None], "final", "gap")["final"] for image in pixels])
    require(
        torch.allclose(alone, first, rtol=1e-3, atol=1e-4),
        f"an image's output of {part.sheet.name} depends on its batch",
        expected="the same alone and among others",
        got=f"a difference of {float((first - alone).abs().max()):.1e}",
    )


def even_less_the_shortcut_is_odd(part: Any) -> None:
    """Where `residual` is defined: even - shortcut = odd at each branch, and no branch starts at zero."""
    network, pixels = _ready(part)
    try:
        taps = find_taps(network, "residual")
    except TapError:
        return
    inputs: dict[str, Tensor] = {}
    handles = []
    for name, module in network.named_modules():
        if block_of(module) is not None:
            keep = partial(_keep, inputs, name)
            handles.append(module.register_forward_pre_hook(keep))
    found = {tap.name: values for tap, values in forward_taps(network, pixels, taps, pooling("flatten")).items()}
    for handle in handles:
        handle.remove()
    for name, came in inputs.items():
        block = block_of(network.get_submodule(name))
        if block is not None and f"{name}.{block.branches[0].name}.odd".replace("..", ".") in found:
            _require_sums(part, network.get_submodule(name), name, came, found)


def _require_sums(part: Any, module: Any, name: str, came: Tensor, found: dict[str, Tensor]) -> None:
    shortcut = getattr(module, "downsample", None)
    before = (came if shortcut is None else shortcut(came)).flatten(1)
    for branch in block.branches if (block := block_of(module)) else ():
        stem = f"{name}.{branch.name}" if branch.name else name
        odd, even = found[f"{stem}.odd"], found[f"{stem}.even"]
        require(
            odd.abs().max() > 0,
            f"the branch {stem} of {part.sheet.name} starts at zero",
            expected="an odd tap that is not 0 before training (zero_init_last=False)",
            got="0 everywhere",
        )
        require(
            even.shape == before.shape and torch.allclose(even - before, odd, rtol=1e-3, atol=1e-4),
            f"even less the shortcut is not odd at {stem} of {part.sheet.name}",
            expected="even - shortcut = odd",
            got=f"shapes {tuple(even.shape)} and {tuple(before.shape)}"
            if even.shape != before.shape
            else f"a difference of {float((even - before - odd).abs().max()):.1e}",
            next_step="an entry of its own in simzoo/models/blocks.py, or leave the preset undefined",
        )
        before = even


def _keep(inputs: dict[str, Tensor], name: str, _: nn.Module, args: tuple[Tensor, ...]) -> None:
    inputs[name] = args[0].detach().clone()


def _built(part: Any) -> Any:
    torch.manual_seed(0)
    return part()


@lru_cache(maxsize=1)  # the checks of one backbone follow each other, and building a large one takes seconds
def _ready(part: Any) -> tuple[nn.Module, Tensor]:
    model = wrap_module(_built(part))
    pixels = torch.randn(3, 3, model.feed.size, model.feed.size, generator=torch.Generator().manual_seed(1))
    return model.module, pixels


def _read(network: nn.Module, pixels: Tensor, taps: str, pool: str) -> dict[str, Tensor]:
    found = forward_taps(network, pixels, find_taps(network, taps), pooling(pool))
    return {tap.name: values for tap, values in found.items()}


CHECKS = [
    it_builds_from_a_seed,
    the_final_tap_is_a_matrix,
    poolings_agree,
    it_is_deterministic_in_eval,
    even_less_the_shortcut_is_odd,
]
