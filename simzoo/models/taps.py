"""Taps: the named places where a network is read, and reading all of them in one forward pass.

Odd is the residual branch just before the addition; even is the sum, shortcut + odd, before any activation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from torch import Tensor, nn

from simzoo.errors import TapError
from simzoo.models.blocks import block_of
from simzoo.models.pooling import Pool
from simzoo.models.tap import Tap

PRESETS = ("final", "blocks", "residual", "logits")
SHOWN = 30  # module names that a message lists


def find_taps(network: nn.Module, wanted: str) -> list[Tap]:
    """Return the taps that `wanted` names, in the order given; `final` and `logits` come last.

    Args:
        network: a timm model or any module.
        wanted: presets (`final`, `blocks`, `residual`, `logits`), names of taps (`layer1.0.odd`) and globs over module
            names (`layer3.*`; `*` stays within one level, `**` spans any number), separated by commas. `blocks` and
            `residual` end with `final`.
    """
    chosen: dict[str, Tap] = {}
    for word in (word.strip() for word in wanted.split(",")):
        found = _preset(network, word) if word in PRESETS else _matching(network, word)
        for tap in found:
            chosen.setdefault(tap.name, tap)
    last = {"final": 1, "logits": 2}
    ordered = sorted(chosen.values(), key=lambda tap: last.get(tap.kind, 0))
    return [_described(network, tap) for tap in _spread(ordered, {"other"})]


def forward_taps(network: nn.Module, pixels: Tensor, taps: Sequence[Tap], pool: Pool) -> dict[Tap, Tensor]:
    """Return the pooled output (b, d) of every tap, all from one forward pass.

    Pooling happens inside the hooks: timm adds and activates in place, so what a hook only keeps is overwritten.
    """
    with capture(network, taps, pool) as found:
        _run(network, pixels, taps, pool, found)
    for tap in taps:
        if tap not in found:
            raise TapError(
                f"tap {tap.name!r} gave nothing: the network never calls {tap.module!r}",
                expected="a module that takes part in the forward pass",
                got="no call",
                next_step=f"name another tap, such as {tap.module.rpartition('.')[0] or 'final'}",
            )
    return {tap: found[tap] for tap in taps}


@contextmanager
def capture(network: nn.Module, taps: Iterable[Tap], pool: Pool) -> Iterator[dict[Tap, Tensor]]:
    """Hook the taps that lie at submodules; the mapping that is yielded fills as the network runs."""
    found: dict[Tap, Tensor] = {}
    handles = []
    try:
        for tap in taps:
            if tap.kind in {"final", "logits"}:
                continue
            module = network.get_submodule(tap.module)
            hook = _hook(tap, pool, found)
            if tap.side == "input":
                handles.append(module.register_forward_pre_hook(lambda _, args, hook=hook: hook(args[0])))
            else:
                handles.append(module.register_forward_hook(lambda _, __, output, hook=hook: hook(output)))
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _hook(tap: Tap, pool: Pool, found: dict[Tap, Tensor]) -> Callable[[Any], None]:
    def keep(values: Any) -> None:
        if tap in found:
            raise TapError(
                f"tap {tap.name!r} is ambiguous: the network calls {tap.module!r} more than once",
                expected="a module that is called once in a forward pass",
                got="a second call",
                next_step="name the module around it",
            )
        found[tap] = pool(_tensor(values, tap), tap)

    return keep


def _run(network: Any, pixels: Tensor, taps: Sequence[Tap], pool: Pool, found: dict[Tap, Tensor]) -> None:
    """Run the network as far as the taps need; `final` is pooled before a head can change it in place."""
    has_head = _is_timm(network)
    features = network.forward_features(pixels) if has_head else network(pixels)
    for tap in taps:
        if tap.kind == "final":
            found[tap] = pool(_tensor(features, tap), tap)
    if has_head and any(tap.kind in {"logits", "other"} for tap in taps):
        logits = network.forward_head(features)
        found.update({tap: logits for tap in taps if tap.kind == "logits"})


def _preset(network: nn.Module, preset: str) -> list[Tap]:
    if preset == "final":
        return [Tap("final", "final", "", depth=1.0)]
    if preset == "logits":
        return [_logits(network)]
    taps: list[Tap] = []
    for name, module in network.named_modules():
        block = block_of(module)
        if block is None:
            continue
        if preset == "blocks":
            taps.append(Tap(name, "block", name))
        elif block.adds(module):
            for branch in block.branches:
                prefix = f"{name}.{branch.name}" if branch.name else name
                end = next(end for end in branch.ends if getattr(module, end, None) is not None)
                at, side = branch.sum
                taps.append(Tap(f"{prefix}.odd", "odd", f"{name}.{end}"))
                taps.append(Tap(f"{prefix}.even", "even", f"{name}.{at}" if at else name, side))
    if not taps:
        raise _no_tap(network, preset, f"{type(network).__name__} does not define the preset {preset!r}")
    return [*_spread(taps, {"block", "odd", "even"}), *_preset(network, "final")]


def _logits(network: nn.Module) -> Tap:
    if not _is_timm(network) or not getattr(network, "num_classes", 0):
        raise TapError(
            f"{type(network).__name__} has no classifier, so it has no logits",
            expected="a network built with a head (backbone_args = { num_classes = ... })",
            got="features only",
            next_step="name the module that gives the logits, or tap 'final'",
        )
    return Tap("logits", "logits", "", depth=1.0)


def _matching(network: nn.Module, pattern: str) -> list[Tap]:
    names = [name for name, _ in network.named_modules() if name]
    found = [Tap(name, "other", name) for name in names if _matches(pattern.split("."), name.split("."))]
    if found:
        return found
    try:
        known = _preset(network, "residual")
    except TapError:
        known = []
    found = [tap for tap in known if _matches(pattern.split("."), tap.name.split("."))]
    if not found:
        raise _no_tap(network, pattern, f"{type(network).__name__} has no tap {pattern!r}")
    return found


def _matches(pattern: Sequence[str], name: Sequence[str]) -> bool:
    if not pattern or not name:
        return not name and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return _matches(pattern[1:], name) or _matches(pattern, name[1:])
    return fnmatchcase(name[0], pattern[0]) and _matches(pattern[1:], name[1:])


def _no_tap(network: nn.Module, wanted: str, what: str) -> TapError:
    names = [name for name, _ in network.named_modules() if name]
    parents = [name.rpartition(".")[0] for name in names if name.rpartition(".")[2] == "0"]
    more = f" ... ({len(names)} in all)" if len(names) > SHOWN else ""
    glob = f"{parents[0]}.*" if parents and parents[0] else "*"
    return TapError(
        what,
        expected=f"a preset ({', '.join(PRESETS)}) that it defines, or globs over its modules: "
        + ", ".join(names[:SHOWN])
        + more,
        got=repr(wanted),
        next_step=f"--taps '{glob}'",
    )


def _spread(taps: Sequence[Tap], kinds: set[str]) -> list[Tap]:
    """Give the taps of these kinds their depth: places from 0 (first) to 1 (last) among those of the same kind."""
    places = {kind: [tap.name for tap in taps if tap.kind == kind] for kind in kinds}
    return [
        replace(tap, depth=places[tap.kind].index(tap.name) / max(1, len(places[tap.kind]) - 1))
        if tap.kind in kinds
        else tap
        for tap in taps
    ]


def _described(network: nn.Module, tap: Tap) -> Tap:
    module = network.get_submodule(tap.module)
    class_token = getattr(network, "cls_token", None)
    return replace(
        tap,
        channels_last=getattr(network, "output_fmt", "NCHW") == "NHWC" or _acts_on_last(module),
        prefix=int(getattr(network, "num_prefix_tokens", 0 if class_token is None else 1)),
        has_class_token=class_token is not None,
        patches=getattr(getattr(network, "patch_embed", None), "num_patches", None),
    )


def _acts_on_last(module: nn.Module) -> bool:
    """Whether a module reads and writes the last axis, as inside ConvNeXt blocks, whatever the network's layout."""
    normalises = isinstance(module, nn.LayerNorm) and not type(module).__name__.endswith("2d")
    return normalises or isinstance(module, nn.Linear) or isinstance(getattr(module, "fc2", None), nn.Linear)


def _is_timm(network: nn.Module) -> bool:
    return hasattr(network, "forward_features") and hasattr(network, "forward_head")


def _tensor(values: Any, tap: Tap) -> Tensor:
    if isinstance(values, Tensor):
        return values
    raise TapError(
        f"tap {tap.name!r} gives no tensor",
        expected="a module whose output is one tensor",
        got=type(values).__name__,
        next_step="name a module inside it, or after it",
    )
