"""NNK graphs: each point as a combination, with weights of 0 or more, of those of its neighbours that are needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import torch

from simzoo.errors import UsageError
from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived import nnls
from simzoo.measures.derived.neighbours import directions, search
from simzoo.representations.derived import derived

Kernel = Literal["cosine", "gaussian"]
Solver = Literal["exact", "reference"]
SOLVERS = {"exact": nnls.exact, "reference": nnls.greedy}
SAME = 1e-6  # rows whose cosine is nearer to 1 than this are duplicates, which are left out and counted
SEEN = SAME / 2  # what single precision sees for sure of that; the rest is seen in the float64 products
GATHERED = 2**19  # numbers of neighbours that are multiplied at once: they stay in the cache
SOLVED = 2**19  # numbers of the kernel matrices that are solved at once


class Nnk(NamedTuple):
    """For each of n points k candidates, nearest first: row numbers (n, k) and weights theta (n, k), float64.

    Absent candidates have the row -1. `errors`, `residuals` (how far from optimal: see `nnls.residual`) and `left_out`
    (duplicates of a point, which are no candidates) are (n,).
    """

    rows: torch.Tensor
    theta: torch.Tensor
    errors: torch.Tensor
    residuals: torch.Tensor
    left_out: torch.Tensor

    @property
    def chosen(self) -> torch.Tensor:
        """Which candidates are neighbours: those of a weight above 1e-6, (n, k)."""
        return self.theta > nnls.WEIGHT


@derived
def nnk(x: Any, *, k: int = 50, kernel: Kernel = "cosine", solver: Solver = "exact") -> Nnk:
    """Return the NNK graph of the rows of (n, d) features, each among its k nearest others by cosine."""
    features = matrix(x)
    everything = torch.arange(len(features), device=features.device)
    return nnk_within(features, [everything], k=k, kernel=kernel, solver=solver)


def nnk_within(
    features: torch.Tensor, groups: Sequence[torch.Tensor], *, k: int, kernel: Kernel, solver: Solver
) -> Nnk:
    """Return the NNK graphs of groups of the rows of (n, d) features, each among its own; no row is in two groups."""
    _require_options(k, kernel, solver)
    require_variation(features, "all are each other's neighbours")
    units = directions(features)
    n, widest = len(features), min(k, max(len(group) for group in groups) - 1)
    rows = torch.full((n, widest), -1, device=features.device)
    left_out = torch.zeros_like(rows[:, 0])
    for group in groups:
        require_samples(len(group), 2, "a sample needs another to be its neighbour")
        points = units if len(groups) == 1 else units[group]
        found = search(points, points, min(k, len(group) - 1), leave_one_out=True, ceiling=1 - SEEN)
        width = found.rows.shape[1]
        rows[group, :width] = group[found.rows].masked_fill_(found.scores == -torch.inf, -1)
        left_out[group] = found.left_out
    base = features if features.dtype == torch.float32 else units  # so that the products are those of float64 rows
    products = Products(base, torch.linalg.vector_norm(base, dim=1, dtype=torch.float64).reciprocal())
    widths = _widths(products, rows, groups) if kernel == "gaussian" else None
    graph = _solved(products, rows, widths, solver)
    return graph._replace(left_out=graph.left_out + left_out)


class Products(NamedTuple):
    """Rows (n, d) and the reciprocals (n,) of their norms: cosines between any of them, in float64."""

    rows: torch.Tensor
    scales: torch.Tensor

    def within(self, sets: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
        """Give the cosines (b, m, m) within each of (n, m) sets of rows, some sets at a time."""
        n, m = sets.shape
        height, d = max(1, GATHERED // (m * self.rows.shape[1])), self.rows.shape[1]
        many = min(n, max(1, SOLVED // m**2))
        given = self.rows.new_empty(height * m, d)
        wide = given.double() if given.dtype != torch.float64 else given
        for start in range(0, n, many):
            some = sets[start : start + many]
            cosines = self.scales.new_empty(len(some), m, m)
            for at in range(0, len(some), height):
                part = some[at : at + height]
                size = part.numel()
                torch.index_select(self.rows, 0, part.flatten(), out=given[:size])
                points = (wide if wide is given else wide.copy_(given))[:size].view(-1, m, d)
                torch.bmm(points, points.mT, out=cosines[at : at + len(part)])
            scales = self.scales[some]
            cosines.mul_(scales[:, :, None]).mul_(scales[:, None])
            yield slice(start, start + len(some)), cosines


def _solved(products: Products, rows: torch.Tensor, widths: torch.Tensor | None, solver: Solver) -> Nnk:
    n = len(rows)
    sets = torch.cat([torch.arange(n, device=rows.device)[:, None], rows.clamp_min(0)], dim=1)
    parts = []
    for at, cosines in products.within(sets):
        there = rows[at] >= 0
        same = there & (cosines[:, 0, 1:] > 1 - SAME)
        there &= ~same
        values = _kernel(cosines, None if widths is None else widths[at])
        square, target = values[:, 1:, 1:].contiguous(), values[:, 0, 1:] * there
        if not bool(there.all()):
            square *= there[:, :, None] & there[:, None]
            square.diagonal(dim1=1, dim2=2).fill_(1)
        theta = SOLVERS[solver](square, target)
        errors = 1 - 2 * (theta * target).sum(1) + (theta * (square @ theta[:, :, None])[:, :, 0]).sum(1)
        found = rows[at].masked_fill(~there, -1)
        parts.append(Nnk(found, theta, errors, nnls.residual(square, target, theta), same.sum(1)))
    return Nnk(*map(torch.cat, zip(*parts, strict=True)))


def _kernel(cosines: torch.Tensor, widths: torch.Tensor | None) -> torch.Tensor:
    """Return the kernel of cosines (b, m, m): (1 + cos) / 2, or exp(-|a - b|^2 / (2 s^2)), s a width (b,) each."""
    if widths is None:
        return cosines.add(1).div_(2)
    return cosines.sub(1).clamp_max_(0).div_(widths.square()[:, None, None]).exp_()


def _widths(products: Products, rows: torch.Tensor, groups: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return for each point a third of the mean distance, in its group, to the last of the candidates."""
    last = rows.gather(1, (rows >= 0).sum(1, keepdim=True).sub(1).clamp_min(0))[:, 0]
    widths = torch.ones_like(products.scales)
    for group in groups:
        here = group[last[group] >= 0]
        if len(here):
            a, b = (products.rows[at].double() * products.scales[at, None] for at in (here, last[here]))
            widths[group] = torch.linalg.vector_norm(a - b, dim=1).mean() / 3
    return widths


def _require_options(k: int, kernel: str, solver: str) -> None:
    if k < 1:
        raise UsageError("a point needs a candidate", expected="k >= 1", got=f"k = {k}", next_step="k=50")
    for word, given, known in (("kernel", kernel, ("cosine", "gaussian")), ("solver", solver, tuple(SOLVERS))):
        if given not in known:
            raise UsageError(
                f"unknown {word} {given!r}",
                expected=" or ".join(map(repr, known)),
                got=repr(given),
                next_step=f"{word}={known[0]!r}",
            )
