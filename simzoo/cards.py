"""Cards, augmentations and grids as data, read from TOML and checked.

A card names a model, an augmentation says what is done to images before a model sees them, a grid what to measure of
what.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from simzoo.tomlfile import Frozen, read

UNTRAINED = "init"
_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)


def is_non_commercial(licence: str) -> bool:
    """Whether a licence, by its name, forbids commercial use.

    >>> is_non_commercial("CC BY-NC 4.0"), is_non_commercial("Apache-2.0")
    (True, False)
    """
    return bool(_NON_COMMERCIAL.search(licence))


def _several(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


Several = Annotated[tuple[str, ...], BeforeValidator(_several)]  # one text, or a list of them
Digits = Annotated[str, Field(pattern=r"^[0-9a-fA-F]*$")]  # of a hash, all or its first ones


class Weights(Frozen):
    """Where finished weights lie, and how their file maps onto the backbone.

    The file lies at `path`, or is fetched: from `url`, or `hub` (OWNER/NAME on the Hugging Face hub). `file` is its
    name among the downloads where the URL's own would not do; `convert` says what has to be done by hand first, and
    then nothing is fetched. `sha256` and `md5` are whole, or as many first digits as were published.

    `container` is the key under which the state dict sits (dots lead deeper; the first of a list that is there; "" is
    the file itself), `strip` the prefix taken off every key (a list: one after the other), `drop` glob patterns of keys
    to leave out, `rename` a mapping of key prefixes, where `*` stands for one part of a name and is carried over.
    `pretrained` lets the backbone's own library map the keys.
    """

    path: str = ""
    url: str = ""
    hub: str = ""
    file: str = Field(default="", pattern=r"^[^/\\]*$")
    sha256: Digits = Field(default="", max_length=64)
    md5: Digits = Field(default="", max_length=32)
    convert: str = ""
    container: Several = ("",)
    strip: Several = ("",)
    drop: Several = ()
    rename: dict[str, str] = Field(default_factory=dict)
    pretrained: bool = False

    @model_validator(mode="after")
    def _lie_somewhere(self) -> Weights:
        if not (self.path or self.url or self.hub or self.sha256 or self.pretrained):
            raise ValueError("say where the weights lie: path, url, hub, sha256 or pretrained = true")
        return self

    @model_validator(mode="after")
    def _carry_as_many_over(self) -> Weights:
        for old, new in self.rename.items():
            if old.count("*") != new.count("*"):
                raise ValueError(f"rename {old!r}: {new!r} must have as many * as it")
        return self

    @property
    def identity(self) -> dict[str, Any]:
        """What decides which numbers are loaded: not where the file lies, if its hash says which it is."""
        said = self.model_dump(exclude={"convert", "file"}, exclude_defaults=True)
        return {key: value for key, value in said.items() if not (self.sha256 and key in {"path", "url", "hub", "md5"})}


Positive = Annotated[float, Field(gt=0)]


class Input(Frozen):
    """How a model is fed: square size, normalisation, the share of the image that the centre crop keeps.

    The image is resized so that the crop has `size` pixels a side, and cropped, as in timm and torchvision;
    `crop_first` crops and then resizes, as in TensorFlow's evaluation of ImageNet models.
    """

    size: int = Field(default=224, ge=1)
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[Positive, Positive, Positive] = (0.229, 0.224, 0.225)
    crop: Positive = 1.0
    interpolation: Literal["bilinear", "bicubic", "nearest"] = "bilinear"
    crop_first: bool = False

    @model_serializer(mode="wrap")
    def _as_before(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what is not so: keys of what was made before this field existed stay the same."""
        said: dict[str, Any] = plain(self)
        return {key: value for key, value in said.items() if key != "crop_first" or value}


class Scores(Frozen):
    """Published accuracies on ImageNet-1k in percent: a linear probe, k nearest neighbours, the model's own head."""

    linear: float | None = Field(default=None, ge=0, le=100)
    knn: float | None = Field(default=None, ge=0, le=100)
    top1: float | None = Field(default=None, ge=0, le=100)


class Card(Frozen):
    """One model: its backbone, where its weights come from (a file, or a recipe for each data set), how it is fed.

    Without `input` the model is fed as its backbone's library says (timm's data config). `width` is how many numbers
    the pooled output has, `taps` the presets that the backbone has, `epochs` how long it was trained by others.
    `unverified` names the fields that nobody has checked against the weight file or its authors' code.
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
    method: str = ""
    width: int | None = Field(default=None, ge=1)
    taps: tuple[str, ...] = ()
    epochs: int | None = Field(default=None, ge=1)
    imagenet: Scores | None = None
    unverified: tuple[str, ...] = ()
    notes: str = ""

    @property
    def non_commercial(self) -> bool:
        """Whether the licence, as the card tells it, forbids commercial use."""
        return is_non_commercial(self.licence)

    @property
    def untrained(self) -> bool:
        """Whether the card names a network as initialised."""
        return self.objective == UNTRAINED


class Augmentation(Frozen):
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


def _require_names(given: tuple[Any, ...]) -> tuple[Any, ...]:
    for entry in given:
        if isinstance(entry, dict) and not isinstance(entry.get("name"), str):
            raise ValueError('name each: { name = "mutual_knn", k = [5, 10] }')  # noqa: TRY004 - what pydantic catches
    return given


# a name, or a table of a name and options; an option that is a list is a sweep
Swept = Annotated[
    tuple[str | dict[str, Any], ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, str | dict) else given),
    AfterValidator(_require_names),
]


class Left(Frozen):
    """Cells to leave out: those whose words match all globs given. Each is a row `skipped`, with the reason."""

    measure: str = "*"
    model: str = "*"
    model_b: str = "*"
    augmentation: str = "*"
    data: str = "*"
    reason: str = ""


class Grid(Frozen):
    """A grid: models x augmentations x data x measures. Globs stand for all names that fit, lists of options for each.

    `seeds` (`"0-2"`) are for models named without `#SEED` that have no finished weights; `draws` says how many draws of
    each augmentation; `report` names the report that the table is for.
    """

    version: Literal[1]
    name: str
    summary: str = ""
    models: Several = Field(min_length=1)
    measures: Swept = Field(default=("cka", "cka_unbiased"), min_length=1)
    augmentations: Swept = Field(default=("none",), min_length=1)
    data: Several = ()
    taps: str = "residual"
    pool: str | None = None
    n: int | None = Field(default=1_000, ge=2)
    seeds: str | None = Field(default=None, pattern=r"^\d+(-\d+)?$")
    draws: int = Field(default=1, ge=1)
    pairs: Literal["all", "cross", "first"] = "all"
    epochs: int | None = Field(default=None, ge=1)
    train_images: int | None = Field(default=None, ge=2)
    resamples: int | None = Field(default=None, ge=0)
    permutations: int | None = Field(default=None, ge=0)
    seed: int = 0
    skip: tuple[Left, ...] = ()
    report: str = ""
    source: str = ""
    reference: str = ""


def read_card(path: Path) -> Card:
    """Read one card; a relative weights path is taken from the card's folder."""
    card = read(path, Card)
    if card.weights and card.weights.path and not Path(card.weights.path).is_absolute():
        absolute = str((path.parent / card.weights.path).resolve())
        card = card.model_copy(update={"weights": card.weights.model_copy(update={"path": absolute})})
    return card
