"""The name grammar: `NAME[@DATA][:RECIPE][#SEED]`, and the sources `timm:`, `init:`, `torchvision:`, `file:`, `py:`.

`START@@DATA[:RECIPE][#SEED]` is any of these, fine-tuned.

`resolve` turns a name into `Spec`s: what to build, how to train it, and the key under which its weights are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simzoo.cards import UNTRAINED, Card, Weights, read_card
from simzoo.catalog import Catalog
from simzoo.errors import CardError, UsageError
from simzoo.recipes import Settings
from simzoo.registries import find_card, find_recipe
from simzoo.storage import key_of

SOURCES = {
    "timm": "timm:NAME",
    "init": "init:TIMM_NAME",
    "torchvision": "torchvision:NAME.WEIGHTS",
    "hf-hub": "hf-hub:OWNER/NAME",
    "file": "file:CARD.toml",
    "py": "py:MODULE:FUNCTION",
    "features": "features:FILE.npz",
}
MOST_SEEDS = 1_000  # of one name: more is a slip of the finger
_CARD_NAME = re.compile(
    r"(?P<name>[^@:#\s]+)(@(?P<data>(hf:|torchvision:)?[^:#\s]+))?"
    r"(:(?P<recipe>[^#+\s]+)(?P<changes>(\+[a-z-]+=\d+)*))?(#(?P<seed>\S+))?"
)
_SOURCED = re.compile(r"(?P<source>[a-z-]+):(?P<name>[^#]+)(#(?P<seed>\S+))?")
_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")  # MODULE:FUNCTION
_TUNED = re.compile(
    r"(?P<data>(hf:|torchvision:)?[^:#\s]+)(:(?P<recipe>[^#+\s]+)(?P<changes>(\+[a-z-]+=\d+)*))?(#(?P<seed>\S+))?"
)
TUNED, TUNING = "@@", "finetune"  # what stands between a start and its data; the recipe where none is named
_SEEDS = re.compile(r"(\d+)(?:-(\d+))?")
TRAINING_VERSION = 1  # raised when the same recipe would give other weights
CHANGES = {"epochs": "epochs", "train-images": "train_images", "devices": "devices"}


@dataclass(frozen=True)
class Training:
    """A training to run: on which data, by which recipe with which changes, and the settings that come out."""

    data: str
    recipe: str
    changes: tuple[tuple[str, int], ...]
    settings: Settings
    full: Settings

    @property
    def shortened(self) -> str | None:
        """Say how much shorter than the recipe this is, or None."""
        fewer = self.settings.epochs < self.full.epochs
        said = [f"{self.settings.epochs} of {self.full.epochs} epochs"] if fewer else []
        if "train-images" in dict(self.changes):
            said.append(f"at most {self.settings.train_images:,} training images")
        return ", ".join(said) or None


@dataclass(frozen=True)
class Spec:
    """One model, fully decided: the card, the seed, and the training that makes its weights if it has none.

    `start` is the model whose weights the training begins with; without it, it begins with fresh ones.
    """

    name: str
    card: Card
    seed: int | None = None
    training: Training | None = None
    start: Spec | None = None

    @cached_property
    def key(self) -> str:
        """The content address of the model up to the training images, whose content `weights_key` adds."""
        card = self.card
        spec: dict[str, Any] = {"version": TRAINING_VERSION, "seed": self.seed}
        spec |= {"backbone": card.backbone, "args": card.backbone_args}
        if card.weights:
            spec["weights"] = card.weights.identity
        if self.training:
            train = self.training
            spec |= {"objective": card.objective, "data": train.data, "settings": train.settings.identity}
            spec |= {"input": card.input.model_dump() if card.input else None, "pool": card.pool}
        if self.start:
            spec["start"] = self.start.key
        return key_of(spec)

    @property
    def is_function(self) -> bool:
        """Whether a function of somebody's own builds the model (`py:`), so that only what it returns says more."""
        return self.card.backbone == self.card.name and self.card.name.startswith("py:")

    @property
    def untrained(self) -> Spec:
        """The same network, as initialised with the same seed."""
        update = {"objective": UNTRAINED, "paradigm": "untrained", "trained_on": ""}
        card = self.card.model_copy(update={**update, "weights": None, "recipes": {}})
        return replace(self, name=f"untrained {self.name}", card=card, seed=self.seed or 0, training=None, start=None)


