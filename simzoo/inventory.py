"""What there is: every part by kind and by name, as plain data, for `list` and `show`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from simzoo.cards import Augmentation
from simzoo.catalog import Catalog, Shelf, catalog
from simzoo.errors import DataError, NameClashError, UnknownNameError, UsageError, unknown_name
from simzoo.names import resolve
from simzoo.registries import (
    augmentations,
    cards,
    find_augmentation,
    find_card,
    find_grid,
    find_recipe,
    grids,
    recipes,
)

Part = dict[str, Any]
_NO_PARTS = ("builtins", "torch", "typing")  # whose classes tell nothing of an objective


def inventory(kind: str, shelves: Catalog | None = None) -> list[Part]:
    """Return the parts of one kind, each as a mapping that begins with `name`."""
    if kind not in _KINDS:
        raise unknown_name("kind", kind, _KINDS, f"simzoo list {next(iter(_KINDS))}")
    return _KINDS[kind](shelves or catalog())


def describe(name: str, shelves: Catalog | None = None) -> Part:
    """Return all that is known of one part, whatever its kind; measures bring their documentation."""
    shelves = shelves or catalog()
    for kind in ("measures", "objectives", "backbones", "datasets", "executors"):
        shelf: Shelf = getattr(shelves, kind)
        if name in shelf or name in shelf.clashes:
            entry = shelf[name]
            facts = {**entry.sheet.as_dict(), "kind": entry.sheet.kind, "plugin": entry.plugin}
            text = _of_objective(entry.part) if kind == "objectives" else inspect.getdoc(entry.part) or ""
            return {**facts, "documentation": text}
    problems = []
    for kind, find in (("augmentation", find_augmentation), ("recipe", find_recipe), ("grid", find_grid)):
        try:
            found = find(name, shelves)
        except UnknownNameError:
            continue
        except UsageError as error:  # a file that is not sound hides no model of its name
            problems.append(error)
            continue
        more = {"documentation": _of_operations(found, shelves)} if isinstance(found, Augmentation) else {}
        return {**found.model_dump(mode="json"), "kind": kind, **more}
    try:
        return _model_or_data(name, shelves)
    except UnknownNameError as unknown:
        raise (problems or [unknown])[0] from None


def _of_operations(setting: Augmentation, shelves: Catalog) -> str:
    parts = [shelves.augmentations[options["operation"]] for options in setting.operations]
    return "\n\n".join(f"{entry.name}: {inspect.getdoc(entry.part)}" for entry in parts)


def _of_objective(part: Any) -> str:
    """Return an objective's docstrings: its own, and those of its parts, views and heads, which tell the options."""
    bases = [kind for kind in getattr(part, "__mro__", [part]) if kind.__module__.partition(".")[0] not in _NO_PARTS]
    texts = [kind.__doc__ for kind in bases]
    for name in ("views", "build", "parts"):
        texts += [getattr(part, name).__doc__] if inspect.isfunction(getattr(part, name, None)) else []
    return "\n\n".join(inspect.cleandoc(text) for text in dict.fromkeys(texts) if text)


def _model_or_data(name: str, shelves: Catalog) -> Part:
    with suppress(UnknownNameError):
        return {**find_card(name, shelves).model_dump(mode="json"), "kind": "model"}
    from simzoo.images.find import data_facts

    with suppress(UnknownNameError):
        return {**data_facts(name, shelves), "kind": "data"}
    if any(sign in name for sign in "@:#"):
        return _named(name)
    known = [part["name"] for kind in _KINDS for part in _KINDS[kind](shelves)]
    raise unknown_name("name", name, known, f"simzoo list KIND ({', '.join(_KINDS)})")


def _named(name: str) -> Part:
    """Return the card of a model that is named by the grammar, with its seed and how it would be trained."""
    spec, *others = resolve(name)
    training = spec.training and {"data": spec.training.data, **spec.training.settings.model_dump(mode="json")}
    names = [spec.name, *(other.name for other in others)]
    return {
        **spec.card.model_dump(mode="json"),
        "name": ", ".join(names),
        "seed": spec.seed,
        "training": training,
        "kind": "model",
    }


def broken_plugins(shelves: Catalog | None = None) -> dict[str, str]:
    """Return the plugins that broke, so far, each with its error."""
    return {name: str(error) for name, error in (shelves or catalog()).host.broken.items()}


