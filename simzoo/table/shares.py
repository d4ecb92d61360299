"""Intervals of shares, such as accuracies over test images."""

from __future__ import annotations

import math

Z = 1.959964  # 95 %


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    >>> [round(bound, 3) for bound in wilson(861, 1000)]
    [0.838, 0.881]
    """
    share, spare = hits / n, Z**2 / n
    middle = (share + spare / 2) / (1 + spare)
    half = Z / (1 + spare) * math.sqrt(share * (1 - share) / n + spare / (4 * n))
    return middle - half, middle + half
