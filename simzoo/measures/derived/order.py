"""How what is derived of a representation follows when its samples are put in another order."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

Rows = npt.NDArray[np.intp]
Anything = TypeVar("Anything")


def rows_of(result: torch.Tensor, order: Rows) -> torch.Tensor:
    """Return the rows of a tensor in another order."""
    return result[torch.from_numpy(np.ascontiguousarray(order)).to(result.device)]


def unchanged(result: Anything, _: Rows) -> Anything:
    """Return what no order of samples changes."""
    return result


def numbers_of(result: torch.Tensor, order: Rows) -> torch.Tensor:
    """Return (n, k) row numbers in another order of rows, each as the number that its row has in that order."""
    return rows_of(places_in(order, result.device)[result], order)


def places_in(order: Rows, device: torch.device) -> torch.Tensor:
    """Return the place that each row (n,) has in an order."""
    return torch.from_numpy(np.argsort(order)).to(device)
