"""The polytopes of an NNK graph, each a point with its neighbours: how many, how wide, of which rank, how aligned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from simzoo.measures.derived.neighbours import directions
from simzoo.measures.derived.nnk import GATHERED, Nnk

KEPT = 0.1  # squared singular values of at least this share of the largest are directions of a polytope
PAIRS = 2**15  # random pairs of polytopes, about, or all pairs where there are fewer


class Polytopes(NamedTuple):
    """Of n points: number of neighbours, rank of the directions to them, largest distance between any two, all (n,)."""

    counts: torch.Tensor
    ranks: torch.Tensor
    diameters: torch.Tensor


class Affinities(NamedTuple):
    """Of n points (n,), NaN where there is none: mean affinity with neighbours, and with points drawn at random."""

    neighbours: torch.Tensor
    random: torch.Tensor


class Frames(NamedTuple):
    """Orthonormal bases of the directions from points to their neighbours, as rows (total + 1, d), the last one zero.

    `at` (n, widest) says which rows are of a point; the zero row fills up.
    """

    rows: torch.Tensor
    at: torch.Tensor

    @property
    def ranks(self) -> torch.Tensor:
        """How many directions each point has, (n,)."""
        return (self.at < len(self.rows) - 1).sum(1)


def polytopes(features: torch.Tensor, graph: Nnk) -> Polytopes:
    """Return the polytopes of a graph of (n, d) features."""
    units, (near, inside) = directions(features), _neighbours(graph)
    count = inside.sum(1)
    rank, diameter = torch.zeros_like(count), torch.zeros_like(graph.errors)
    for at in _blocks(near, units.shape[1]):
        edges = _edges(units, near, inside, at)
        gram = edges @ edges.mT
        rank[at] = _large(torch.linalg.eigvalsh(gram)).sum(1)
        squares = gram.diagonal(dim1=1, dim2=2)
        apart = squares[:, :, None] + squares[:, None] - 2 * gram
        apart *= inside[at, :, None] & inside[at, None]
        diameter[at] = torch.maximum(apart.amax((1, 2)), squares.amax(1)).clamp_min(0).sqrt()
    return Polytopes(count, rank, diameter)


def affinities(features: torch.Tensor, graph: Nnk, groups: Sequence[torch.Tensor]) -> Affinities:
    """Return the affinities of the polytopes of a graph with their neighbours', and within groups at random.

    aff(i, j) = |U_i' U_j| / sqrt(min(r_i, r_j)), U the orthonormal directions from a point to its neighbours.
    """
    units, (near, inside) = directions(features), _neighbours(graph)
    frames = _frames(units, near, inside)
    here, column = inside.nonzero(as_tuple=True)
    pairs = torch.stack([here, near[here, column]], dim=1)
    drawn = torch.cat([_drawn(graph.errors, group, max(1, PAIRS // len(near))) for group in groups])
    return Affinities(_means(frames, pairs), _means(frames, torch.cat([drawn, drawn.flip(1)])))


def _neighbours(graph: Nnk) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rows of the neighbours (n, p), p their largest number, and which of them are there."""
    chosen = graph.chosen
    width = max(1, int(chosen.sum(1).max()))
    order = chosen.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :width]
    return graph.rows.gather(1, order), chosen.gather(1, order)


def _blocks(near: torch.Tensor, d: int) -> tuple[slice, ...]:
    height = max(1, GATHERED // (near.shape[1] * d))
    return tuple(slice(start, start + height) for start in range(0, len(near), height))


def _edges(units: torch.Tensor, near: torch.Tensor, inside: torch.Tensor, at: slice) -> torch.Tensor:
    """Return the differences (b, p, d) of neighbours to their points, in float64; zero rows where there is none."""
    edges = units[near[at].clamp_min(0)].double().sub_(units[at, None])
    return edges.mul_(inside[at, :, None])


def _large(squares: torch.Tensor) -> torch.Tensor:
    """Say which of the ascending squared singular values (b, p) are directions: KEPT of the largest, and not zero."""
    return (squares >= KEPT * squares[:, -1:]) & (squares[:, -1:] > 0)


def _frames(units: torch.Tensor, near: torch.Tensor, inside: torch.Tensor) -> Frames:
    """Return the bases, by the small Gram matrices of the edges: what is kept of them is well conditioned."""
    found, kept = [], []
    for at in _blocks(near, units.shape[1]):
        edges = _edges(units, near, inside, at)
        squares, vectors = torch.linalg.eigh(edges @ edges.mT)
        large = _large(squares)
        scaled = vectors / squares.clamp_min(torch.finfo(squares.dtype).tiny).sqrt()[:, None]
        found.append((scaled.mT @ edges)[large].to(units.dtype))
        kept.append(large)
    large = torch.cat(kept).flip(1)
    total, width = int(large.sum()), max(1, int(large.sum(1).max()))
    numbers = torch.full(large.shape, total, device=units.device)
    numbers[large] = torch.arange(total, device=units.device)
    return Frames(torch.cat([*found, units.new_zeros(1, units.shape[1])]), numbers[:, :width])


def _drawn(errors: torch.Tensor, group: torch.Tensor, times: int) -> torch.Tensor:
    """Return pairs of members of a group, each member in `times` pairs with others, or in all.

    The draw is fixed, of the order of the reconstruction errors: the same for the same points in any order.
    """
    n = len(group)
    draw = torch.from_numpy(np.random.default_rng(0).permutation(n)).to(group.device)
    order = group[errors[group].argsort()][draw]
    shifts = range(1, min(times, max(1, n // 2)) + 1)
    return torch.cat([torch.stack([order, order.roll(shift)], dim=1) for shift in shifts])


def _means(frames: Frames, pairs: torch.Tensor) -> torch.Tensor:
    """Return for each point the mean affinity (n,) over its pairs (m, 2), those with directions on both sides."""
    ranks = frames.ranks
    pairs = pairs[(ranks[pairs] > 0).all(1)]
    sums = torch.zeros(2, len(ranks), dtype=torch.float64, device=pairs.device)
    height = max(1, GATHERED // (frames.at.shape[1] * frames.rows.shape[1]))
    for start in range(0, len(pairs), height):
        some = pairs[start : start + height]
        a, b = (frames.rows[frames.at[some[:, side]]] for side in (0, 1))
        overlap = torch.linalg.matrix_norm((a @ b.mT).double()) / ranks[some].amin(1).double().sqrt()
        sums.index_add_(1, some[:, 0], torch.stack([overlap, torch.ones_like(overlap)]))
    return sums[0] / sums[1]