def resolve(
    text: str, *, changes: dict[str, int] | None = None, seed: int = 0, shelves: Catalog | None = None
) -> list[Spec]:
    """Return the specs a name stands for: one, or one for each seed of a range `#0-2`.

    `changes` (`epochs`, `train-images`) shorten a training: the result has another, usable name. `seed` is for
    names that state none.
    """
    if TUNED in text:
        return _tuned(text, changes or {}, seed, shelves)
    if (match := _SOURCED.fullmatch(text)) and match["source"] in SOURCES:
        return _sourced(text, match["source"], match["name"], match["seed"], seed)
    if not (match := _CARD_NAME.fullmatch(text)):
        raise _malformed(text)
    card = find_card(match["name"], shelves)
    written = _changes(text, match["changes"] or "")
    training = _training(card, match["data"], match["recipe"], {**written, **(changes or {})}, shelves)
    return _by_seed(text, card, training, match["seed"], seed)


def finetuned(
    start: Spec,
    data: str,
    recipe: str = TUNING,
    *,
    changes: dict[str, int] | None = None,
    seed: int = 0,
    shelves: Catalog | None = None,
) -> Spec:
    """Return the model that fine-tuning makes of another on labelled data: its backbone with a new linear head.

    The card is that of the start, trained with labels; its name says the start, the data, the recipe and the seed.
    """
    if start.is_function:
        raise UsageError(
            f"{start.name} cannot be fine-tuned by its name",
            expected="a model with weights in a file or trained by simzoo",
            got="what a function builds, whose weights nothing holds but the function",
            next_step="save its state dict with torch, then simzoo zoo add FILE --backbone BACKBONE",
        )
    update = {"name": f"{start.name}{TUNED}{data}", "weights": None, "recipes": {data: TUNING}}
    trained_on = ", then ".join(
        word for word in (start.training.data if start.training else start.card.trained_on, data) if word
    )
    about = {"objective": "supervised", "paradigm": "supervised", "trained_on": trained_on, "aliases": ()}
    card = start.card.model_copy(update={**update, **about})
    training = _training(card, data, recipe, changes or {}, shelves)
    name = card.name
    if training and (training.changes or recipe != TUNING):
        name += f":{recipe}" + "".join(f"+{key}={value}" for key, value in training.changes)
    return Spec(f"{name}#{seed}" if seed else name, card, seed, training, start)


def _tuned(text: str, changes: dict[str, int], seed: int, shelves: Catalog | None) -> list[Spec]:
    start, _, rest = text.rpartition(TUNED)
    if not start or not (match := _TUNED.fullmatch(rest)):
        raise _malformed(text)
    changes = {**_changes(text, match["changes"] or ""), **changes}
    return [
        finetuned(one, match["data"], match["recipe"] or TUNING, changes=changes, seed=number, shelves=shelves)
        for one in resolve(start, seed=seed, shelves=shelves)
        for number in _seeds(text, match["seed"], seed)
    ]


def _changes(text: str, written: str) -> dict[str, int]:
    pairs = re.findall(r"\+([a-z-]+)=(\d+)", written)
    changes = {key: int(value) for key, value in pairs}
    if len(changes) < len(pairs):
        raise _malformed(text)
    if unknown := sorted(set(changes) - set(CHANGES)):
        raise UsageError(
            f"{text!r} changes what cannot be changed in a name",
            expected=", ".join(CHANGES),
            got=", ".join(unknown),
            next_step="write a recipe of your own under registry/recipes/",
        )
    return changes


def _by_seed(text: str, card: Card, training: Training | None, seeds: str | None, default: int) -> list[Spec]:
    if not card.weights:
        explicit = seeds is not None
        return [
            Spec(_card_name(card, training, seed, explicit=explicit), card, seed, training)
            for seed in _seeds(text, seeds, default)
        ]
    if seeds is not None:
        raise UsageError(
            f"{card.name} has finished weights, so it takes no seed",
            expected=card.name,
            got=f"#{seeds}",
            next_step="leave the seed out",
        )
    return [Spec(card.name, card)]


