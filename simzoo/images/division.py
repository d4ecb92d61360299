"""How a set without splits of its own is divided: by a hash of the image ids, for each class, groups kept whole.

The rule is part of the data's name: `NAME[+split-seed=N][+group-by=PATTERN]`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass

from simzoo.errors import DataError, UsageError
from simzoo.images.imageset import hash_of

TEST_SHARE = 0.2
SHOWN = 3  # names that a note lists
_NAME = re.compile(r"(?P<source>.+?)(\+split-seed=(?P<seed>\d+))?(\+group-by=(?P<group>.+))?", re.DOTALL)


@dataclass(frozen=True)
class Division:
    """A seed of the hash, and a regular expression over the image id whose first group (or whole match) names groups.

    >>> str(Division(1, "p[0-9]+"))
    '+split-seed=1+group-by=p[0-9]+'
    """

    seed: int = 0
    group_by: str = ""

    def __str__(self) -> str:
        """Return what stands behind a data set's name."""
        return f"+split-seed={self.seed}" + (f"+group-by={self.group_by}" if self.group_by else "")


@dataclass(frozen=True)
class Divided:
    """The images of the test side, and what is to be said of the division."""

    test: frozenset[str]
    notes: tuple[str, ...]


def divided_name(data: str, split_seed: int | None, group_by: str | None) -> str:
    """Return the name that says what `--data`, `--split-seed` and `--group-by` say together.

    >>> divided_name("./pets", 2, None)
    './pets+split-seed=2'
    """
    if split_seed is None and not group_by:
        return data
    source, division = parse(data)
    if division is not None:
        raise UsageError(
            f"{data!r} says how to divide it, and so do the flags",
            expected="the name or --split-seed and --group-by, not both",
            got=f"--data {data}",
            next_step=f"--data {source}",
        )
    return source + str(Division(split_seed or 0, group_by or "")).removeprefix(
        "+split-seed=0" if split_seed is None else ""
    )


def parse(name: str) -> tuple[str, Division | None]:
    """Return a data set's name and how it is to be divided, None where the name does not say."""
    match = _NAME.fullmatch(name)
    if not match or not (match["seed"] or match["group"]):
        return name, None
    try:
        re.compile(match["group"] or "")
    except re.error as error:
        raise UsageError(
            f"'{match['group']}' is not a pattern",
            expected=r"a regular expression over the image ids, such as '(patient\d+)_'",
            got=str(error),
            next_step="correct --group-by",
        ) from error
    return match["source"], Division(int(match["seed"] or 0), match["group"] or "")


def divide(name: str, classes: Mapping[str, Sequence[str]], division: Division) -> Divided:
    """Choose a fifth of each class for the test side: the images, or groups of them, whose names hash lowest.

    Groups are gone through in the order of their hashes, and one is taken where that brings the classes nearer to a
    fifth and leaves each a training image; a class that has none by then takes the group that fits best. So a file
    more or less moves few others, and without groups at most one.
    """
    if not division.group_by:
        return _without_groups(name, classes, division)
    groups = _groups(name, classes, division)
    order = sorted(groups, key=lambda group: (hash_of(group[1], f"split {division.seed}"), group))
    kinds = {group: Counter(kind for kind, _ in members) for group, members in groups.items()}
    several = Counter(kind for counts in kinds.values() for kind in counts)
    rest = Counter({kind: len(members) for kind, members in classes.items()})
    wanted = {kind: _fifth(size) * (several[kind] > 1) for kind, size in rest.items()}
    taken: Counter[str] = Counter()
    chosen: set[tuple[bool, str]] = set()

    def excess(group: tuple[bool, str]) -> int:
        """How much further from a fifth the classes are with this group than without it, in squares."""
        return sum(
            (taken[kind] + size - wanted[kind]) ** 2 - (taken[kind] - wanted[kind]) ** 2
            for kind, size in kinds[group].items()
        )

    def may(group: tuple[bool, str]) -> bool:
        return group not in chosen and all(size < rest[kind] for kind, size in kinds[group].items())

    def take(group: tuple[bool, str]) -> None:
        chosen.add(group)
        taken.update(kinds[group])
        rest.subtract(kinds[group])

    for group in order:
        if may(group) and excess(group) < 0:
            take(group)
    for kind in sorted(classes):
        if wanted[kind] and not taken[kind] and (able := [g for g in order if kind in kinds[g] and may(g)]):
            take(min(able, key=excess))
    if not chosen:
        raise _indivisible(name, len(groups), division)
    test = frozenset(image_id for group in chosen for _, image_id in groups[group])
    return Divided(test, tuple(_notes(groups, taken, rest, division)))


