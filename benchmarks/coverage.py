"""How often an interval of half-samples holds the value that so many images have on average.

python benchmarks/coverage.py [DRAWS] [MEASURE] ...    (100; cka_unbiased, mutual_knn, procrustes and rsa)

For each measure and each way in which the sides are related, independence among them: draws of images, an interval
of each (95 %, 100 half-samples, as the command line has it), and the share of the intervals that hold the mean value of
400 other draws of as many images. Prints, and asserts nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from simzoo.catalog import catalog
from simzoo.measures.uncertainty import uncertainty

Array = npt.NDArray[np.float64]
MEASURES = ("cka_unbiased", "mutual_knn", "procrustes", "rsa")
OTHERS, RESAMPLES, N, TARGET = 400, 100, 200, 0.93


def independent(draw: np.random.Generator) -> tuple[Array, Array]:
    """Draw two sides that have nothing to do with each other."""
    return _layer(draw.normal(size=(N, 8)), 0, draw), _layer(draw.normal(size=(N, 8)), 1, draw)


def weakly(draw: np.random.Generator) -> tuple[Array, Array]:
    """Draw two sides that share two of eight factors."""
    x, y = draw.normal(size=(2, N, 8))
    y[:, :2] = x[:, :2]
    return _layer(x, 0, draw), _layer(y, 1, draw)


def closely(draw: np.random.Generator) -> tuple[Array, Array]:
    """Draw two sides of the same factors, with noise of their own."""
    x = draw.normal(size=(N, 8))
    return _layer(x, 0, draw), _layer(x, 1, draw)


def in_classes(draw: np.random.Generator) -> tuple[Array, Array]:
    """Draw two sides of ten classes, each a point with noise around it."""
    centres = 2 * np.random.default_rng(2).normal(size=(10, 8))
    x = centres[draw.integers(10, size=N)] + draw.normal(size=(N, 8))
    return _layer(x, 0, draw), _layer(x, 1, draw)


def _layer(factors: Array, seed: int, draw: np.random.Generator) -> Array:
    """Return rectified features of the factors, of always the same weights, with noise."""
    weights = np.random.default_rng(seed).normal(size=(8, 24))
    layer: Array = np.maximum(factors @ weights + 0.5 * draw.normal(size=(N, 24)), 0)
    return layer


PAIRS: Sequence[Callable[[np.random.Generator], tuple[Array, Array]]] = (independent, weakly, closely, in_classes)


def coverage(
    name: str, pair: Callable[[np.random.Generator], tuple[Array, Array]], draws: int
) -> tuple[float, float, float]:
    """Return the share of intervals that hold the mean value, their mean width, and that of a perfect one."""
    sheet = catalog().measures[name].sheet
    values = np.array([sheet.function(*pair(np.random.default_rng((1, i)))) for i in range(OTHERS)])
    expected, held, widths = values.mean(), 0, []
    for i in range(draws):
        x, y = pair(np.random.default_rng((0, i)))
        found = uncertainty(sheet, [x], [y], resamples=RESAMPLES, permutations=0, seed=i).cell(0, 0)
        low, high = found["low"], found["high"]
        if low is not None and high is not None:
            held += low <= expected <= high
            widths.append(high - low)
    return held / draws, float(np.mean(widths)), float(np.ptp(np.percentile(values, (2.5, 97.5))))


def main(names: Sequence[str], draws: int = 100) -> None:
    """Print one line for each measure and pair."""
    torch.set_num_threads(1)
    print(f"n = {N}, {draws} draws, {RESAMPLES} half-samples, intervals of 95 %; target {TARGET:.0%}")
    for name in names:
        for pair in PAIRS:
            share, width, perfect = coverage(name, pair, draws)
            error = (share * (1 - share) / draws) ** 0.5
            told = f"{name:16s} {pair.__name__:12s} {share:5.1%} (standard error {error:.1%})"
            print(f"{told}, width {width / perfect:.2f} of what holds 95 %; load {os.getloadavg()[0]:.1f}", flush=True)


if __name__ == "__main__":
    wanted = sys.argv[1:]
    main([word for word in wanted if not word.isdigit()] or MEASURES, *(int(word) for word in wanted if word.isdigit()))
