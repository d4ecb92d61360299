"""Average ranks of many numbers, by one sort."""

from __future__ import annotations

import numpy as np
import torch


def average_ranks(values: torch.Tensor) -> torch.Tensor:
    """Return the ranks (m,), from 1, of m numbers in float64; equal ones share the mean of their ranks.

    >>> average_ranks(torch.tensor([0.5, 2.0, 0.5, -1.0]))
    tensor([2.5000, 4.0000, 2.5000, 1.0000], dtype=torch.float64)
    """
    ordered, order = _sorted(values + 0.0)  # adding 0 turns -0 into 0, which has other bits
    m = len(values)
    place = torch.arange(1, m + 1, dtype=torch.float64, device=values.device)
    first = torch.ones(m, dtype=torch.bool, device=values.device)
    torch.ne(ordered[1:], ordered[:-1], out=first[1:])
    if not bool(first.all()):
        starts = first.nonzero()[:, 0]
        sizes = torch.diff(starts, append=starts.new_tensor([m]))
        place = (starts + (sizes + 1) / 2).double()[first.cumsum(0) - 1]
    return torch.empty_like(place).scatter_(0, order, place)


def _sorted(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what torch.sort does; of float32 on the CPU by one sort of bits and index packed into 64 bits."""
    if values.dtype != torch.float32 or values.device.type != "cpu" or len(values) >= 2**32:
        return torch.sort(values)
    bits = values.numpy().view(np.int32)
    keys = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64) << 32  # in the order of the floats
    keys |= np.arange(len(bits))
    keys.sort()
    return torch.from_numpy(keys >> 32), torch.from_numpy(keys & 0xFFFFFFFF)
