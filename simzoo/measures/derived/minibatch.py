"""Unbiased HSIC summed over batches of rows: what a stream of samples allows, in the memory of one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from simzoo.errors import TooFewSamplesError, UsageError
from simzoo.measures.arrays import held, matrix
from simzoo.measures.derived.gram import centering
from simzoo.measures.derived.gram_products import GramProducts, gram_products


def minibatch_products(xs: Sequence[Any], ys: Sequence[Any] | None, size: int) -> GramProducts:
    """Return sums of HSIC_1 over consecutive batches of `size` rows, up to a factor; a short last one by its pairs."""
    left, right = [matrix(x) for x in xs], None if ys is None else [matrix(y) for y in ys]
    total = [torch.zeros((), dtype=torch.float64)] * 3
    for rows in _batches(len(left[0]), size):
        parts = [held(x[rows]) for x in left]
        others = None if right is None else [held(y[rows]) for y in right]
        products = gram_products(parts, others, unbiased=True)
        a = _squared_norms(parts)
        b = a if others is None else _squared_norms(others)
        m = len(parts[0])
        pairs = (m - 1) / (m - 3)  # m (m - 1) pairs, and HSIC_1 divides by m (m - 3)
        scales = (a[:, None] * b, a * a, b * b)
        total = [old + pairs * scale * new for old, scale, new in zip(total, scales, products, strict=True)]
    return GramProducts(*total)


def _squared_norms(parts: Sequence[Any]) -> torch.Tensor:
    """Return what was divided out of the Gram matrices: batches count by how far their rows spread."""
    return torch.tensor([centering(part).norm ** 2 for part in parts], dtype=torch.float64)


def _batches(n: int, size: int) -> Iterator[slice]:
    if size < 4:
        raise UsageError(
            "a batch of fewer than 4 rows has no unbiased HSIC",
            expected="minibatch >= 4",
            got=f"minibatch = {size}",
            next_step="minibatch=256, or as many rows as memory holds",
        )
    if 0 < (rest := n % size if n > size else n) < 4:
        raise TooFewSamplesError(
            f"the last batch has {rest} rows, and no unbiased HSIC",
            expected="4 rows or more in each batch",
            got=f"{n} samples in batches of {size}",
            next_step=f"another minibatch=, or the first {n - rest} samples" if n > 3 else "give more samples (--n)",
        )
    return (slice(start, start + size) for start in range(0, n, size))