def _training(
    card: Card, data: str | None, recipe: str | None, changes: dict[str, int], shelves: Catalog | None
) -> Training | None:
    if card.weights or card.untrained:
        if data or recipe:
            raise UsageError(
                f"{card.name} is not trained by simzoo, so it takes no data set or recipe",
                expected=card.name if card.weights else f"{card.name} or {card.name}#SEED",
                got=(f"@{data}" if data else "") + (f":{recipe}" if recipe else ""),
                next_step=f"simzoo show {card.name}",
            )
        return None
    data = data or next(iter(card.recipes), None)
    recipe = recipe or card.recipes.get(data or "")
    if not data or not recipe:
        raise UsageError(
            f"{card.name} has no recipe for data {data!r}",
            expected=", ".join(f"{known} (recipe {name})" for known, name in card.recipes.items()) or "a recipe",
            got=repr(data),
            next_step=f"name one: {card.name}@{data or 'DATA'}:RECIPE (simzoo list recipes)",
        )
    full = find_recipe(recipe, shelves).settings(card.objective)
    changes = {name: value for name, value in changes.items() if value != getattr(full, CHANGES[name])}
    update = {CHANGES[name]: value for name, value in changes.items()}
    try:
        settings = Settings.model_validate({**full.model_dump(), **update})
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"recipe {recipe} of {card.name} cannot be changed so",
            expected=f"{first['loc'][0]}: {first['msg']}",
            got=str(first["input"]),
            next_step=f"simzoo show {recipe}",
        ) from error
    return Training(data, recipe, tuple(sorted(changes.items())), settings, full)


def _card_name(card: Card, training: Training | None, seed: int, *, explicit: bool) -> str:
    name = card.name
    if training:
        default = next(iter(card.recipes), None)
        name += f"@{training.data}" if training.data != default else ""
        if training.changes or card.recipes.get(training.data) != training.recipe:
            name += f":{training.recipe}" + "".join(f"+{key}={value}" for key, value in training.changes)
    return f"{name}#{seed}" if explicit or seed else name


def _sourced(text: str, source: str, name: str, seeds: str | None, default: int) -> list[Spec]:
    if source == "file":
        card = read_card(Path(name).expanduser())
        if not card.weights and not card.untrained:
            raise CardError(
                f"{card.name} has no weights",
                expected="a [weights] table, or objective = 'init'",
                got=f"objective = {card.objective!r} and no weights",
                next_step="put a card that is to be trained into a registry folder (hook simzoo_cards)",
            )
        return _by_seed(text, card, None, seeds, default)
    if source == "features":
        raise UsageError(
            f"{text!r} is a file of features, not a network",
            expected="a model that can be loaded or trained",
            got="representations that are made already",
            next_step=f"simzoo compare {text} MODEL, or simzoo.representations.features.open_features(path)",
        )
    if source == "py":
        if not _FUNCTION.fullmatch(name) or ".py:" in name:
            raise _no_function(text, name)
        card = Card(version=1, name=text.partition("#")[0], backbone=f"py:{name}", source="py", trained_on="unknown")
        return _by_seed(text, card, None, seeds, default)
    library = "timm" if source == "init" else source
    common: dict[str, Any] = {"version": 1, "name": f"{source}:{name}", "backbone": f"{library}:{name}"}
    if source == "init":
        card = Card(**common, source=library, objective=UNTRAINED, paradigm="untrained")
        return [Spec(f"{card.name}#{seed}", card, seed) for seed in _seeds(text, seeds, default)]
    card = Card(**common, source=library, trained_on=f"as {library} says", weights=Weights(pretrained=True))
    return _by_seed(text, card, None, seeds, default)


def _no_function(text: str, name: str) -> UsageError:
    path, colon, function = name.rpartition(":")
    file = path if colon else name
    module = Path(file.replace("\\", "/").removesuffix(".py")).name if file.endswith(".py") else ""
    return UsageError(
        f"{text!r} names no function",
        expected="py:MODULE:FUNCTION, such as py:mymodel:cnn for `def cnn()` in mymodel.py",
        got=name,
        next_step=f"py:{module or 'MODULE'}:{function if colon and function else 'FUNCTION'}",
    )


def _seeds(text: str, seeds: str | None, default: int) -> range:
    if seeds is None:
        return range(default, default + 1)
    match = _SEEDS.fullmatch(seeds)
    if not match or int(match[2] or match[1]) < int(match[1]):
        raise UsageError(
            f"{text!r} has no readable seed",
            expected="#SEED or #FIRST-LAST, such as #2 or #0-2",
            got=f"#{seeds}",
            next_step=f"{text.partition('#')[0]}#0",
        )
    found = range(int(match[1]), int(match[2] or match[1]) + 1)
    if len(found) > MOST_SEEDS:
        raise UsageError(
            f"{text!r} stands for too many models",
            expected=f"at most {MOST_SEEDS:,} seeds",
            got=f"{len(found):,}",
            next_step=f"{text.partition('#')[0]}#{found[0]}-{found[0] + 9}",
        )
    return found


def _malformed(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is not a model name",
        expected=f"NAME[@DATA][:RECIPE][#SEED], START@@DATA[:RECIPE][#SEED], or one of {', '.join(SOURCES.values())}",
        got=repr(text),
        next_step="simzoo list models",
    )
