"""The vector functions of MKL, called once before anything depends on their bits."""

from __future__ import annotations

from functools import cache

import torch

FUNCTIONS = (
    *("acos", "asin", "atan", "cos", "cosh", "erf", "erfc", "erfinv", "exp", "expm1"),
    *("log", "log10", "log1p", "log2", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"),
)


@cache
def settle() -> None:
    """Call each function on one number, in both precisions, by one thread.

    MKL chooses the code of a vector function at its first call. Where that is made by several threads at once, as
    torch does on larger tensors, one of them may be given code of about three digits (pytorch issue 188792): the first
    step of AdamW, whose square root it was, then differed in a few of some hundred trainings.
    """
    for dtype in (torch.float32, torch.float64):
        one = torch.full((1,), 0.5, dtype=dtype)
        for name in FUNCTIONS:
            getattr(torch, name)(one)