def _models(shelves: Catalog) -> list[Part]:
    wanted = ("name", "backbone", "objective")
    return [
        {
            **{name: getattr(card, name) for name in wanted},
            "trains on": ", ".join(card.recipes),
            "summary": card.summary,
        }
        for card in cards(shelves).values()
    ]


def _recipes(shelves: Catalog) -> list[Part]:
    return [
        {"name": recipe.name, "objectives": ", ".join(recipe.objectives), "summary": recipe.summary}
        for recipe in recipes(shelves).values()
    ]


def _measures(shelves: Catalog) -> list[Part]:
    found = []
    for entry in shelves.measures.values():
        sheet = entry.sheet
        found.append(
            {
                "name": sheet.name,
                "kind": sheet.kind,
                "range": list(sheet.range),
                "larger": sheet.larger,
                "needs": ", ".join([*sorted(sheet.needs), *(f"({name})" for name in sorted(sheet.takes))]),
                "plugin": entry.plugin,
                "summary": sheet.summary,
            }
        )
    return found


def _parts(shelf: Shelf) -> list[Part]:
    return [
        {"name": entry.name, "plugin": entry.plugin, **entry.sheet.facts, "summary": entry.sheet.summary}
        for entry in shelf.values()
    ]


def _augmentations(shelves: Catalog) -> list[Part]:
    names = sorted({*augmentations(shelves), *shelves.augmentations})
    found = []
    for name in names:
        with suppress(NameClashError):  # as on a shelf: only naming it raises
            found.append((name, find_augmentation(name, shelves)))
    return [
        {
            "name": name,
            "operations": ", ".join(options["operation"] for options in setting.operations),
            "summary": setting.summary,
        }
        for name, setting in found
    ]


def _grids(shelves: Catalog) -> list[Part]:
    return [
        {"name": grid.name, "models": ", ".join(grid.models), "summary": grid.summary}
        for grid in grids(shelves).values()
    ]


def _backbones(shelves: Catalog) -> list[Part]:
    timm = {"name": "timm:NAME", "plugin": "simzoo-backbones", "summary": "any model of timm (timm.list_models())"}
    return [*_parts(shelves.backbones), timm]


def _data(shelves: Catalog) -> list[Part]:
    from simzoo.images.find import known_data

    return [_in_brief(name, shelves) for name in known_data(shelves)]


def _in_brief(name: str, shelves: Catalog) -> Part:
    from simzoo.images.find import data_facts

    try:
        facts = data_facts(name, shelves)
    except DataError as error:  # one folder that is no data set does not hide the others
        return {"name": name, "images": "-", "classes": "-", "pixels": "-", "source": f"cannot be read: {error.got}"}
    wide, high = facts["pixel_size"] or ("?", "?")
    splits = ", ".join(f"{count:,} {split}" for split, count in facts["splits"].items())
    return {
        "name": facts["name"],
        "images": splits,
        "classes": len(facts["classes"]),
        "pixels": f"{wide} x {high}",
        "source": facts["source"],
    }


def _plugins(shelves: Catalog) -> list[Part]:
    for kind in ("measures", "objectives", "backbones", "datasets", "augmentations", "executors", "report_sections"):
        getattr(shelves, kind)  # so that a hook that raises has raised
    (
        cards(shelves),
        recipes(shelves),
        augmentations(shelves),
        grids(shelves),
    )  # and a card that is not valid has been read
    host = shelves.host
    status = dict.fromkeys(host.sources, "ok") | dict.fromkeys(host.broken, "broken")
    loaded = [{"name": name, "source": host.sources.get(name, ""), "status": state} for name, state in status.items()]
    return [*loaded, *({"name": name, "source": "", "status": "disabled"} for name in host.disabled)]


_KINDS: dict[str, Callable[[Catalog], list[Part]]] = {
    "models": _models,
    "recipes": _recipes,
    "measures": _measures,
    "objectives": lambda shelves: _parts(shelves.objectives),
    "backbones": _backbones,
    "data": _data,
    "augmentations": _augmentations,
    "grids": _grids,
    "executors": lambda shelves: _parts(shelves.executors),
    "plugins": _plugins,
}
