"""What measures are tried on: representations in clusters, and elements of the groups that act on their columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Move = Callable[[Array], Array]

N, CLASSES, WIDTHS = 80, 4, (8, 6)
IMPLIED = {
    "rotation": {"permutation"},
    "linear": {"permutation", "rotation", "scale"},
    "affine": {"permutation", "rotation", "scale", "translation", "linear"},
}


@dataclass(frozen=True)
class Sample:
    """The inputs of a measure: one side or two, and whatever else it may need, all about the same n samples."""

    sides: tuple[Array, ...]
    labels: Array
    views: tuple[Array, ...]
    support: tuple[Array, Array]
    classifier: tuple[Array, Array]

    def moved(self, *moves: Move) -> Sample:
        """Apply one move to the columns of each side; views and support go with the first."""
        first = moves[0]
        return replace(
            self,
            sides=tuple(move(side) for move, side in zip(moves, self.sides, strict=True)),
            views=tuple(map(first, self.views)),
            support=(first(self.support[0]), self.support[1]),
        )

    def rows(self, order: Array) -> Sample:
        """Take the samples in another order, the same on all sides."""
        return replace(
            self,
            sides=tuple(side[order] for side in self.sides),
            labels=self.labels[order],
            views=tuple(view[order] for view in self.views),
        )


def sample(sides: int, seed: int = 0, n: int = N, widths: Sequence[int] = WIDTHS) -> Sample:
    """Draw one representation or two that resemble each other, in clusters, and the labels of the clusters."""
    draw = np.random.default_rng(seed)
    centres = 2 * draw.normal(size=(CLASSES, widths[0]))
    labels = np.arange(n) % CLASSES
    x = centres[labels] + draw.normal(size=(n, widths[0]))
    y = x @ draw.normal(size=tuple(widths)) + draw.normal(size=(n, widths[1]))
    known = np.arange(N) % CLASSES
    return Sample(
        (x, y)[:sides],
        labels,
        tuple(x + 0.3 * draw.normal(size=x.shape) for _ in range(3)),
        (centres[known] + draw.normal(size=(N, widths[0])), known),
        (draw.normal(size=(CLASSES, widths[0])), draw.normal(size=CLASSES)),
    )


def answering(sides: int, seed: int = 0, n: int = N) -> Sample:
    """Draw the outputs of one model or two: columns are classes, and the labels' own columns tend to be the highest."""
    drawn = sample(sides, seed, n, (WIDTHS[0], WIDTHS[0]))
    return replace(drawn, sides=tuple(side + 4 * np.eye(WIDTHS[0])[drawn.labels] for side in drawn.sides))


def move(group: str, d: int, seed: int) -> Move:
    """Draw an element of the group, far from the identity, as a function of (n, d) arrays.

    What an even seed makes larger (scales, stretches) an odd one makes smaller.
    """
    draw = np.random.default_rng(seed)
    rotations = [np.linalg.qr(draw.normal(size=(d, d)))[0] for _ in range(2)]
    shift = 5 * draw.normal(size=d)
    factor, order = draw.uniform(2, 9), draw.permutation(d)
    stretch = rotations[0] @ np.diag(np.logspace(-1.5, 1.5, d)) @ rotations[1]
    if seed % 2:
        factor, stretch = 1 / factor, stretch / 10**1.5
    moves: dict[str, Move] = {
        "permutation": lambda x: x[:, order],
        "rotation": lambda x: x @ rotations[0],
        "scale": lambda x: x * factor,
        "translation": lambda x: x + shift,
        "linear": lambda x: x @ stretch,
        "affine": lambda x: x @ stretch + shift,
    }
    return moves[group]


def noisy(given: Sample, seed: int, spread: float = 20) -> Sample:
    """Return the sample with its last side drowned in noise."""
    noise = spread * np.random.default_rng(100 + seed).normal(size=given.sides[-1].shape)
    moves = [unmoved] * (len(given.sides) - 1)
    return given.moved(*moves, lambda x: x + noise)


def unmoved(x: Array) -> Array:
    """Return what was given."""
    return x


def at_the_edge(edge: str, x: Array) -> Array:
    """Return `x` made into one of the edge cases of `simzoo.facts.EDGE_CASES`."""
    copied = x.copy()
    if edge == "duplicates":
        copied[1:4] = copied[0]
    if edge == "zero rows":
        copied[:2] = 0
    made = {
        "n <= d": np.random.default_rng(0).normal(size=(len(x), len(x) + 20)),
        "constant": np.full_like(x, 0.1),
        "one column": x[:, :1],
    }
    return made.get(edge, copied)
