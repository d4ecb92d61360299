"""Taps: the named places where a network is read, and reading all of them in one forward pass.

Odd is the residual branch just before the addition; even is the sum, shortcut + odd, before any activation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn

from simzoo.errors import TapError
from simzoo.models.blocks import block_of
from simzoo.models.modules import listed, matching, names_of, suggestion
from simzoo.models.pooling import Pool
from simzoo.models.tap import Tap

PRESETS = ("final", "blocks", "residual", "logits")
OUTPUT = "output"  # as `logits`: what the network returns
NONE: Mapping[str, str] = MappingProxyType({})


def find_taps(network: nn.Module, wanted: str, presets: Mapping[str, str] = NONE, logits: str = "") -> list[Tap]:
    """Return the taps that `wanted` names, in the order given; `final` and `logits` come last.

    Args:
        network: a timm model or any module.
        wanted: presets (`final`, `blocks`, `residual`, `logits`), names of taps (`layer1.0.odd`) and globs over module
            names (`layer3.*`; `*` stays within one level, `**` spans any number), separated by commas. `blocks` and
            `residual` end with `final`. `A|B` is B where the network has not all of A; what B names by globs are then
            the network's blocks.
        presets: presets of this network, which go before those above: module names and globs, separated by commas. They
            end with `final` too, and `final` itself can be one.
        logits: the module whose output is the logits (`final` is then what goes into it), or `output`.
    """
    first, *others = wanted.split("|")
    try:
        return [_described(network, tap) for tap in _spread(_all_of(network, first, presets, logits), {"other"})]
    except TapError:
        if not others:
            raise
    for words in others[:-1]:
        with suppress(TapError):
            return _standing_in(network, words, presets, logits)
    return _standing_in(network, others[-1], presets, logits)


def _standing_in(network: nn.Module, words: str, presets: Mapping[str, str], logits: str) -> list[Tap]:
    """Return what is read where the network lacks what was named first: its globs name the network's blocks."""
    found = [_as_block(tap) for tap in _all_of(network, words, presets, logits)]
    return [_described(network, tap) for tap in _spread(found, {"block"})]


def _all_of(network: nn.Module, words: str, presets: Mapping[str, str], logits: str) -> list[Tap]:
    chosen: dict[str, Tap] = {}
    for word in (word.strip() for word in words.split(",")):
        if word in presets and word != "final":
            inside = [_as_block(tap) for tap in _all_of(network, presets[word], {}, "") if tap.kind != "final"]
            found = [*_spread(inside, {"block"}), _final(network, presets, logits)]
        elif word in PRESETS:
            found = _preset(network, word, presets, logits)
        else:
            found = _matching(network, word)
        for tap in found:
            chosen.setdefault(tap.name, tap)
    last = {"final": 1, "logits": 2}
    return sorted(chosen.values(), key=lambda tap: last.get(tap.kind, 0))


def _as_block(tap: Tap) -> Tap:
    return replace(tap, kind="block") if tap.kind == "other" else tap


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
            if tap.kind in {"final", "logits"} and not tap.module:
                continue
            module = network.get_submodule(tap.module)
            hook = _hook(tap, _as_rows if tap.kind == "logits" else pool, found)
            if tap.side == "input":
                handles.append(module.register_forward_pre_hook(lambda _, args, hook=hook: hook(args[0])))
            else:
                handles.append(module.register_forward_hook(lambda _, __, output, hook=hook: hook(output)))
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _hook(tap: Tap, pool: Pool, found: dict[Tap, Tensor]) -> Callable[[Any], None]:
    calls = 0

    def keep(values: Any) -> None:
        nonlocal calls
        if tap in found:
            raise TapError(
                f"tap {tap.name!r} is ambiguous: the network calls {tap.module!r} more than once",
                expected="a module that is called once in a forward pass",
                got="a second call",
                next_step="name the module around it",
            )
        calls += 1
        if calls >= tap.calls:
            found[tap] = pool(_tensor(values, tap), tap)

    return keep


def _run(network: Any, pixels: Tensor, taps: Sequence[Tap], pool: Pool, found: dict[Tap, Tensor]) -> None:
    """Run the network as far as the taps need; `final` is pooled before a head can change it in place."""
    has_head = _is_timm(network)
    features = network.forward_features(pixels) if has_head else network(pixels)
    for tap in taps:
        if tap.kind == "final" and not tap.module:
            found[tap] = pool(_tensor(features, tap), tap)
    in_head = {"logits", "other", "block"}
    if has_head and any(tap.kind in in_head or (tap.kind == "final" and tap.module) for tap in taps):
        features = network.forward_head(features)
    found.update({tap: _as_rows(features, tap) for tap in taps if tap.kind == "logits" and not tap.module})


