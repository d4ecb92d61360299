"""Similarities of what two models answer: of their logits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from simzoo.errors import LabelsError, UndefinedError
from simzoo.facts import similarity
from simzoo.measures.arrays import matrix, require_samples
from simzoo.measures.derived.classes import checked_labels
from simzoo.measures.derived.order import rows_of
from simzoo.representations.derived import follows
from simzoo.representations.representation import Representation

_TILE = 2**22  # probabilities that are computed at once


@similarity(
    name="disagreement",
    version=1,
    range=(0, 1),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"scale"},
    of="logits",
    domain={"one column": "UndefinedError"},
    reference="klabunde2025similarity",
)
def disagreement(x: Any, y: Any) -> float:
    """Say for which share of the samples two models answer with different classes.

    Formula: the share of samples i with argmax_c x_ic != argmax_c y_ic.
    Arguments: x and y (n, classes), logits or probabilities of two models, rows = the same samples in the same order,
    columns = the same classes in the same order.
    Returns: a share in [0, 1]; 0 = the same answer throughout. It is at most the sum of both error rates, and at least
    their difference: read it beside them.
    Undefined: one column, or another number of classes on the other side (UndefinedError).
    Cost: n (classes + classes) comparisons.
    Departures: none; of equal logits the first class is the answer.
    Reference: Klabunde et al. 2025, "Similarity of neural network models" (ACM Computing Surveys), section on outputs.

    >>> disagreement([[2.0, 1.0], [0.0, 3.0]], [[5.0, 1.0], [4.0, 3.0]])
    0.5
    """
    _require_one_set_of_classes(x, y)
    return float((_answers(x) != _answers(y)).double().mean())


@similarity(
    name="jsd",
    version=1,
    range=(0, 1),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to=(),
    of="logits",
    domain={"one column": "UndefinedError"},
    reference="lin1991divergence",
)
def jsd(x: Any, y: Any) -> float:
    """Measure how far apart the probabilities are that two models give the classes (Jensen-Shannon divergence).

    Formula: mean over samples of (KL(p | m) + KL(q | m)) / 2, p and q the softmax of the rows of x and y, m = (p + q) /
    2, logarithms to base 2.
    Arguments: x and y (n, classes), logits of two models, rows = the same samples in the same order, columns = the same
    classes in the same order.
    Returns: a mean divergence in bits, in [0, 1]; 0 = the same probabilities throughout, 1 = no class in common. The
    root of each sample's divergence is a metric.
    Undefined: one column, or another number of classes on the other side (UndefinedError).
    Cost: exponentials of 3 n classes numbers; memory for a few rows of them at a time.
    Departures: none; in float64 whatever the logits are.
    Reference: Lin 1991, "Divergence measures based on the Shannon entropy" (IEEE Transactions on Information Theory).

    >>> round(jsd([[0.0, 0.0]], [[0.0, 0.0]]), 4), round(jsd([[50.0, -50.0]], [[-50.0, 50.0]]), 4)
    (0.0, 1.0)
    """
    _require_one_set_of_classes(x, y)
    a, b, total = matrix(x), matrix(y), 0.0
    for start in range(0, len(a), height := max(1, _TILE // a.shape[1])):
        p, q = (side[start : start + height].double().log_softmax(1) for side in (a, b))
        middle = torch.logaddexp(p, q) - math.log(2)
        total += float((p.exp() * (p - middle) + q.exp() * (q - middle)).sum()) / 2
    return min(1.0, max(0.0, total / len(a) / math.log(2)))


@similarity(
    name="error_kappa",
    version=1,
    range=(-1, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"scale"},
    needs={"labels"},
    of="logits",
    domain={"n < 4": "TooFewSamplesError", "one column": "UndefinedError"},
    chance=0.0,
    reference="geirhos2020beyond",
)
def error_kappa(x: Any, y: Any, labels: Any = None) -> float:
    """Say how far two models err on the same samples, beyond what their accuracies make likely (Cohen's kappa).

    Formula: (o - e) / (1 - e), o the share of samples on which both are right or both are wrong, e = a b + (1 - a)(1 -
    b) what is expected of independent errors at their accuracies a and b.
    Arguments: x and y (n, classes), logits or probabilities of two models, rows = the same samples in the same order,
    columns = the same classes in the same order; labels (n,), the number of the right column; of a representation its
    own labels.
    Returns: a number without unit in [-1, 1]; 1 = wrong on the same samples, 0 = errors independent given the
    accuracies, the chance level, below 0 = each right where the other is wrong. It is not of what the wrong answers
    are. With unequal accuracies it cannot reach 1.
    Undefined: n < 4 (TooFewSamplesError); labels missing or beyond the columns (LabelsError); both models right, or
    wrong, throughout; one column, or another number of classes on the other side (UndefinedError).
    Cost: n (classes + classes) comparisons.
    Departures: none; of equal logits the first class is the answer.
    Reference: Geirhos et al. 2020, "Beyond accuracy: quantifying trial-by-trial behaviour of CNNs and humans by
    measuring error consistency" (NeurIPS).

    >>> x, y = [[1, 0], [1, 0], [1, 0], [1, 0]], [[1, 0], [0, 1], [0, 1], [1, 0]]
    >>> error_kappa(x, x, [0, 0, 1, 1]), error_kappa(x, y, [0, 0, 1, 1])
    (1.0, 0.0)
    """
    _require_one_set_of_classes(x, y)
    answers, others = _answers(x), _answers(y)
    require_samples(len(answers), 4, "the errors of fewer say nothing")
    right = _targets(x, labels).to(answers.device)
    of_x, of_y = (answers == right).double(), (others == right).double()
    a, b = float(of_x.mean()), float(of_y.mean())
    expected = a * b + (1 - a) * (1 - b)
    if a == b and a in (0.0, 1.0):
        raise UndefinedError(
            f"both models are {'right' if a else 'wrong'} on all samples: they cannot err more alike",
            expected="samples on which one of the models errs, and others",
            got=f"{len(of_x)} samples, all {'right' if a else 'wrong'}",
            next_step="give harder samples" if a else "check that labels are numbers of the columns",
        )
    return (float((of_x == of_y).double().mean()) - expected) / (1 - expected)


@follows(rows_of)
def _answers(x: Any) -> torch.Tensor:
    return matrix(x).argmax(1)


def _targets(x: Any, labels: Any) -> torch.Tensor:
    """Return the labels as numbers of columns."""
    logits = matrix(x)
    own = x.labels if labels is None and isinstance(x, Representation) else labels
    given = checked_labels(own, len(logits), "labels")
    if given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= logits.shape[1]:
        raise LabelsError(
            "these labels are no numbers of classes",
            expected=f"whole numbers from 0 to {logits.shape[1] - 1}, the columns of the logits",
            got=f"{given.dtype} from {given.min()} to {given.max()}",
            next_step="give models that were trained on these classes, or labels in the order of their columns",
        )
    return torch.from_numpy(given.astype(np.int64))


def _require_one_set_of_classes(x: Any, y: Any) -> None:
    """Refuse outputs that cannot be of the same classes."""
    classes = [matrix(side).shape[1] for side in (x, y)]
    if classes[0] != classes[1] or min(classes) < 2:
        raise UndefinedError(
            "these are not two models' outputs for the same classes",
            expected="equally many columns, two or more",
            got=" and ".join(map(str, classes)),
            next_step="give the logits (--taps logits) of models that were trained on the same classes",
        )
