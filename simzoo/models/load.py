"""From a spec to a frozen model: as initialised, with its card's weights, as simzoo trained it, or built by `py:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import safetensors.torch
from torch import nn

from simzoo.cards import Card, Input
from simzoo.catalog import Catalog
from simzoo.errors import TrainingError
from simzoo.models import torchvision
from simzoo.models.backbones import build_backbone, initialise
from simzoo.models.blocks import head_of
from simzoo.models.functions import call_function
from simzoo.models.model import Model, library_feed
from simzoo.models.reading import read_state
from simzoo.models.remap import map_state
from simzoo.models.weights import load_state, weights_file, weights_key
from simzoo.models.wrap import wrap_module
from simzoo.names import Spec
from simzoo.storage import weights_shelf

__all__ = ["HEAD", "Model", "as_model", "begun", "load", "wrap_module"]

HEAD = "fine-tuned head: "  # before the names of the tensors of the head that fine-tuning made, in a weight file


def load(spec: Spec, shelves: Catalog | None = None, device: str = "cpu") -> Model:
    """Return the model of a spec: untrained, with its card's weights, as simzoo trained it, or as `py:` builds it."""
    if spec.is_function:
        return call_function(spec, device)
    card, key = spec.card, weights_key(spec, shelves)
    if card.weights and card.weights.pretrained:
        module = build_backbone(card, pretrained=True, shelves=shelves)
        return as_model(spec, module, key=key, device=device)
    module = initialise(card, spec.seed or 0, shelves)
    if card.weights:
        _load_file(module, spec.name, card)
    elif spec.training:
        artifact = weights_shelf().get(key)
        if artifact is None:
            raise TrainingError(
                f"{spec.name} is not trained yet",
                expected="its weights in the store (SIMZOO_HOME)",
                got="none",
                next_step=f"simzoo train {spec.name}",
            )
        state = safetensors.torch.load_file(artifact.path)
        head = {name: state.pop(f"{HEAD}{name}") for name in ("weight", "bias") if f"{HEAD}{name}" in state}
        load_state(module, state, artifact.path.name)
        tuned = as_model(spec, module, key=key, facts=artifact.header, device=device)
        return replace(tuned, classifier=(head["weight"].to(device), head["bias"].to(device))) if head else tuned
    return as_model(spec, module, key=key, device=device)


def begun(spec: Spec, shelves: Catalog | None = None) -> nn.Module:
    """Return the network that a training begins with: fresh, or with the weights of the model it starts from.

    A published head that the backbone is not built with is left behind: fine-tuning puts its own head on the features.
    """
    module = initialise(spec.card, spec.seed or 0, shelves)
    if spec.start:
        given = load(spec.start, shelves).module.state_dict()
        load_state(module, {name: given[name] for name in module.state_dict() if name in given}, spec.start.name)
    return module


def as_model(
    spec: Spec, module: nn.Module, *, key: str = "", facts: Mapping[str, Any] | None = None, device: str = "cpu"
) -> Model:
    """Return the network of a spec as a frozen model; the module itself is frozen, not copied."""
    feed, fed_by = _feed(spec, module)
    frozen = module.eval().requires_grad_(requires_grad=False).to(device)
    return Model(spec.name, frozen, feed, spec.card.pool, spec, key, fed_by, facts or {}, logits=head_of(module))


def _feed(spec: Spec, module: nn.Module) -> tuple[Input, str]:
    if spec.card.input:
        return spec.card.input, "card"
    if spec.card.backbone.startswith(torchvision.PREFIX):
        return torchvision.feed_of(spec.card), "torchvision"
    return library_feed(module, spec.name)


def _load_file(module: nn.Module, name: str, card: Card) -> None:
    if card.weights:
        path = weights_file(card.weights, name, card.licence)
        load_state(module, map_state(read_state(path), card.weights), path.name)
