"""Measures of how well a representation tells labelled classes apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simzoo.errors import InputError, LabelsError, UsageError
from simzoo.facts import geometry
from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived.classes import checked_labels, require_two_classes
from simzoo.measures.derived.neighbours import directions, search
from simzoo.measures.similarity.cka import linear_cka, unbiased_cka

NEIGHBOURS = 20
_UNCHANGED_BY = {"permutation", "rotation", "scale"}


def guessing(_: int, *, labels: Any = None, **__: Any) -> float:
    """Return the accuracy of guessing among the classes: the chance level of an accuracy."""
    return 1 / len(np.unique(np.asarray(labels)))


def knn_by_rows(x: Any, labels: Any, *, support: Any = None, **options: Any) -> Callable[[npt.NDArray[np.intp]], float]:
    """Return a function from rows to `knn_accuracy` of these samples; with a support side all are voted on once.

    Without one, half of the samples vote for each other with half as many neighbours.
    """
    if support is not None:
        hits = knn_hits(x, labels, support=support, **options)
        return lambda rows: float(hits[rows].mean())
    features, k = matrix(x), options.pop("k", NEIGHBOURS)
    given = checked_labels(labels, len(features), "labels")

    def some(rows: npt.NDArray[np.intp]) -> float:
        fewer = max(1, k // 2) if len(rows) < len(features) else k
        return knn_accuracy(features[torch.from_numpy(rows)], given[rows], k=fewer, **options)

    return some


@geometry(
    name="knn_accuracy",
    version=1,
    range=(0, 1),
    larger="classes easier to tell apart",
    invariant_to=_UNCHANGED_BY,
    needs={"labels", "support"},
    domain={
        "n < 4": "TooFewSamplesError",
        "constant": "ConstantInputError",
        "zero rows": "ZeroRowsError",
        "one column": "UndefinedError",
    },
    chance=guessing,
    neighbours="k",
    by_rows=knn_by_rows,
    reference="wu2018instance",
)
def knn_accuracy(x: Any, labels: Any, *, support: Any = None, k: int = NEIGHBOURS, temperature: float = 0.1) -> float:
    """Say which share of samples gets its label from the weighted vote of its k nearest neighbours.

    Formula: the predicted class is argmax_c sum over the k neighbours j of class c of exp(cos(x_i, x_j) / temperature).
    Arguments: x (n, d); labels (n,); support = (x_train (m, d), labels_train (m,)), the side that votes: without it
    every sample is left out of its own neighbours in x; k neighbours; temperature of the votes.
    Returns: an accuracy in [0, 1]; 1 = all right; guessing gives about 1 / classes, the chance level. State k: on raw
    digits k = 20 gives .975 and k = 200 .936.
    Undefined: fewer than k voters (TooFewSamplesError); zero rows (ZeroRowsError); voters all equal
    (ConstantInputError); one column (UndefinedError); leaving one out, a class of one sample, or a class of x that
    support lacks (LabelsError).
    Cost: n m d multiply-adds (m = n without support) and a top-k of n rows of m.
    Departures: none; ties between neighbours go to the lowest index, between classes to the first in sorted order.
    Reference: Wu et al. 2018, "Unsupervised feature learning via non-parametric instance discrimination" (1805.01978).

    >>> x = torch.eye(2).repeat(10, 1)
    >>> knn_accuracy(x, [0, 1] * 10, k=5)
    1.0
    """
    return float(np.mean(knn_hits(x, labels, support=support, k=k, temperature=temperature)))


def knn_hits(
    x: Any, labels: Any, *, support: Any = None, k: int = NEIGHBOURS, temperature: float = 0.1
) -> npt.NDArray[np.bool_]:
    """Say of each sample whether its neighbours' vote is right, as `knn_accuracy` counts it."""
    if k < 1 or not temperature > 0:
        raise UsageError(
            "no votes",
            expected="k >= 1 and temperature > 0",
            got=f"k = {k}, temperature = {temperature}",
            next_step="leave both out for the usual 20 and 0.1",
        )
    queries, given = matrix(x), checked_labels(labels, len(matrix(x)), "labels")
    voters, voted = (x, given) if support is None else support
    pool = matrix(voters)
    known = given if support is None else checked_labels(voted, len(pool), "support labels")
    require_samples(len(pool) - (support is None), k, f"k = {k} neighbours vote")
    require_variation(pool, "all are each other's neighbours")
    require_one_layer(queries, pool)
    classes, index = np.unique(known, return_inverse=True)
    require_voters(given, known, leave_one_out=support is None)
    found = search(directions(queries), directions(pool).to(queries.dtype), k, leave_one_out=support is None)
    votes = torch.zeros(len(queries), len(classes), dtype=torch.float64, device=queries.device)
    weights = ((found.scores.double() - 1) / temperature).exp()
    votes.scatter_add_(1, torch.from_numpy(index).to(queries.device)[found.rows], weights)
    hits: npt.NDArray[np.bool_] = classes[votes.argmax(1).cpu().numpy()] == given
    return hits