def _as_rows(values: Any, tap: Tap) -> Tensor:
    """Return logits as they are: (b, classes), of which a convolution as the head gives (b, classes, 1, 1)."""
    logits = _tensor(values, tap)
    if logits.ndim < 2 or logits[0].numel() != logits.shape[1]:
        raise TapError(
            f"tap {tap.name!r} gives no logits",
            expected="one row an image (b, classes)",
            got=f"shape {tuple(logits.shape)}",
            next_step="simzoo.wrap(module, logits=NAME), the module whose output is one number a class",
        )
    return logits.flatten(1).clone()


def _preset(network: nn.Module, preset: str, presets: Mapping[str, str] = NONE, logits: str = "") -> list[Tap]:
    if preset == "final":
        return [_final(network, presets, logits)]
    if preset == "logits":
        return [_logits(network, logits)]
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
                taps.append(Tap(f"{prefix}.even", "even", f"{name}.{at}" if at else name, side, calls=branch.calls))
    if not taps:
        glob = suggestion(network)
        raise TapError(
            f"{type(network).__name__} does not define the preset {preset!r}",
            expected=f"blocks that simzoo knows, or globs over its modules: {listed(network)}",
            got=repr(preset),
            next_step=f"--taps 'blocks|{glob},final' (taps= in Python; A|B is B for a model without A), or name its "
            f"layers once: simzoo.wrap(module, taps='{glob}')",
        )
    return [*_spread(taps, {"block", "odd", "even"}), _final(network, presets, logits)]


def _final(network: nn.Module, presets: Mapping[str, str], logits: str) -> Tap:
    if "final" in presets:
        found = _matching(network, presets["final"])
        if len(found) > 1:
            raise TapError(
                "`final` is one place of a network",
                expected="the name of one module",
                got=f"{presets['final']!r}, which are {', '.join(tap.name for tap in found[:5])}",
                next_step=f"taps={{'final': '{found[-1].name}'}}",
            )
        return replace(found[0], name="final", kind="final", depth=1.0)
    if logits and logits != OUTPUT and not _is_timm(network):
        return Tap("final", "final", logits, "input", depth=1.0)
    return Tap("final", "final", "", depth=1.0)


def _logits(network: nn.Module, logits: str) -> Tap:
    if logits and logits != OUTPUT:
        if logits not in names_of(network):
            raise TapError(
                f"{type(network).__name__} has no module {logits!r} whose output could be the logits",
                expected=f"{OUTPUT!r} (what it returns), or one of its modules: {listed(network)}",
                got=repr(logits),
                next_step=f"logits={(matching(network, '**.' + logits) or names_of(network) or [OUTPUT])[-1]!r}",
            )
        return Tap("logits", "logits", logits, depth=1.0)
    if not logits and not _has_classifier(network):
        raise TapError(
            f"{type(network).__name__} has no classifier, so it has no logits",
            expected="a network built with a head (backbone_args = { num_classes = ... }), or a module that says which",
            got="features only",
            next_step="simzoo.wrap(module, logits=NAME) with the module that gives them, or tap 'final'",
        )
    return Tap("logits", "logits", "", depth=1.0)


def _matching(network: nn.Module, pattern: str) -> list[Tap]:
    found = [Tap(name, "other", name) for name in matching(network, pattern)]
    if found:
        return found
    try:
        known = _preset(network, "residual")
    except TapError:
        known = []
    names = matching(tuple(tap.name for tap in known), pattern)
    found = [tap for tap in known if tap.name in names]
    if not found:
        raise TapError(
            f"{type(network).__name__} has no tap {pattern!r}",
            expected=f"a preset ({', '.join(PRESETS)}) that it defines, or globs over its modules: {listed(network)}",
            got=repr(pattern),
            next_step=f"--taps '{suggestion(network)}'",
        )
    return found


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
    class_token = getattr(network, "cls_token", getattr(network, "class_token", None))  # timm, torchvision
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


def _has_classifier(network: Any) -> bool:
    return _is_timm(network) and bool(getattr(network, "num_classes", 0))


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
