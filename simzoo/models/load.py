"""From a spec, or a bare module, to a frozen model with everything that reading it needs."""

from __future__ import annotations

import copy
import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from simzoo.cards import Input, Weights
from simzoo.catalog import Catalog
from simzoo.errors import CardError, TrainingError
from simzoo.models.backbones import build_backbone, initialise
from simzoo.models.pooling import pooling
from simzoo.models.tap import Tap
from simzoo.models.taps import find_taps, forward_taps
from simzoo.models.weights import load_state, map_state, read_state, weights_file, weights_key
from simzoo.names import Spec
from simzoo.storage import key_of, weights_shelf

IMAGENET = Input(crop=0.875)


@dataclass(frozen=True)
class Model:
    """A frozen network, how it is fed and pooled, and where it came from.

    `fed_by` says who decided `feed`. `facts` is what the store knows about its training, empty where simzoo did not
    train it.
    """

    name: str
    module: nn.Module
    feed: Input
    pool: str = "gap"
    spec: Spec | None = None
    key: str = ""
    fed_by: Literal["card", "timm", "ImageNet defaults"] = "card"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """How many parameters the network has."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    @property
    def seed(self) -> int | None:
        """The seed it started from, where simzoo made it."""
        return self.spec.seed if self.spec else None

    def taps(self, wanted: str = "residual") -> list[Tap]:
        """Return the taps of these presets, names or globs."""
        return find_taps(self.module, wanted)

    def features(self, pixels: Tensor) -> Tensor:
        """Return the pooled output (b, d), with gradients where they are on: what a training's heads stand on."""
        final = find_taps(self.module, "final")
        return forward_taps(self.module, pixels, final, pooling(self.pool))[final[0]]


def load(spec: Spec, shelves: Catalog | None = None, device: str = "cpu") -> Model:
    """Return the model of a spec: untrained, with the weights of its card, or as simzoo trained it."""
    card, key = spec.card, weights_key(spec, shelves)
    if card.weights and card.weights.pretrained:
        return as_model(spec, build_backbone(card, pretrained=True, shelves=shelves), key=key, device=device)
    module = initialise(card, spec.seed or 0, shelves)
    facts: dict[str, Any] = {}
    if card.weights:
        _load_file(module, card.weights)
    elif spec.training:
        artifact = weights_shelf().get(key)
        if artifact is None:
            raise TrainingError(
                f"{spec.name} is not trained yet",
                expected="its weights in the store (SIMZOO_HOME)",
                got="none",
                next_step=f"simzoo train {spec.name}",
            )
        load_state(module, safetensors.torch.load_file(artifact.path), artifact.path.name)
        facts = artifact.header
    return as_model(spec, module, key=key, facts=facts, device=device)


def as_model(
    spec: Spec, module: nn.Module, *, key: str = "", facts: Mapping[str, Any] | None = None, device: str = "cpu"
) -> Model:
    """Return the network of a spec as a frozen model; the module itself is frozen, not copied."""
    feed, fed_by = (spec.card.input, "card") if spec.card.input else _feed(module, spec.name)
    frozen = module.eval().requires_grad_(requires_grad=False).to(device)
    return Model(spec.name, frozen, feed, spec.card.pool, spec, key, fed_by, facts or {})  # type: ignore[arg-type]


def wrap_module(module: nn.Module, name: str = "", *, device: str = "cpu") -> Model:
    """Return any module as a frozen model: a copy, so that the caller's own stays as it is.

    It is fed as timm says where timm made it, else by ImageNet defaults: 224 px, the centre 87.5 %. `final` is its
    output (or the output of its `forward_features`). Its key hashes state, class, structure and source.
    """
    feed, fed_by = _feed(module, name)
    frozen = copy.deepcopy(module).eval().requires_grad_(requires_grad=False).to(device)
    return Model(name or type(module).__name__, frozen, feed, key=_module_key(module), fed_by=fed_by)  # type: ignore[arg-type]


def _load_file(module: nn.Module, weights: Weights) -> None:
    path = weights_file(weights)
    load_state(module, map_state(read_state(path), weights), path.name)


def _feed(module: nn.Module, name: str) -> tuple[Input, str]:
    """Return how timm feeds a module, at the size it was built for; ImageNet defaults where timm did not make it."""
    if not getattr(module, "pretrained_cfg", None):
        return IMAGENET, "ImageNet defaults"
    from timm.data import resolve_model_data_config

    config = resolve_model_data_config(module)
    built_for = getattr(getattr(module, "patch_embed", None), "img_size", None)
    height, width = built_for or config["input_size"][1:]
    try:
        feed = Input(
            size=height,
            mean=config["mean"],
            std=config["std"],
            crop=config["crop_pct"],
            interpolation=config["interpolation"],
        )
    except ValidationError as error:
        raise _odd_feed(name, str(config)) from error
    if height != width:
        raise _odd_feed(name, f"{height} x {width} px")
    return feed, "timm"


def _odd_feed(name: str, got: str) -> CardError:
    return CardError(
        f"{name}: timm's data config cannot be used as it is",
        expected="square RGB input, bilinear, bicubic or nearest",
        got=got,
        next_step="write a card with input = { size, mean, std, crop, interpolation }",
    )


def _module_key(module: nn.Module) -> str:
    kind = type(module)
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):
        source = ""  # made in a console, or built in
    facts = {"state": digest.hexdigest(), "class": f"{kind.__module__}.{kind.__qualname__}", "structure": repr(module)}
    return key_of({**facts, "source": source})