class ClassCKA(NamedTuple):
    """Linear CKA with the one-hot labels: plain, and by the unbiased estimate."""

    biased: float
    unbiased: float


@geometry(
    name="class_cka",
    version=1,
    range=(-float("inf"), 1),
    larger="nearer to the class simplex",
    invariant_to={*_UNCHANGED_BY, "translation"},
    needs={"labels"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="grigg2021layers",
)
def class_cka(x: Any, labels: Any) -> ClassCKA:
    """Say how near a representation is to the class simplex: its linear CKA with the one-hot labels.

    Formula: cka(x, Y) and cka_unbiased(x, Y), Y_ic = 1 where sample i is of class c, else 0. For C balanced classes
    the first is n sum_c |mu_c - mu|^2 / (C sqrt(C - 1) |x^T H x|).
    Arguments: x (n, d); labels (n,), numbers or strings.
    Returns: `biased` in [0, 1] and `unbiased`, at most 1, without unit; 1 = every class is one point and these form a
    regular simplex (classes of equal size); 0 = labels unrelated to x, in expectation for `unbiased`.
    Undefined: one class only, or labels missing (LabelsError); rows all equal (ConstantInputError); n < 4
    (TooFewSamplesError).
    Cost: as `cka` with d2 = C.
    Departures: none.
    Reference: Grigg et al. 2021, "Do self-supervised and supervised methods learn similar visual representations?"
    (arXiv 2110.00528).

    >>> labels = torch.arange(4).repeat(25)
    >>> class_cka(torch.eye(4)[labels], labels)
    ClassCKA(biased=1.0, unbiased=1.0)
    """
    given = checked_labels(labels, len(matrix(x)), "labels")
    classes, index = np.unique(given, return_inverse=True)
    require_two_classes(classes)
    one_hot = np.eye(len(classes), dtype=np.float32)[index]
    return ClassCKA(linear_cka(x, one_hot), unbiased_cka(x, one_hot))


def require_one_layer(x: torch.Tensor, support: torch.Tensor) -> None:
    """Refuse a training side that is as wide as another layer."""
    if support.shape[1] != x.shape[1]:
        raise InputError(
            "x and support come from different layers",
            expected=f"{x.shape[1]} columns",
            got=str(support.shape[1]),
            next_step="take both from one tap of one model",
        )


def require_voters(given: npt.NDArray[Any], known: npt.NDArray[Any], *, leave_one_out: bool) -> None:
    """Refuse a class that nothing on the side of the voters is of."""
    classes, counts = np.unique(given, return_counts=True)
    alone = classes[counts < 2] if leave_one_out else np.setdiff1d(classes, known)
    if len(alone):
        where = "has one sample only: left out, it has no voters" if leave_one_out else "is not in support"
        raise LabelsError(
            f"class {alone[0]} {where}",
            expected="two samples of each class, or support=" if leave_one_out else "every class of x in support",
            got=f"{len(alone)} such classes",
            next_step="leave them out, or give support=(x_train, labels_train)",
        )
