"""What an objective is given at each step."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """The views of a batch of images, each (B, 3, H, W) and normalised, and the labels (B,)."""

    views: list[Tensor]
    labels: Tensor
