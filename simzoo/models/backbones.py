"""From a card to a network: timm's and torchvision's by their prefixes, plugins' and our own by bare name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from simzoo.cards import Card
from simzoo.catalog import Catalog, catalog
from simzoo.errors import CardError, SimzooError, unknown_name
from simzoo.models import torchvision
from simzoo.models.published import HUB, hub_published, timm_published

TIMM = "timm:"
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")


def build_backbone(card: Card, *, pretrained: bool = False, shelves: Catalog | None = None) -> nn.Module:
    """Return the card's network, with fresh weights from the global generator, or those its library publishes.

    From scratch there is no head unless `backbone_args` says `num_classes`, and the last norm of each residual branch
    does not start at zero: with timm's default every odd tap of an untrained ResNet would be exactly 0.
    """
    if card.backbone.startswith(TIMM):
        return _timm_backbone(card, card.backbone.removeprefix(TIMM), pretrained=pretrained)
    if card.backbone.startswith(torchvision.PREFIX):
        return torchvision.published(card) if pretrained else torchvision.untrained(card)
    if pretrained and card.backbone.startswith(HUB):
        return hub_published(card)
    if pretrained:
        raise CardError(
            f"{card.name}: only timm, the hub and torchvision publish weights by a backbone's name",
            expected="timm:NAME, hf-hub:OWNER/NAME or torchvision:NAME.WEIGHTS with weights = { pretrained = true }",
            got=card.backbone,
            next_step="give weights = { path = ... } or name a timm backbone",
        )
    entry = (shelves or catalog()).backbones[card.backbone]
    return _build(card, entry.part, card.backbone_args)


def initialise(card: Card, seed: int, shelves: Catalog | None = None) -> nn.Module:
    """Return the card's network as it is before any training: a pure function of the card and the seed.

    Training starts from it too, so an untrained model is the starting point of its trained twin. The global generator
    is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        # not torch.manual_seed: that one would reseed the accelerators' generators as well
        torch.default_generator.manual_seed(seed)
        return build_backbone(card, shelves=shelves)


def _timm_backbone(card: Card, name: str, *, pretrained: bool) -> nn.Module:
    import timm  # takes seconds, and a finished comparison needs none of it

    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        raise unknown_name(
            "timm backbone", name, timm.list_models(), "python -c 'import timm; print(timm.list_models())'"
        )
    tagged = timm.list_models(f"{architecture}.*", pretrained=True)
    if tag and name not in tagged:
        raise unknown_name(
            "timm backbone", name, tagged or timm.list_models(), f"leave the tag off: timm:{architecture}"
        )
    if pretrained:
        return timm_published(card, name)

    def create(**args: Any) -> nn.Module:
        network: nn.Module = timm.create_model(name, **args)
        return network

    args = {"num_classes": 0, **card.backbone_args}
    if "zero_init_last" in args:
        return _build(card, create, args)
    try:
        return _build(card, create, {**args, "zero_init_last": False})
    except CardError as error:
        if error.got != "zero_init_last":
            raise
    return _build(card, create, args)  # not of the ResNet family: nothing starts at zero


def _build(card: Card, make: Callable[..., nn.Module], args: dict[str, Any]) -> nn.Module:
    try:
        return make(**args)
    except SimzooError:
        raise
    except Exception as error:
        unexpected = _UNEXPECTED.search(str(error)) if isinstance(error, TypeError) else None
        raise CardError(
            f"{card.name}: backbone {card.backbone!r} cannot be built with backbone_args {_spelt(args)}",
            expected=f"arguments that {card.backbone} takes",
            got=unexpected[1] if unexpected else f"{type(error).__name__}: {error}",
            next_step="correct backbone_args in the card",
        ) from error


def _spelt(args: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key} = {value!r}" for key, value in args.items() if key != "zero_init_last") + "}"
