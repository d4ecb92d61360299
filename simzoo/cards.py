"""Cards and recipes: the data under `registry/`, read and checked. A card names a model, a recipe says how to train."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simzoo.catalog import Catalog, catalog
from simzoo.errors import CardError, NameClashError, unknown_name
from simzoo.hookspecs import hookimpl

UNTRAINED = "init"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Weights(_Frozen):
    """Where finished weights lie, and how their file maps onto the backbone.

    `container` is the key under which the state dict sits, `strip` a prefix taken off every key, `drop` glob
    patterns of keys to leave out, `rename` a mapping of key prefixes. `pretrained` takes what the backbone's own library
    publishes under that name.
    """

    path: str = ""
    url: str = ""
    sha256: str = ""
    container: str = ""
    strip: str = ""
    drop: tuple[str, ...] = ()
    rename: dict[str, str] = Field(default_factory=dict)
    pretrained: bool = False


class Input(_Frozen):
    """How a model is fed: square size, normalisation, the share of the image that the centre crop keeps."""

    size: int = 224
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    crop: float = 1.0
    interpolation: Literal["bilinear", "bicubic", "nearest"] = "bilinear"


class Card(_Frozen):
    """One model: its backbone, where its weights come from (a file, or a recipe for each data set), how it is fed.

    Without `input` the model is fed as its backbone's library says (timm's data config).
    """

    version: Literal[1]
    name: str
    backbone: str
    backbone_args: dict[str, Any] = Field(default_factory=dict)
    weights: Weights | None = None
    recipes: dict[str, str] = Field(default_factory=dict)
    input: Input | None = None
    pool: str = "gap"
    objective: str = ""
    paradigm: str = ""
    trained_on: str = ""
    licence: str = ""
    source: str = ""
    reference: str = ""
    stem: str = ""
    aliases: tuple[str, ...] = ()
    summary: str = ""

    @property
    def untrained(self) -> bool:
        """Whether the card names a network as initialised."""
        return self.objective == UNTRAINED


class Views(_Frozen):
    """What one training view does to an image; probabilities and sizes are those of lightly's and torchvision's."""

    min_scale: float = 1.0
    rotate: float = 0.0
    translate: float = 0.0
    shear: float = 0.0
    noise: float = 0.0
    jitter: float = 0.0
    jitter_probability: float = 0.8
    hue: float = 0.2
    grey: float = 0.0
    flip: float = 0.0
    blur: float = 0.0
    pad: int = 0


class Settings(_Frozen):
    """Everything that decides a training but the model, the data and the seed; all of it is part of the key."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=2)
    optimizer: Literal["adamw", "sgd"]
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.9, ge=0)
    warmup: float = Field(default=0.1, ge=0, le=1, description="share of all steps, linear; then a cosine to zero")
    train_images: int | None = Field(default=None, ge=2, description="at most so many, stratified; all if absent")
    views: Views = Views()
    options: dict[str, Any] = Field(default_factory=dict, description="the objective's own: head widths, temperature")


class Recipe(_Frozen):
    """How to train on one kind of data: common settings, and what each objective changes."""

    version: Literal[1]
    name: str
    summary: str
    source: str = ""
    default: dict[str, Any] = Field(default_factory=dict)
    objectives: dict[str, dict[str, Any]]

    def settings(self, objective: str) -> Settings:
        """Return the settings for one objective."""
        if objective not in self.objectives:
            raise CardError(
                f"recipe {self.name!r} does not say how to train {objective!r}",
                expected=", ".join(sorted(self.objectives)),
                got=objective,
                next_step="name another recipe (NAME@DATA:RECIPE; simzoo list recipes)",
            )
        return Settings.model_validate({**self.default, **self.objectives[objective]})


Model = TypeVar("Model", bound=BaseModel)


def registry_folder() -> Path:
    """Return simzoo's own registry: inside the installed package, else beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "registry"
    return inside if inside.is_dir() else package.parent / "registry"


@hookimpl
def simzoo_cards() -> list[Path]:
    """Bring simzoo's own registry."""
    return [registry_folder()]


def read_card(path: Path) -> Card:
    """Read one card; a relative weights path is taken from the card's folder."""
    card = _read(path, Card)
    if card.weights and card.weights.path and not Path(card.weights.path).is_absolute():
        absolute = str((path.parent / card.weights.path).resolve())
        card = card.model_copy(update={"weights": card.weights.model_copy(update={"path": absolute})})
    return card


def cards(shelves: Catalog | None = None) -> Mapping[str, Card]:
    """Return all cards of all registry folders by name."""
    return _named(shelves or catalog(), "models", Card)


def recipes(shelves: Catalog | None = None) -> Mapping[str, Recipe]:
    """Return all recipes by name."""
    return _named(shelves or catalog(), "recipes", Recipe)


def find_card(name: str, shelves: Catalog | None = None) -> Card:
    """Return the card of that name or alias."""
    known = cards(shelves)
    aliases = {alias: card for card in known.values() for alias in card.aliases}
    if name not in known and name not in aliases:
        hint = "simzoo list models, or name a source: timm:NAME, init:TIMM_NAME, file:CARD.toml"
        raise unknown_name("model", name, [*known, *aliases], hint)
    return known.get(name) or aliases[name]


def find_recipe(name: str, shelves: Catalog | None = None) -> Recipe:
    """Return the recipe of that name."""
    known = recipes(shelves)
    if name not in known:
        raise unknown_name("recipe", name, known)
    return known[name]


@cache
def _named(shelves: Catalog, folder: str, kind: type[Model]) -> Mapping[str, Model]:
    found: dict[str, Model] = {}
    origin: dict[str, Path] = {}
    for _, registry in shelves.card_folders:
        for path in sorted((registry / folder).glob("*.toml")):
            entry = read_card(path) if kind is Card else _read(path, kind)
            name = entry.name  # type: ignore[attr-defined]
            if name in found:
                raise NameClashError(
                    f"two {folder} are named {name!r}",
                    expected="one file for each name",
                    got=f"{origin[name]} and {path}",
                    next_step="rename one of them",
                )
            found[name], origin[name] = entry, path  # type: ignore[assignment]
    return found


def _read(path: Path, kind: type[Model]) -> Model:
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise CardError(f"there is no card at {path}", expected="a TOML file", next_step="check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CardError(
            f"{path.name} is not TOML", expected="a TOML file", got=str(error), next_step=f"correct {path}"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CardError(
            f"{path.name} is not a valid {kind.__name__.lower()}: {where}",
            expected=first["msg"],
            got=repr(first.get("input"))[:80],
            next_step=f"correct {path} (fields: {', '.join(kind.model_fields)})",
        ) from error
