"""`simzoo zoo add`: a card for a checkpoint of one's own, from its keys, its header and what is typed."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from simzoo.cards import Card, Input, Weights
from simzoo.errors import CardError, UsageError, WeightsError
from simzoo.models.backbones import initialise
from simzoo.models.load import load
from simzoo.models.matching import Match, classes_in, match_state
from simzoo.models.model import library_feed
from simzoo.models.reading import header_of, read_state
from simzoo.models.remap import first
from simzoo.names import Spec
from simzoo.registries import find_card, own_cards, taken
from simzoo.storage import atomic, checksum
from simzoo.tomlfile import written

WARNING = (
    "matching keys do not prove right preprocessing: the same weights load whatever mean, std, size, crop and padding "
    "are assumed (one MobileNetV2 gives 59.5 or 86.1 % top-1). Check them: simzoo audit {name} --data DATA"
)
HALVES, NONE, IMAGENET = (0.5, 0.5, 0.5), (0.0, 0.0, 0.0), (0.485, 0.456, 0.406)
# how headers spell the normalisation of pixels from 0 to 255, without spaces
NORMS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "x/127.5-1": (HALVES, HALVES),
    "(x-127.5)/127.5": (HALVES, HALVES),
    "(x/255-0.5)/0.5": (HALVES, HALVES),
    "inception": (HALVES, HALVES),
    "x/255": (NONE, (1.0, 1.0, 1.0)),
    "none": (NONE, (1.0, 1.0, 1.0)),
    "imagenet": (IMAGENET, (0.229, 0.224, 0.225)),
}
_CARD_NAME = re.compile(r"[^@:#+\s/\\]+")


@dataclass(frozen=True)
class Added:
    """A card that was written, what it assumes, and what of the file could not be matched."""

    card: Card
    path: Path
    match: Match
    assumed: tuple[str, ...]

    @property
    def facts(self) -> dict[str, Any]:
        """Return it as plain data."""
        left, missing = list(self.match.left_over), list(self.match.missing)
        about = {"name": self.card.name, "card": str(self.path), "matched": self.match.matched}
        unmatched = {"left_over": left, "missing": missing, "renamed": self.match.rename}
        warning = WARNING.format(name=self.card.name)
        return {**about, **unmatched, "assumed": list(self.assumed), "warning": warning, "input": self.feed}

    @property
    def feed(self) -> dict[str, Any] | None:
        """How the card says that the model is fed."""
        return self.card.input.model_dump() if self.card.input else None


def add(
    checkpoint: str | Path,
    backbone: str,
    *,
    name: str = "",
    args: Sequence[str] = (),
    mean: str = "",
    std: str = "",
    input_size: int | None = None,
    crop: float | None = None,
    crop_first: bool = False,
    pool: str = "",
    licence: str = "",
    trained_on: str = "",
) -> Added:
    """Write a card for a checkpoint, by which it can be named at once; every assumption is in what is returned.

    What is given here goes before what the header of a safetensors file states (`norm`, `pad_type`, `input`,
    `num_classes`), and that before what the backbone's library says.
    """
    path = Path(checkpoint).expanduser().resolve()
    name = free_name(
        name or re.sub(r"[^A-Za-z0-9._-]+", "-", path.name.split(".safetensors")[0].split(".pth")[0]), path
    )
    state, header = read_state(path), header_of(path)
    assumed: list[str] = []
    options = _arguments(args, header, state, assumed)
    card = Card(version=1, name=name, backbone=backbone, backbone_args=options, weights=Weights(path=str(path)))
    network = initialise(card, 0)
    match = match_state(state, network.state_dict())
    if match.missing:
        raise WeightsError(
            f"{path.name} does not fill {backbone}",
            expected=f"all {len(network.state_dict())} keys of the backbone, by name and shape",
            got=f"{match.matched} of them; {len(match.missing)} missing: {first(match.missing)}; "
            f"{len(match.left_over)} left over in the file: {first(match.left_over) or 'none'}",
            next_step="name another --backbone, or what makes it fit: --backbone-arg KEY=VALUE (num_classes, img_size)",
        )
    assumed += _mapping_told(match)
    given = {"mean": mean, "std": std, "size": input_size, "crop": crop, "crop_first": crop_first or None}
    feed = _feed(network, card, header, given, assumed)
    pool = pool or "gap"
    weights = {"path": str(path), "sha256": checksum(path), **match.rules}
    fields = {
        "version": 1,
        "name": name,
        "summary": f"{backbone}, weights of {path.name}",
        "backbone": backbone,
        "backbone_args": options,
        "weights": weights,
        "input": feed.model_dump(mode="json"),
        "pool": pool,
        "trained_on": trained_on,
        "licence": licence,
        "source": f"added by simzoo zoo add from {path.name}",
        "unverified": ["input.mean", "input.std", "input.size", "input.crop", "input.interpolation", "pool"],
    }
    made = Card.model_validate({key: value for key, value in fields.items() if value not in ("", {}, [])})
    model = load(Spec(name, made))
    model.features(torch.zeros(2, 3, feed.size, feed.size))
    place = own_cards() / f"{name}.toml"
    with atomic(place) as temporary:
        temporary.write_text(
            written(made.model_dump(mode="json", exclude_defaults=True, exclude_none=True) | {"version": 1})
        )
    return Added(find_card(name), place, match, tuple(assumed))


def free_name(name: str, path: Path) -> str:
    """Return the name if a card of one's own can have it."""
    if not _CARD_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a card's name",
            expected="a name without spaces and without any of @ : # + /",
            got=repr(name),
            next_step="--name ID",
        )
    if taken("models", name) and not (own_cards() / f"{name}.toml").is_file():
        raise UsageError(
            f"there is a model {name!r} already",
            expected=f"a name of its own for {path.name}",
            got=repr(name),
            next_step=f"--name {name}-mine",
        )
    return name


