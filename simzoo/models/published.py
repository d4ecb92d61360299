"""`timm:NAME.TAG` and `hf-hub:OWNER/NAME`: networks of timm with the weights that are published for them.

timm maps the keys of the file, but does not fetch or open it: that is done here, as for every other weight file.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn

from simzoo.cards import Card, Weights
from simzoo.errors import CardError, WeightsError
from simzoo.models.hub import fetch_file
from simzoo.models.offer import Offer
from simzoo.models.reading import read_state
from simzoo.models.weights import require_finite, weights_file

HUB = "hf-hub:"
CONFIG = "config.json"
_PARTIAL = re.compile(r"(Missing|Unexpected) keys \([^)]*\)")


def timm_published(card: Card, name: str) -> nn.Module:
    """Return the network with the head it was published with, so that its logits can be read."""
    import timm

    config = timm.models.get_pretrained_cfg(name)
    said, args = card.weights or Weights(pretrained=True), card.backbone_args
    if not (said.path or said.url or said.hub):
        said = said.model_copy(update=_source(card, name, config))
    heads = (0, getattr(config, "num_classes", 0) or 0)
    if args.get("num_classes", 0) not in heads:
        raise CardError(
            f"{card.name}: the published head of {name!r} has {heads[1]} classes",
            expected=f"num_classes = {heads[1]}, or 0 for no head",
            got=f"num_classes = {args['num_classes']}, which would leave the head as initialised",
            next_step="correct backbone_args in the card",
        )
    return _made(card, name, (said, card.licence or getattr(config, "license", "") or ""), args, {})


def hub_published(card: Card) -> nn.Module:
    """Return a network that somebody put on the Hugging Face hub with timm."""
    repository = card.backbone.removeprefix(HUB)
    weights = Weights(hub=repository)
    path = fetch_file(Offer(card.name, weights, card.licence), [CONFIG])
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        architecture, feed = str(config["architecture"]), dict(config.get("pretrained_cfg") or config)
    except (ValueError, KeyError, TypeError) as error:
        raise CardError(
            f"{card.name} is no model of timm on the hub",
            expected=f"a repository whose {CONFIG} names an `architecture` of timm",
            got=f"{type(error).__name__}: {error}",
            next_step="write a card: backbone = 'timm:NAME', weights = { hub = 'OWNER/NAME' } (simzoo zoo add)",
        ) from error
    args = {**dict(config.get("model_args") or {}), **card.backbone_args}
    if "num_classes" in config:
        args.setdefault("num_classes", config["num_classes"])
    known = ("input_size", "mean", "std", "crop_pct", "interpolation", "num_classes", "first_conv", "classifier")
    config = {key: feed[key] for key in known if key in feed}
    licence = card.licence or str(feed.get("license") or "")
    return _made(card, architecture, (weights, licence), args, {"pretrained_cfg": config})


def _made(
    card: Card, name: str, file: tuple[Weights, str], args: Mapping[str, Any], more: Mapping[str, Any]
) -> nn.Module:
    import timm

    weights, licence = file
    path = weights_file(weights, card.name, licence)
    state = read_state(path)
    if not state:  # timm would take that for no file, and fetch its own
        raise WeightsError(
            f"{card.name}: {path.name} holds no tensors",
            expected="tensors by name",
            got="an empty file of weights",
            next_step="fetch the file again, or correct the path",
        )
    require_finite(_tensors(state), path.name)
    try:
        with _told() as partial:
            network: Any = timm.create_model(
                name, pretrained=True, pretrained_cfg_overlay={"state_dict": state}, **{**more, **args}
            )
    except Exception as error:  # timm raises RuntimeError for keys and shapes, and whatever a mapping meets
        raise WeightsError(
            f"{card.name}: {path.name} does not fit timm's {name!r}",
            expected="the weights that timm publishes under that name",
            got=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}",
            next_step=f"write a card with weights = {{ path = ..., rename = ... }}; untrained: init:{name}",
        ) from error
    network.pretrained_cfg["state_dict"] = None  # the network has them now
    for said in partial:
        warnings.warn(f"{card.name}: {path.name} is not all of {name} and nothing else: {said}", stacklevel=2)
    made: nn.Module = network
    return made


@contextmanager
def _told() -> Iterator[list[str]]:
    """Collect what timm's loader says of keys that are missing or left over where it tolerates them."""
    found: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if match := _PARTIAL.match(record.getMessage()):
                found.append(match[0])

    logger, listener = logging.getLogger("timm.models._builder"), Listener()
    level, propagates = logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield found
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
        logger.propagate = propagates


def _source(card: Card, name: str, config: Any) -> dict[str, str]:
    if config is not None and config.hf_hub_id:
        return {"hub": config.hf_hub_id, "file": config.hf_hub_filename or ""}
    if config is not None and config.url:
        return {"url": config.url}
    raise WeightsError(
        f"{card.name}: timm publishes no weights of {name!r}",
        expected='a name with a tag of python -c "import timm; print(timm.list_pretrained())"',
        got=name,
        next_step=f"untrained: init:{name}",
    )


def _tensors(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tensors of a state dict, also of one that lies inside a container that timm will open."""
    inside = [value for value in state.values() if isinstance(value, Mapping)]
    found = {key: value for part in (state, *inside) for key, value in part.items()}
    return {str(key): value for key, value in found.items() if hasattr(value, "isfinite")}
