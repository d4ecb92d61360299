"""Cards, recipes and augmentations as data, read from TOML and checked.

A card names a model, a recipe says how to train one, an augmentation what is done to images before a model sees them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from simzoo.errors import CardError

UNTRAINED = "init"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Weights(_Frozen):
    """Where finished weights lie, and how their file maps onto the backbone.

    `container` is the key under which the state dict sits, `strip` a prefix taken off every key, `drop` glob
    patterns of keys to leave out, `rename` a mapping of key prefixes. `pretrained` takes what the backbone's own
    library publishes under that name.
    """

    path: str = ""
    url: str = ""
    sha256: str = ""
    container: str = ""
    strip: str = ""
    drop: tuple[str, ...] = ()
    rename: dict[str, str] = Field(default_factory=dict)
    pretrained: bool = False

    @model_validator(mode="after")
    def _lie_somewhere(self) -> Weights:
        if not (self.path or self.url or self.sha256 or self.pretrained):
            raise ValueError("say where the weights lie: path, url, sha256 or pretrained = true")
        return self


Positive = Annotated[float, Field(gt=0)]


class Input(_Frozen):
    """How a model is fed: square size, normalisation, the share of the image that the centre crop keeps."""

    size: int = Field(default=224, ge=1)
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[Positive, Positive, Positive] = (0.229, 0.224, 0.225)
    crop: Positive = 1.0
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
    objectives: dict[str, Settings]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """Lay each objective's changes over the common settings, so that all are checked when the file is read."""
        if not isinstance(given, dict):
            return given
        default, objectives = given.get("default", {}), given.get("objectives", {})
        if not isinstance(default, dict) or not isinstance(objectives, dict):
            return given
        whole = {name: {**default, **own} if isinstance(own, dict) else own for name, own in objectives.items()}
        return {**given, "objectives": whole}

    def settings(self, objective: str) -> Settings:
        """Return the settings for one objective."""
        if objective not in self.objectives:
            raise CardError(
                f"recipe {self.name!r} does not say how to train {objective!r}",
                expected=", ".join(sorted(self.objectives)),
                got=objective,
                next_step="name another recipe (NAME@DATA:RECIPE; simzoo list recipes)",
            )
        return self.objectives[objective]


class Augmentation(_Frozen):
    """A named setting: operations one after the other, each with its own options (none leave the image as it is)."""

    version: Literal[1]
    name: str
    summary: str
    source: str = ""
    reference: str = ""
    operations: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _name_each_once(self) -> Augmentation:
        """Ask for a name in each, and for different ones: an operation's numbers hang on its name."""
        names = [options.get("operation") for options in self.operations]
        if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
            raise ValueError('name the operation in each of operations (operation = "crop"), and none of them twice')
        return self


Model = TypeVar("Model", bound=BaseModel)


def read_card(path: Path) -> Card:
    """Read one card; a relative weights path is taken from the card's folder."""
    card = read(path, Card)
    if card.weights and card.weights.path and not Path(card.weights.path).is_absolute():
        absolute = str((path.parent / card.weights.path).resolve())
        card = card.model_copy(update={"weights": card.weights.model_copy(update={"path": absolute})})
    return card


def read(path: Path, kind: type[Model]) -> Model:
    """Read and check one TOML file; what is wrong in it is named by its field."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise CardError(
            f"there is no card at {path}", expected="a TOML file", got="no such file", next_step="check the path"
        ) from error
    except OSError as error:
        raise CardError(
            f"{path} cannot be read", expected="a TOML file", got=str(error.strerror), next_step="check the path"
        ) from error
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
