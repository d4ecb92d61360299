"""Mixed precision: the network computes in half precision, heads and losses in full."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields

import torch
from pytorch_lightning.plugins.precision import MixedPrecision
from torch import Tensor

from simzoo.models.load import Model

TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
START = 2.0**16  # torch's own; it halves where gradients overflow


@dataclass(frozen=True)
class Mixed(Model):
    """A model whose network runs under autocast; its features come out in float32."""

    half: torch.dtype = torch.bfloat16

    def autocast(self, device: str) -> AbstractContextManager[object]:
        """Return the context in which the network computes."""
        return torch.autocast(device, dtype=self.half, cache_enabled=False)  # a teacher's weights change in place

    def features(self, pixels: Tensor) -> Tensor:
        """Return the pooled output (b, d) in float32."""
        with self.autocast(pixels.device.type):
            return super().features(pixels).float()


def in_precision(model: Model, name: str) -> Model:
    """Return the model as a recipe's `precision` wants its network to compute: float32, bf16 or fp16."""
    if name not in TYPES:
        return model
    return Mixed(**{item.name: getattr(model, item.name) for item in fields(Model)}, half=TYPES[name])


def computing(model: Model, device: str) -> AbstractContextManager[object]:
    """Return the context in which the network of a model computes where it is not called through `features`."""
    return model.autocast(device) if isinstance(model, Mixed) else nullcontext()


class Scaled(MixedPrecision):
    """Lightning's loss scaling for fp16, without its autocast of the whole step.

    Whitenings, eigenvalues and covariances of losses are not defined, or not precise enough, in half precision.
    """

    def __init__(self, device: str) -> None:
        """Make the scaler, whose state a checkpoint holds."""
        super().__init__("16-mixed", device, torch.amp.GradScaler(device, init_scale=START))

    def autocast_context_manager(self) -> AbstractContextManager[object]:  # type: ignore[override]  # a wider type
        """Change nothing: `Mixed` does."""
        return nullcontext()


def scaling(name: str, device: str) -> Scaled | None:
    """Return what scales the loss: only fp16, with its narrow range, needs it."""
    return Scaled(device) if name == "fp16" else None
