"""The names of a network's modules: which a glob means, which to show, and which glob to type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

SHOWN = 30  # module names that a message lists
LISTED = 8  # layers that a suggestion names one by one


def names_of(network: nn.Module) -> list[str]:
    """Return the names of all modules inside a network."""
    return [name for name, _ in network.named_modules() if name]


def listed(network: nn.Module) -> str:
    """Return the first module names, as messages show them."""
    names = names_of(network)
    more = f" ... ({len(names)} in all)" if len(names) > SHOWN else ""
    return (", ".join(names[:SHOWN]) or "none") + more


def matching(network: nn.Module | Sequence[str], pattern: str) -> list[str]:
    """Return the names that a glob means: `*` stays within one level, `**` spans any number.

    >>> matching(["layer1", "layer1.0", "layer1.0.conv1"], "layer1.*")
    ['layer1.0']
    """
    names = names_of(network) if isinstance(network, nn.Module) else network
    return [name for name in names if _matches(pattern.split("."), name.split("."))]


def suggestion(network: nn.Module) -> str:
    """Return a glob over what look like the layers of a network, to type.

    >>> suggestion(nn.ModuleDict({"conv1": nn.Conv2d(3, 4, 1), "relu": nn.ReLU(), "conv2": nn.Conv2d(4, 4, 1)}))
    'conv*'
    """
    children = {name: child for name, child in network.named_children() if next(child.parameters(), None) is not None}
    stems = Counter(found.group() for name in children if (found := re.match(r"\D*(?=\d+$)", name)))
    if stems and (common := stems.most_common(1)[0])[1] > 1:
        stem = common[0]
        # what has no weights may be called more than once, and then cannot be a tap
        bare = [name for name, _ in network.named_children() if fnmatchcase(name, f"{stem}*") and name not in children]
        return f"{stem}[0-9]*" if bare and stem else f"{stem}*"
    inside = next(
        (name for name, child in children.items() if any(part.isdigit() for part, _ in child.named_children())), ""
    )
    if inside:
        return f"{inside}.*"
    if len(children) == 1:
        ((name, child),) = children.items()
        deeper = suggestion(child)
        return name if deeper == "*" else ",".join(f"{name}.{part}" for part in deeper.split(","))
    return ",".join(list(children)[:LISTED]) or "*"


def _matches(pattern: Sequence[str], name: Sequence[str]) -> bool:
    if not pattern or not name:
        return not name and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return _matches(pattern[1:], name) or _matches(pattern, name[1:])
    return fnmatchcase(name[0], pattern[0]) and _matches(pattern[1:], name[1:])
