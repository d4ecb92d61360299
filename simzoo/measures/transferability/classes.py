"""What transferability scores share: the classes of the rows, sums over classes, principal coordinates."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from simzoo.errors import LabelsError
from simzoo.measures.arrays import matrix, require_variation
from simzoo.measures.derived.basis import principal_basis
from simzoo.measures.derived.classes import checked_labels

ONE = 1e-6  # a squared canonical correlation this near to 1 is 1


class Classes(NamedTuple):
    """The number of the class of each row (n,), and how many rows each class has (C,), in float64."""

    of_row: torch.Tensor
    counts: torch.Tensor

    @property
    def shares(self) -> torch.Tensor:
        """The share of the rows that each class has."""
        return self.counts / len(self.of_row)

    def sums(self, values: torch.Tensor) -> torch.Tensor:
        """Return the sum of the rows of each class, (C, d), of (n, d) values."""
        return values.new_zeros(len(self.counts), values.shape[1]).index_add_(0, self.of_row, values)

    def means(self, values: torch.Tensor) -> torch.Tensor:
        """Return the mean of the rows of each class, (C, d), of (n, d) values."""
        return self.sums(values) / self.counts[:, None]


def classes_of(x: Any, labels: Any) -> Classes:
    """Return the classes of the rows of x; labels of one class are refused."""
    features = matrix(x)
    given = checked_labels(labels, len(features), "labels")
    names, index, counts = np.unique(given, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise LabelsError(
            "target labels of one class say nothing of transfer",
            expected="two classes or more",
            got=f"only {names.tolist()[0]!r}",
            next_step="give samples of several classes",
        )
    device = features.device
    return Classes(torch.from_numpy(index.astype(np.int64)).to(device), torch.from_numpy(counts).double().to(device))


def varying(x: Any) -> torch.Tensor:
    """Return the features in float64, after refusing rows that are all equal."""
    features = matrix(x)
    require_variation(features, "they say nothing of the labels")
    return features.double()


def coordinates(x: Any, most: int | None = None) -> torch.Tensor:
    """Return centred features in their first principal directions, (n, r) in float64, without those of no variance.

    Each direction points to where the row lies that is farthest out along it, so that the signs depend on neither the
    basis of the features nor the order of the rows.
    """
    basis = principal_basis(x)
    along = basis.directions[:, :most].double() * basis.values[:most]
    farthest = along.gather(0, along.abs().argmax(0, keepdim=True))
    return along * farthest.sign()


def canonical(z: torch.Tensor, classes: Classes) -> torch.Tensor:
    """Return the squared canonical correlations with the classes, of centred orthonormal (n, r) directions."""
    weighted = classes.sums(z) / classes.counts.sqrt()[:, None]
    correlations: torch.Tensor = torch.linalg.svdvals(weighted)
    return correlations.square().clamp(max=1)
