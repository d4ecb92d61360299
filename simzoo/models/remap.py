"""From the names in a weight file to those of a backbone, by the card's rules: container, strip, drop, rename."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from torch import Tensor

from simzoo.cards import Weights
from simzoo.errors import WeightsError

SHOWN = 5  # keys of each sort that a message lists


def map_state(state: Mapping[str, Any], weights: Weights) -> dict[str, Tensor]:
    """Return the tensors under the names the backbone knows: container, then strip, drop and rename.

    `drop` and `rename` see the names as `strip` leaves them; a name without the prefix stays as it is. Of several rules
    that fit a name, the longest renames it.
    """
    inside = _container(state, weights.container)
    renames = [(_rule(old), new) for old, new in sorted(weights.rename.items(), key=lambda rule: -len(rule[0]))]
    mapped: dict[str, Tensor] = {}
    for key, value in inside.items():
        name = key
        for prefix in weights.strip:
            name = name.removeprefix(prefix)
        if any(fnmatchcase(name, pattern) for pattern in weights.drop):
            continue
        name = _renamed(name, renames)
        if not isinstance(value, Tensor):
            raise _no_tensor(name, value, state)
        if name in mapped:
            raise WeightsError(
                f"two keys of the weight file become {name!r}",
                expected="one name for each tensor",
                got=f"{key!r} and another",
                next_step="correct strip, drop and rename in the card",
            )
        mapped[name] = value
    return mapped


def first(keys: Iterable[str]) -> str:
    """Return the first keys as a list to read.

    >>> first("abcdefg")
    'a, b, c, d, e, ...'
    """
    every = list(keys)
    return ", ".join(every[:SHOWN]) + (", ..." if len(every) > SHOWN else "")


def _rule(old: str) -> re.Pattern[str]:
    """Return what finds a prefix; `*` stands for one part of a name."""
    return re.compile(re.escape(old).replace(r"\*", r"([^.]+)"))


def _renamed(name: str, renames: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for rule, new in renames:
        if match := rule.match(name):
            parts = new.split("*")
            carried = (*match.groups(), "")
            return "".join(part + more for part, more in zip(parts, carried, strict=True)) + name[match.end() :]
    return name


def _container(state: Mapping[str, Any], containers: tuple[str, ...]) -> Mapping[str, Any]:
    for container in containers:
        inside: Any = state
        for step in [container] if container in state else container.split(".") if container else []:
            inside = inside.get(step) if isinstance(inside, Mapping) else None
        if isinstance(inside, Mapping):
            return inside
        if inside is not None:
            raise _no_tensor(container, inside, state)
    raise WeightsError(
        f"the weight file has no container {' or '.join(repr(container) for container in containers)}",
        expected=f"one of its keys: {first(str(key) for key in state)}",
        got=", ".join(containers),
        next_step="correct `container` in the card's weights",
    )


def _no_tensor(name: str, value: Any, state: Mapping[str, Any]) -> WeightsError:
    holders = [str(key) for key, inside in state.items() if isinstance(inside, Mapping)]
    return WeightsError(
        f"{name!r} of the weight file is no tensor",
        expected="tensors by name",
        got=type(value).__name__,
        next_step=f"set `container` in the card's weights to one of: {first(holders)}"
        if holders
        else f"add {name!r} to `drop` in the card's weights",
    )
