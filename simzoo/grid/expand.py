"""From the words of a grid to studies: globs, seeds and sweeps become the names and options that they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from simzoo.catalog import Catalog
from simzoo.errors import UsageError, unknown_name
from simzoo.facts import MeasureSheet
from simzoo.grid.source import Source, common_data, sources_of
from simzoo.grid.study import MeasureCall, Skip, Study
from simzoo.grid.words import Words
from simzoo.images.augment import drawn
from simzoo.images.find import evaluation_split
from simzoo.measures.options import require_options
from simzoo.models.pooling import pooling
from simzoo.names import SOURCES, resolve
from simzoo.registries import cards
from simzoo.representations.stored import with_features

_GLOB = re.compile(r"(?P<glob>[^@:#]*[*?\[][^@:#]*)(?P<rest>.*)")


def studies(words: Words, shelves: Catalog) -> tuple[tuple[Study, ...], Catalog]:
    """Return one study for each data set, augmentation, strength and draw, and a catalog that knows all the data."""
    grid = words.grid
    if grid.pool is not None:
        with words.blamed("pool"):
            pooling(grid.pool)
    sources = _sources(words, shelves)
    calls = tuple(_calls(words, shelves))
    skip = tuple(Skip(**left.model_dump()) for left in grid.skip)
    settings = list(_augmentations(words, shelves))
    found = []
    for given in grid.data or (common_data(sources),):
        with words.blamed("data", value=given):
            data, shelves = with_features(given, shelves)
            split = evaluation_split(data, shelves)
        common: dict[str, Any] = {"data": data, "split": split, "n": grid.n, "taps": grid.taps, "pool": grid.pool}
        common |= {"pairs": grid.pairs, "resamples": grid.resamples, "permutations": grid.permutations}
        common |= {"seed": grid.seed, "skip": skip, "accuracy": False}
        for setting, draws, count in settings:
            asked = common | {"augmentation": setting, "n": count}
            found += [Study(sources, calls, draw=draw, **asked) for draw in range(draws)]
    return tuple(found), shelves


def _sources(words: Words, shelves: Catalog) -> tuple[Source, ...]:
    """The models, by name; a glob stands for the cards that fit, in their order."""
    grid = words.grid
    names = []
    for given in grid.models:
        with words.blamed("models", value=given):
            found = list(_matching(given, shelves))
            names += [_with_seeds(name, grid.seeds, shelves) for name in found]
    changes = {"epochs": grid.epochs, "train-images": grid.train_images}
    with words.blamed("models"):
        return sources_of(names, {k: v for k, v in changes.items() if v is not None}, grid.seed, shelves)


def _matching(given: str, shelves: Catalog) -> Iterator[str]:
    match = _GLOB.fullmatch(given)
    if match is None or given.partition(":")[0] in SOURCES:
        yield given
        return
    fitting = [name for name in cards(shelves) if fnmatchcase(name, match["glob"])]
    if not fitting:
        raise unknown_name("model", given, cards(shelves))
    for name in fitting:
        yield name + match["rest"]


def _with_seeds(name: str, seeds: str | None, shelves: Catalog) -> str:
    """Return a name with the seeds of the grid, where it says none and the model takes one."""
    if seeds is None or "#" in name or name.startswith(("features:", "py:")):
        return name
    return name if resolve(name, shelves=shelves)[0].card.weights else f"{name}#{seeds}"


def _calls(words: Words, shelves: Catalog) -> Iterator[MeasureCall]:
    """The measures with each combination of their options; a measure named twice alike counts once."""
    seen: dict[str, MeasureCall] = {}
    for given in words.grid.measures:
        name, options = _parts(given)
        with words.blamed("measures", value=name):
            known = [each for each in shelves.measures if fnmatchcase(each, name)] if set(name) & set("*?[") else [name]
            if not known:
                raise unknown_name("measure", name, shelves.measures)
            for each in known:
                sheet = shelves.measures[each].sheet
                for params in _combinations(options):
                    require_options(sheet, _without_views(sheet, params))
                    seen.setdefault(f"{each} {sorted(params.items())}", MeasureCall(each, params))
    yield from seen.values()


def _without_views(sheet: MeasureSheet, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the function: how many views it gets is not for it to say."""
    if "views" not in sheet.needs | sheet.takes or "views" not in options:
        return dict(options)
    if not (isinstance(options["views"], int) and options["views"] >= 2):
        raise UsageError(
            f"measure {sheet.name!r} cannot be given so many views",
            expected="views = 2 or more: draws of the augmentation, for each image",
            got=f"views = {options['views']!r}",
            next_step="views = 20",
        )
    return {name: value for name, value in options.items() if name != "views"}


def _augmentations(words: Words, shelves: Catalog) -> Iterator[tuple[str, int, int | None]]:
    """The augmentations as `NAME[:STRENGTH]`, each with how many draws there are of it, and of how many images."""
    for given in words.grid.augmentations:
        name, options = _parts(given)
        with words.blamed("augmentations", value=name):
            if extra := sorted(set(options) - {"strength", "n"}):
                raise UsageError(
                    f"augmentation {name!r} takes no {', '.join(extra)} here",
                    expected="name, strength and n",
                    got=", ".join(options),
                    next_step="write a setting of your own into augmentations/ of a registry folder (simzoo show crop)",
                )
            for params in _combinations(options):
                _require_images(params.get("n"))
                setting = f"{name}:{params['strength']}" if "strength" in params else name
                draws = words.grid.draws if drawn(setting, shelves=shelves).operations else 1
                yield setting, draws, params.get("n", words.grid.n)


def _require_images(n: Any) -> None:
    if n is not None and not (isinstance(n, int) and n >= 2):
        raise UsageError(
            "an augmentation cannot be of so many images",
            expected="n = 2 or more, or no n, which is that of the grid",
            got=f"n = {n!r}",
            next_step="n = 100",
        )


def _parts(given: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(given, str):
        return given, {}
    return given["name"], {key: value for key, value in given.items() if key != "name"}


def _combinations(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every combination of options that are lists; `{"k": [5, 10]}` gives two."""
    if empty := [name for name, value in options.items() if value in ([], ())]:
        raise UsageError(
            f"a sweep over no value of {empty[0]!r}",
            expected="one value or more",
            got="an empty list",
            next_step=f"{empty[0]} = [0.5, 1.0], or leave it out",
        )
    lists: Sequence[Sequence[Any]] = [
        value if isinstance(value, list | tuple) else [value] for value in options.values()
    ]
    for values in product(*lists):
        yield dict(zip(options, values, strict=True))
