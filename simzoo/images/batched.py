"""What operations share: numbers into a range, a choice of images, reading images at other places; all by the batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

Numbers = npt.NDArray[np.float64]
Params = Mapping[str, Numbers]


def between(low: float, high: float, uniforms: Numbers) -> Numbers:
    """Return numbers in [0, 1) as numbers from low to high."""
    return low + (high - low) * uniforms


def switched(numbers: Numbers, below: float) -> Numbers:
    """Return 1 where a number lies below another, else 0: of uniform numbers, with that probability."""
    return (numbers < below).astype(np.float64)


def like(batch: Tensor, values: Numbers) -> Tensor:
    """Return numbers in the type of a batch, where it lies."""
    return torch.from_numpy(values).to(batch)


def where(on: Numbers, batch: Tensor, change: Callable[[Tensor, npt.NDArray[np.intp]], Tensor]) -> Tensor:
    """Change some of the images, whose rows `change` is told, and leave the others."""
    rows = np.flatnonzero(on)
    if not len(rows):
        return batch
    chosen = torch.from_numpy(rows).to(batch.device)
    return batch.index_copy(0, chosen, change(batch[chosen], rows))


def warped(batch: Tensor, matrix: Numbers, outside: str) -> Tensor:
    """Read each image at the places that its (2, 3) matrix maps the output's to, in coordinates from -1 to 1."""
    grid = affine_grid(like(batch, matrix), list(batch.shape), align_corners=False)
    return grid_sample(batch, grid, mode="bilinear", padding_mode=outside, align_corners=False)
