"""All registry folders together: cards, recipes, augmentations and references by name, those of plugins among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from simzoo.cards import Augmentation, Card, Grid, read_card
from simzoo.catalog import Catalog, catalog
from simzoo.errors import CardError, NameClashError, PluginError, UsageError, unknown_name
from simzoo.hookspecs import hookimpl
from simzoo.recipes import Recipe
from simzoo.storage import home
from simzoo.tomlfile import Checked, read

KINDS: dict[str, Any] = {"models": Card, "recipes": Recipe, "augmentations": Augmentation, "grids": Grid}


def registry_folder() -> Path:
    """Return simzoo's own registry: inside the installed package, else beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "registry"
    return inside if inside.is_dir() else package.parent / "registry"


@hookimpl
def simzoo_cards() -> list[Path]:
    """Bring simzoo's own registry."""
    return [registry_folder()]


def taken(folder: str, name: str) -> bool:
    """Whether a name of one kind (`models`, ...) is had by a file, or by several."""
    found, problems = _known(None, folder)
    return name in found or name in problems


def cards(shelves: Catalog | None = None) -> Mapping[str, Card]:
    """Return all sound cards of all registry folders by name."""
    return {name: card for name, card in _known(shelves, "models")[0].items() if name == card.name}


def recipes(shelves: Catalog | None = None) -> Mapping[str, Recipe]:
    """Return all sound recipes by name."""
    return _known(shelves, "recipes")[0]


def augmentations(shelves: Catalog | None = None) -> Mapping[str, Augmentation]:
    """Return all sound augmentations by name."""
    return _known(shelves, "augmentations")[0]


def grids(shelves: Catalog | None = None) -> Mapping[str, Grid]:
    """Return all sound grids by name."""
    return _known(shelves, "grids")[0]


def grid_file(name: str, shelves: Catalog | None = None) -> Path:
    """Return the file of the grid of that name."""
    shelves = shelves or catalog()
    find_grid(name, shelves)
    return next(path for path, grid in _entries(shelves, "grids")[0].items() if grid.name == name)


def find_card(name: str, shelves: Catalog | None = None) -> Card:
    """Return the card of that name or alias."""
    hint = (
        "simzoo list models, or name a source: timm:NAME, init:TIMM_NAME, torchvision:NAME.WEIGHTS, "
        "hf-hub:OWNER/NAME, file:CARD.toml, py:MODULE:FUNCTION"
    )
    card: Card = _find("model", name, _known(shelves, "models"), hint)
    return card


def find_recipe(name: str, shelves: Catalog | None = None) -> Recipe:
    """Return the recipe of that name."""
    recipe: Recipe = _find("recipe", name, _known(shelves, "recipes"))
    return recipe


def find_grid(name: str, shelves: Catalog | None = None) -> Grid:
    """Return the grid of that name."""
    grid: Grid = _find("grid", name, _known(shelves, "grids"))
    return grid


def find_augmentation(name: str, shelves: Catalog | None = None) -> Augmentation:
    """Return the augmentation of that name; an operation of that name alone is one too, as it is by default.

    >>> [options["operation"] for options in find_augmentation("blur").operations]
    ['blur']
    """
    shelves = shelves or catalog()
    found, problems = _known(shelves, "augmentations")
    if name not in found and name not in problems and name in shelves.augmentations:
        sheet = shelves.augmentations[name].sheet
        alone = {"version": 1, "name": name, "summary": sheet.summary, "reference": sheet.reference}
        return Augmentation.model_validate({**alone, "operations": [{"operation": name}]})
    if name not in found and name not in problems:
        raise unknown_name("augmentation", name, [*shelves.augmentations, *found])
    augmentation: Augmentation = _find("augmentation", name, (found, problems))
    if name in shelves.augmentations and name not in {options["operation"] for options in augmentation.operations}:
        raise NameClashError(
            f"an augmentation and an operation are both named {name!r}",
            expected="one meaning for each name",
            got=f"a setting of a registry, and an operation of {shelves.augmentations[name].plugin}",
            next_step=f"rename one of them, or set SIMZOO_DISABLE_PLUGINS={shelves.augmentations[name].plugin}",
        )
    return augmentation


def _find(
    kind: str, name: str, named: tuple[Mapping[str, Checked], Mapping[str, UsageError]], hint: str | None = None
) -> Checked:
    found, problems = named
    if name in found:
        return found[name]
    if name in problems:
        raise problems[name]
    raise unknown_name(kind, name, found, hint)


def own_registry() -> Path:
    """Return the registry folder of one's own, in the store: models/, recipes/, augmentations/ and grids/."""
    return home() / "registry"


def own_cards() -> Path:
    """Return the folder of the cards that `simzoo zoo add` writes."""
    return own_registry() / "models"


