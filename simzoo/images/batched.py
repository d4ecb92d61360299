"""What operations share: numbers into a range, a choice of images, reading images at other places; all by the batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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


def placed(width: Numbers | float, height: Numbers | float, right: Numbers, down: Numbers) -> Numbers:
    """Return the (b, 2, 3) matrices that read a rectangle: its sides, and where its centre lies.

    >>> placed(0.5, 1.0, np.array([0.25]), np.array([0.0])).tolist()
    [[[0.5, 0.0, 0.25], [0.0, 1.0, 0.0]]]
    """
    none = np.zeros(len(right))
    x, y = ([none + width, none, right], [none, none + height, down])
    return np.stack([np.stack(x, axis=1), np.stack(y, axis=1)], axis=1)


def composed(count: int, matrices: Sequence[Numbers]) -> Numbers:
    """Return the (count, 2, 3) matrices of several readings at once, the first of which is done to the image first."""
    whole = np.tile(np.eye(3), (count, 1, 1))
    for matrix in matrices:
        last = np.tile([[[0.0, 0.0, 1.0]]], (count, 1, 1))
        whole = whole @ np.concatenate([matrix, last], axis=1)
    return whole[:, :2]


def warped(batch: Tensor, matrix: Numbers, outside: str, side: int | None = None) -> Tensor:
    """Read each image at the places that its (2, 3) matrix maps the output's to, in coordinates from -1 to 1.

    The output has the shape of the batch, or is a square of `side` pixels.
    """
    shape = [*batch.shape[:2], side, side] if side else list(batch.shape)
    grid = affine_grid(like(batch, matrix), shape, align_corners=False)
    return grid_sample(batch, grid, mode="bilinear", padding_mode=outside, align_corners=False)