def _arguments(
    given: Sequence[str], header: Mapping[str, str], state: Mapping[str, Any], assumed: list[str]
) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise UsageError(
                f"--backbone-arg {pair!r} is not KEY=VALUE",
                expected="an argument of the backbone and its value, such as num_classes=10",
                got=repr(pair),
                next_step=f"--backbone-arg {key or 'KEY'}=VALUE",
            )
        options[key] = _value(value)
    if "num_classes" not in options:
        stated = header.get("num_classes", "")
        options["num_classes"] = int(stated) if stated.isdigit() else classes_in(state)
        where = "the file's header" if stated.isdigit() else "the shape of its classifier, or 0 where it has none"
        assumed.append(f"num_classes = {options['num_classes']}: from {where}")
    if "pad_type" not in options and header.get("pad_type"):
        options["pad_type"] = header["pad_type"]
        assumed.append(f"pad_type = {options['pad_type']}: from the file's header")
    return options


def _value(text: str) -> Any:
    try:
        return ast.literal_eval({"true": "True", "false": "False"}.get(text, text))
    except (ValueError, SyntaxError):
        return text


def _mapping_told(match: Match) -> list[str]:
    told = [f"the state dict is {match.container!r} in the file"] if match.container else []
    told += [f"{match.strip!r} is taken off every key"] if match.strip else []
    told += [f"{old} is {new}: by its shape alone" for old, new in match.rename.items()]
    if match.left_over:
        told.append(f"{len(match.left_over)} keys of the file are left out: {first(match.left_over)}")
    return told


def _feed(network: Any, card: Card, header: Mapping[str, str], given: Mapping[str, Any], assumed: list[str]) -> Input:
    library, by = library_feed(network, card.name)
    feed: dict[str, Any] = library.model_dump()
    source = dict.fromkeys(feed, f"what {by} says of {card.backbone}, not this file")
    norm = re.sub(r"\s+", "", header.get("norm", "")).lower()
    if norm in NORMS:
        feed["mean"], feed["std"] = NORMS[norm]
        source["mean"] = source["std"] = f"the file's header (norm: {header['norm']})"
    elif norm:
        assumed.append(f"norm: {header['norm']} in the file's header is not understood")
    if header.get("input", "").isdigit():
        feed["size"], source["size"] = int(header["input"]), "the file's header"
    for key, value in given.items():
        if value not in (None, ""):
            feed[key] = _triple(key, value) if isinstance(value, str) else value
            source[key] = "the command line"
    try:
        made = Input.model_validate(feed)
    except ValidationError as error:
        problem = error.errors()[0]
        raise CardError(
            f"the model cannot be fed so: {problem['loc'][0]}",
            expected=problem["msg"],
            got=str(problem["input"]),
            next_step="correct --mean, --std, --input-size or --crop",
        ) from error
    assumed += [f"{key} = {value}: from {source[key]}" for key, value in feed.items()]
    return made


def _triple(key: str, text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in {1, 3}:
        raise UsageError(
            f"--{key} {text!r} is not three numbers",
            expected="R,G,B of pixels from 0 to 1, or one number for all three",
            got=repr(text),
            next_step=f"--{key} 0.5,0.5,0.5",
        )
    return numbers * 3 if len(numbers) == 1 else numbers
