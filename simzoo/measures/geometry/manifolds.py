"""Which rows are one manifold: all samples, those of a class, or the views of one sample; and means over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from simzoo.errors import DuplicateRowsError, LabelsError
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.nnk import Kernel, Nnk, Solver, nnk, nnk_within
from simzoo.measures.derived.polytopes import Affinities, Polytopes, affinities, polytopes
from simzoo.measures.geometry.views import aligned


class Spread(NamedTuple):
    """Mean and standard deviation (of the whole, not the sample): over points, or over manifolds of their means."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Graphs:
    """The NNK graphs of manifolds, groups of rows of `features`; without `means` all points count by themselves."""

    features: torch.Tensor
    groups: Sequence[torch.Tensor]
    graph: Nnk
    means: bool

    @property
    def polytopes(self) -> Polytopes:
        """Count, rank and diameter of each point's polytope."""
        return polytopes(self.features, self.graph)

    @property
    def affinities(self) -> Affinities:
        """Each point's affinity with its neighbours, and with random points of its manifold."""
        return affinities(self.features, self.graph, self.groups)

    def spread(self, values: torch.Tensor) -> Spread:
        """Return the spread of the points' values, those that are NaN left out."""
        return spread_of(self.units(values))

    def units(self, values: torch.Tensor) -> torch.Tensor:
        """Return what a spread is taken over: the points' values, or the means of each manifold's."""
        values = values.double()
        return torch.stack([values[group].nanmean() for group in self.groups]) if self.means else values


def spread_of(values: torch.Tensor) -> Spread:
    """Return the spread of values, those that are NaN left out."""
    values = values[~values.isnan()]
    if not len(values):
        raise DuplicateRowsError(
            "no point has a neighbour that has neighbours",
            expected="rows whose cosines differ from 1 by more than 1e-6",
            got="duplicates only",
            next_step="check that this layer sees its input; nnk_diameter is 0 here",
        )
    return Spread(float(values.mean()), float(values.std(correction=0)))


def graphs(x: Any, views: Sequence[Any] | None, labels: Any, *, k: int, kernel: Kernel, solver: Solver) -> Graphs:
    """Return the graph of all rows of x; with labels those of its classes; with views those of each sample's views."""
    options: dict[str, Any] = {"k": k, "kernel": kernel, "solver": solver}
    features = matrix(x)
    if views is None and labels is None:
        return Graphs(features, [torch.arange(len(features), device=features.device)], nnk(x, **options), means=False)
    if views is None:
        groups = _classes(labels, len(features), features.device)
    else:
        features = torch.stack(aligned(x, views), dim=1).flatten(0, 1)
        groups = list(torch.arange(len(features), device=features.device).view(-1, len(views)))
    return Graphs(features, groups, nnk_within(features, groups, **options), means=True)


def _classes(labels: Any, n: int, device: torch.device) -> list[torch.Tensor]:
    names, numbers, sizes = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    if len(numbers) != n:
        raise LabelsError(
            "the labels are not of these samples",
            expected=f"{n} labels",
            got=str(len(numbers)),
            next_step="give one label for each row, in the same order",
        )
    if (sizes < 2).any():
        raise LabelsError(
            "a class of one sample is no manifold",
            expected="two samples or more of each class",
            got=f"{int((sizes < 2).sum())} of {len(names)} classes have one",
            next_step="leave these classes out, or leave labels= out for one graph of all samples",
        )
    return [torch.from_numpy(np.flatnonzero(numbers == i)).to(device) for i in range(len(names))]
