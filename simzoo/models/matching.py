"""From a weight file and a network to the rules of a card: which keys are whose, by their names and shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from torch import Tensor

DEEPEST = 5  # containers within containers
CLASSIFIERS = ("fc", "classifier", "head", "head.fc", "linear")


@dataclass(frozen=True)
class Match:
    """Rules for `Weights`, and what they leave unmatched: keys of the network, and keys of the file."""

    container: str
    strip: str
    drop: tuple[str, ...]
    rename: dict[str, str]
    missing: tuple[str, ...]
    left_over: tuple[str, ...]
    matched: int

    @property
    def rules(self) -> dict[str, Any]:
        """The rules as fields of a card's weights."""
        said = {"container": self.container, "strip": self.strip, "drop": list(self.drop), "rename": self.rename}
        return {key: value for key, value in said.items() if value}


def match_state(state: Mapping[str, Any], own: Mapping[str, Tensor]) -> Match:
    """Return the rules under which most keys of the network find a tensor of their name and shape in the file.

    Names count after one prefix is taken off. What is then left on both sides is matched by shape alone where one
    tensor on each side has that shape, and no more.
    """
    best = max(
        ((container, inside, prefix) for container, inside in holders(state) for prefix in _prefixes(inside, own)),
        key=lambda found: (_count(found[1], own, found[2]), len(found[1]), -len(found[0])),
    )
    container, inside, prefix = best
    names = {key: key.removeprefix(prefix) for key in inside}
    fits = {key: name for key, name in names.items() if name in own and own[name].shape == inside[key].shape}
    taken = set(fits.values())
    missing = [name for name in own if name not in taken]
    others = {names[key]: inside[key] for key in inside if key not in fits}
    rename = _by_shape(missing, others, own)
    gone = [name for name in others if name not in rename]
    return Match(
        container,
        prefix,
        tuple(_patterns(gone, {*taken, *rename})),
        rename,
        tuple(name for name in missing if name not in rename.values() and not name.endswith("num_batches_tracked")),
        tuple(gone),
        len(fits),
    )


def holders(state: Mapping[str, Any], path: str = "", depth: int = 0) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Yield every mapping in a file that holds tensors, with the `container` that leads to it."""
    tensors = {str(key): value for key, value in state.items() if isinstance(value, Tensor)}
    if tensors or not path:
        yield path, tensors
    for key, inside in state.items():
        if isinstance(inside, Mapping) and depth < DEEPEST:
            yield from holders(inside, f"{path}.{key}" if path else str(key), depth + 1)


def classes_in(state: Mapping[str, Any]) -> int:
    """Return how many classes the classifier of a file has; 0 where none is found."""
    for _, inside in holders(state):
        for key, value in inside.items():
            stem = key.removesuffix(".weight")
            if (
                key != stem
                and value.ndim >= 2
                and any(stem == name or stem.endswith(f".{name}") for name in CLASSIFIERS)
            ):
                return int(value.shape[0])
    return 0


def _prefixes(inside: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> list[str]:
    """Return the prefixes that turn keys of the file into keys of the network, the most frequent first."""
    ends = {name.rpartition(".")[2] for name in own}
    found: Counter[str] = Counter({"": 0})
    for key in inside:
        if key.rpartition(".")[2] in ends:
            parts = key.split(".")
            starts = (".".join(parts[:count]) + "." if count else "" for count in range(min(len(parts), DEEPEST + 1)))
            found.update(start for start in starts if key.removeprefix(start) in own)
    return [prefix for prefix, _ in found.most_common(5)]


def _count(inside: Mapping[str, Tensor], own: Mapping[str, Tensor], prefix: str) -> int:
    return sum(
        key.startswith(prefix) and (name := key.removeprefix(prefix)) in own and own[name].shape == value.shape
        for key, value in inside.items()
    )


def _by_shape(missing: list[str], others: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, str]:
    wanted, given = Counter(own[name].shape for name in missing), Counter(value.shape for value in others.values())
    place = {own[name].shape: name for name in missing}
    return {
        name: place[value.shape]
        for name, value in others.items()
        if wanted[value.shape] == given[value.shape] == 1 and value.ndim
    }


def _patterns(gone: list[str], kept: set[str]) -> Iterator[str]:
    """Yield patterns that drop what is left over and nothing that is used: whole branches where that can be."""
    done: list[str] = []
    for name in gone:
        if any(fnmatchcase(name, pattern) for pattern in done):
            continue
        parts = name.split(".")
        branches = [".".join(parts[:count]) + ".*" for count in range(1, len(parts))]
        pattern = next((one for one in branches if not any(fnmatchcase(used, one) for used in kept)), _exact(name))
        done.append(pattern)
        yield pattern


def _exact(name: str) -> str:
    return name.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
