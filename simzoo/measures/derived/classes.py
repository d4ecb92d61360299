"""Labelled classes: their means, and how far their samples lie from them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simzoo.errors import InputError, LabelsError, UndefinedError
from simzoo.measures.arrays import matrix, require_samples, require_variation


class Classes(NamedTuple):
    """Classes in sorted order, in float64: which one each sample is of (n,), their sizes (C,) and means (C, d)."""

    names: npt.NDArray[Any]
    which: torch.Tensor
    sizes: torch.Tensor
    means: torch.Tensor

    def averaged(self, values: torch.Tensor) -> torch.Tensor:
        """Return the mean over each class (C, ...) of values of the samples (n, ...)."""
        sums = values.new_zeros(len(self.sizes), *values.shape[1:]).index_add_(0, self.which, values)
        averages: torch.Tensor = sums / self.sizes.reshape(-1, *[1] * (values.ndim - 1))
        return averages


def classes_of(x: torch.Tensor, labels: Any, *, least: int = 1) -> Classes:
    """Return the classes of (n, d) features, after refusing fewer than two, or one with fewer than `least` samples."""
    given = checked_labels(labels, len(x), "labels")
    require_samples(len(x), 4, "two classes of two samples are the least")
    require_variation(x, "no class can be told from another")
    names, index, counts = np.unique(given, return_inverse=True, return_counts=True)
    require_two_classes(names)
    if len(names) == len(x):
        raise LabelsError(
            "every sample is a class of its own",
            expected="classes of several samples",
            got=f"{len(names)} classes of {len(x)} samples",
            next_step="give the labels of classes, not of samples",
        )
    if len(small := names[counts < least]):
        raise LabelsError(
            f"class {small[0]} has fewer than {least} samples: nothing lies around its mean",
            expected=f"{least} samples of each class",
            got=f"{len(small)} such classes",
            next_step="leave them out, or give more samples",
        )
    which = torch.from_numpy(index).to(x.device)
    sizes = torch.from_numpy(counts).to(x.device).double()
    means = torch.zeros(len(names), x.shape[1], dtype=torch.float64, device=x.device)
    return Classes(names, which, sizes, means.index_add_(0, which, x.double()) / sizes[:, None])


def centred_classes(x: Any, labels: Any, *, least: int = 1) -> tuple[torch.Tensor, Classes]:
    """Return the features in float64, less their mean, and their classes."""
    features = matrix(x)
    columns = features.double() - features.double().mean(0)
    classes = classes_of(features, labels, least=least)
    return columns, classes._replace(means=classes.averaged(columns))


def mean_distances(means: torch.Tensor) -> torch.Tensor:
    """Return the distances (C, C) between class means; two in one place are refused."""
    apart = torch.cdist(means, means, compute_mode="donot_use_mm_for_euclid_dist")
    if bool((apart.fill_diagonal_(torch.inf) == 0).any()):
        raise UndefinedError(
            "two classes have the same mean",
            expected="class means at a distance, as it is divided by",
            got=f"{int((apart == 0).sum()) // 2} pairs of classes at distance 0",
            next_step="check the labels; a dead layer maps everything to one point",
        )
    return apart


def checked_labels(labels: Any, n: int, what: str) -> npt.NDArray[Any]:
    """Return labels as an array, one for each of n samples."""
    if labels is None:
        raise LabelsError(
            f"{what} are missing",
            expected=f"{n} labels, one for each sample",
            got="None",
            next_step="take data with labels, or a measure without",
        )
    array = np.asarray(labels)
    if array.shape != (n,):
        raise InputError(
            f"{what} do not fit",
            expected=f"shape ({n},)",
            got=f"shape {array.shape}",
            next_step="give one label for each row, in the order of the rows",
        )
    return array


def require_two_classes(classes: npt.NDArray[Any]) -> None:
    """Refuse labels of one class only."""
    if len(classes) < 2:
        raise LabelsError(
            "all samples are of one class",
            expected="two classes or more",
            got=f"only {classes.tolist()[0]!r}",
            next_step="give samples of several classes, or a measure without labels",
        )