def own_problems() -> list[UsageError]:
    """Return why files of one's own cannot be used."""
    problems = []
    for folder in KINDS:
        entries, unsound = _own(folder)
        names = {name for entry in entries.values() for name in _names(entry)}
        told = _known(catalog(), folder)[1]
        problems += [*unsound.values(), *(told[name] for name in sorted(names & set(told)))]
    return problems


def _own(folder: str) -> tuple[dict[Path, Any], dict[Path, CardError]]:
    """Read the files of one kind in one's own registry: afresh each time, so that a new one counts at once."""
    return _read(sorted((own_registry() / folder).glob("*.toml")), folder)


def _entries(shelves: Catalog, folder: str) -> tuple[dict[Path, Any], dict[Path, CardError]]:
    """Return what all files of one kind say, one's own last, and why some say nothing."""
    (entries, unsound), (mine, mine_unsound) = _shipped(shelves, folder), _own(folder)
    return {**entries, **mine}, {**unsound, **mine_unsound}


def _known(shelves: Catalog | None, folder: str) -> tuple[Mapping[str, Any], Mapping[str, UsageError]]:
    """Return what can be found by name and alias, and why other names cannot be used."""
    return _by_name(*_entries(shelves or catalog(), folder), folder)


def references(shelves: Catalog | None = None) -> dict[str, str]:
    """Return every entry of the registries' `references.bib` by key, as one line to cite."""
    from bibtexparser.entrypoint import parse_file

    found = {}
    for _, folder in (shelves or catalog()).card_folders:
        path = folder / "references.bib"
        library = parse_file(str(path)) if path.exists() else None
        for entry in library.entries if library else ():
            fields = {
                name: str(value.value).replace("{", "").replace("}", "") for name, value in entry.fields_dict.items()
            }
            where = fields.get("booktitle") or fields.get("journal", "")
            eprint = f"arXiv {fields['eprint']}" if "eprint" in fields else ""
            said = (_authors(fields.get("author", "")), fields.get("title", ""), where, fields.get("year", ""), eprint)
            found[entry.key] = ". ".join(part.rstrip(".") for part in said if part)
    return found


def _authors(names: str) -> str:
    """Return the family names: `Chen, Ting and Hinton, Geoffrey` as `Chen and Hinton`; more than three as `et al`."""
    families = [name.split(",")[0].strip() for name in names.split(" and ")]
    if len(families) > 3 or "others" in families:
        return f"{families[0]} et al."
    return " and ".join([", ".join(families[:-1]), families[-1]] if len(families) > 1 else families)


@cache
def _shipped(shelves: Catalog, folder: str) -> tuple[Mapping[Path, Any], Mapping[Path, CardError]]:
    """Read the files of one kind in all registry folders; a plugin whose file is not sound is told as broken."""
    plugins = {
        path: plugin
        for plugin, registry in shelves.card_folders
        for path in sorted((registry / folder).rglob("*.toml"))
    }
    entries, unsound = _read(plugins, folder)
    for path, error in unsound.items():
        shelves.host.broken.setdefault(plugins[path], _broken(plugins[path], error))
    return entries, unsound


def _read(paths: Iterable[Path], folder: str) -> tuple[dict[Path, Any], dict[Path, CardError]]:
    """Return what the files say, and why some say nothing: one that is not sound costs only itself."""
    entries, unsound = dict[Path, Any](), dict[Path, CardError]()
    for path in paths:
        try:
            entries[path] = read_card(path) if folder == "models" else read(path, KINDS[folder])
        except CardError as error:
            unsound[path] = error
    return entries, unsound


def _by_name(
    entries: Mapping[Path, Any], unsound: Mapping[Path, CardError], folder: str
) -> tuple[dict[str, Any], dict[str, UsageError]]:
    """Return what is sound by name and alias, and why the other names cannot be used, such as one of two files."""
    claims = dict[str, tuple[Any, Path]]()
    clashes: dict[str, UsageError] = {}
    for path, entry in entries.items():
        for name in _names(entry):
            if name in claims:
                clashes[name] = _clash(folder, name, claims[name][1], path)
            claims.setdefault(name, (entry, path))
    found = {name: entry for name, (entry, _) in claims.items() if name not in clashes}
    unnamed = {path.stem: error for path, error in unsound.items() if path.stem not in claims}
    return found, {**unnamed, **clashes}


def _names(entry: Any) -> tuple[str, ...]:
    """Return name and aliases, each once."""
    return tuple(dict.fromkeys((entry.name, *getattr(entry, "aliases", ()))))


def _clash(folder: str, name: str, first: Path, second: Path) -> NameClashError:
    return NameClashError(
        f"two {folder} are named {name!r}",
        expected="one file for each name",
        got=f"{first} and {second}",
        next_step="rename one of them",
    )


def _broken(plugin: str, error: CardError) -> PluginError:
    return PluginError(
        f"plugin {plugin!r} is broken: {error.what}",
        expected=error.expected,
        got=error.got,
        next_step=error.next_step,
    )
