"""One place where a network is read, and what pooling must know of it."""

from __future__ import annotations

from dataclasses import dataclass

from simzoo.models.blocks import Side


@dataclass(frozen=True)
class Tap:
    """One place of one network: the `side` of the submodule `module` ("" for the network itself).

    The network calls that module `calls` times in a forward pass, and the tap is at the last of them.

    `kind` is odd, even, block, final, logits or other; `depth` the place among the network's taps of that kind, from 0
    to 1. The rest is what pooling must know: whether channels come last, how many tokens come before the patches,
    whether the first is a class token, and how many patches there are.
    """

    name: str
    kind: str
    module: str
    side: Side = "output"
    depth: float = 0.0
    channels_last: bool = False
    prefix: int = 0
    has_class_token: bool = False
    patches: int | None = None
    calls: int = 1