def _fifth(size: int) -> int:
    return max(round(TEST_SHARE * size), 1)


def _without_groups(name: str, classes: Mapping[str, Sequence[str]], division: Division) -> Divided:
    """Do what `divide` does where each image is a group of its own, in a tenth of the time."""
    test: set[str] = set()
    for members in classes.values():
        if len(members) > 1:
            order = sorted(members, key=lambda image_id: hash_of(image_id, f"split {division.seed}"))
            test.update(order[: _fifth(len(members))])
    if not test:
        raise _indivisible(name, sum(map(len, classes.values())), division)
    notes = [f"split 80/20 per class by a hash of the image id, seed {division.seed}"]
    return Divided(frozenset(test), (*notes, *_lone([kind for kind in classes if len(classes[kind]) < 2], classes)))


def _groups(
    name: str, classes: Mapping[str, Sequence[str]], division: Division
) -> dict[tuple[bool, str], list[tuple[str, str]]]:
    """Return (class, id) pairs by (whether the pattern matched, name of the group)."""
    pattern = re.compile(division.group_by)
    groups: dict[tuple[bool, str], list[tuple[str, str]]] = defaultdict(list)
    for kind, members in classes.items():
        for image_id in members:
            match = pattern.search(image_id)
            key = (match[1] if pattern.groups else match[0]) if match else None
            groups[key is not None, image_id if key is None else key].append((kind, image_id))
    if not any(matched for matched, _ in groups):
        raise DataError(
            f"--group-by '{division.group_by}' matches no image of {name}",
            expected="a regular expression found in the image ids",
            got=f"ids such as {next(image_id for members in classes.values() for image_id in members)}",
            next_step="correct the pattern",
        )
    return dict(groups)


def _notes(
    groups: Mapping[tuple[bool, str], list[tuple[str, str]]],
    taken: Mapping[str, int],
    rest: Mapping[str, int],
    division: Division,
) -> list[str]:
    named = [group for group in groups if group[0]]
    grouped, alone = sum(len(groups[group]) for group in named), len(groups) - len(named)
    rule = f"split 80/20 per class by a hash of the group that '{division.group_by}' finds, seed {division.seed}"
    sizes = f"{sum(taken.values()):,} test and {sum(rest.values()):,} training images"
    groups_of = f"{grouped:,} images are in {_counted(len(named), 'group')}"
    if alone:
        groups_of += f"; of {_counted(alone, 'image')} without a match each is a group of its own"
    return [f"{rule}: {sizes}", groups_of, *_lone([kind for kind in rest if not taken.get(kind)], rest)]


def _lone(kinds: Sequence[str], known: Sized) -> list[str]:
    """Say which classes could not be divided."""
    if not kinds:
        return []
    listed = ", ".join(sorted(kinds)[:SHOWN]) + (", ..." if len(kinds) > SHOWN else "")
    some = f"{len(kinds):,} of {len(known):,} classes ({listed})"
    return [f"{some} cannot be divided (one image or group) and are in training only"]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _indivisible(name: str, groups: int, division: Division) -> DataError:
    what = f"groups that '{division.group_by}' finds" if division.group_by else "images"
    return DataError(
        f"{name} cannot be divided into train and test",
        expected=f"a class with two {what} or more",
        got=f"too few to spare one ({groups:,} in all)",
        next_step="put the images into FOLDER/train/CLASS and FOLDER/test/CLASS"
        + (", or name another pattern" if division.group_by else ""),
    )
