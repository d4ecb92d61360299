"""The frozen model: a network with everything that reading it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from torch import Tensor, nn

from simzoo.cards import Input
from simzoo.errors import CardError
from simzoo.models.pooling import pooling
from simzoo.models.tap import Tap
from simzoo.models.taps import find_taps, forward_taps
from simzoo.names import Spec

IMAGENET = Input(crop=0.875)


@dataclass(frozen=True)
class Model:
    """A frozen network, how it is fed and pooled, and where it came from.

    `fed_by` says who decided `feed`. `facts` is what the store knows about its training, empty where simzoo did not
    train it; `classifier` the weight and bias of the linear head that fine-tuning made, which stands on `features`.
    `presets` are presets of taps that this model defines for itself, as words separated by commas, and
    `logits` is the module whose output is the logits, or `output`.
    """

    name: str
    module: nn.Module
    feed: Input
    pool: str = "gap"
    spec: Spec | None = None
    key: str = ""
    fed_by: str = "card"
    facts: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, str] = field(default_factory=dict)
    logits: str = ""
    classifier: tuple[Tensor, Tensor] | None = None

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
        return find_taps(self.module, wanted, self.presets, self.logits)

    def features(self, pixels: Tensor) -> Tensor:
        """Return the pooled output (b, d), with gradients where they are on: what a training's heads stand on."""
        final = self.taps("final")
        return forward_taps(self.module, pixels, final, pooling(self.pool))[final[0]]


def library_feed(module: nn.Module, name: str) -> tuple[Input, str]:
    """Return how timm feeds a module, at the size it was built for; ImageNet defaults where timm did not make it."""
    size = _built_for(module)
    if not getattr(module, "pretrained_cfg", None):
        return IMAGENET.model_copy(update={"size": size} if size else {}), "ImageNet defaults"
    from timm.data import resolve_model_data_config

    config = resolve_model_data_config(module)
    height, width = (size, size) if size else config["input_size"][1:]
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


def _built_for(module: nn.Module) -> int | None:
    """Return the side of the images that a ViT was built for, of timm's or torchvision's, if they are square."""
    size = getattr(getattr(module, "patch_embed", None), "img_size", getattr(module, "image_size", None))
    sides = set(size) if isinstance(size, tuple) else {size}
    return sides.pop() if len(sides) == 1 and all(isinstance(side, int) for side in sides) else None


def _odd_feed(name: str, got: str) -> CardError:
    return CardError(
        f"{name}: timm's data config cannot be used as it is",
        expected="square RGB input, bilinear, bicubic or nearest",
        got=got,
        next_step="write a card with input = { size, mean, std, crop, interpolation }",
    )
