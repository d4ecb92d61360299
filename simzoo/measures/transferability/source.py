"""Scores of what a model's own head answers on the target data: LEEP and NCE."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import UndefinedError
from simzoo.facts import transferability
from simzoo.measures.arrays import matrix
from simzoo.measures.transferability.classes import Classes, classes_of


@transferability(
    name="leep",
    version=1,
    range=(-math.inf, 0),
    larger="more transferable",
    invariant_to={"permutation"},
    of="logits",
    domain={"one column": "UndefinedError"},
    reference="nguyen2020leep",
)
def leep(x: Any, labels: Any) -> float:
    """Say how well the labels can be guessed from the probabilities that a model's own head gives its classes (LEEP).

    Formula: mean_i log sum_z P(y_i | z) p_iz, p the softmax of the rows of x, P(y, z) = 1/n sum of p_iz over the i of
    class y, P(y | z) = P(y, z) / sum_y P(y, z).
    Arguments: x (n, source classes), the logits of a model with a head; labels (n,) of the target data.
    Returns: a mean log-likelihood in nats, at most 0; 0 = every sample's label is certain; minus the entropy of the
    labels = the head answers the same for all. P is fitted on the same samples: with many source classes beside n,
    unrelated labels score above that.
    Undefined: one column (UndefinedError); one target class only, or labels missing (LabelsError). Models without a
    head: take nleep.
    Cost: exponentials of n source classes numbers, and as many multiply-adds times the target classes.
    Departures: none; source classes whose probability rounds to 0 on all samples are left out, in float64.
    Reference: Nguyen et al. 2020, "LEEP: a new measure to evaluate transferability of learned representations" (ICML).

    >>> x = torch.tensor([[9.0, 0.0], [9.0, 0.0], [0.0, 9.0], [0.0, 9.0]])
    >>> round(leep(x, [0, 0, 1, 1]), 3), round(leep(x, [0, 1, 0, 1]), 3)
    (-0.0, -0.693)
    """
    classes = classes_of(x, labels)
    return expected_likelihood(_outputs(x).softmax(1), classes)


@transferability(
    name="nce",
    version=1,
    range=(-math.inf, 0),
    larger="more transferable",
    invariant_to={"permutation", "scale"},
    of="logits",
    domain={"one column": "UndefinedError"},
    reference="tran2019transferability",
)
def nce(x: Any, labels: Any) -> float:
    """Say how certain the labels are, given the answer of a model's own head: minus their conditional entropy (NCE).

    Formula: -H(Y | Z) = sum_{y, z} P(y, z) log(P(y, z) / P(z)), z_i = argmax_c x_ic the answer, y_i the label, P their
    shares. Which of both is given is not symmetric: H(Z | Y) is another number.
    Arguments: x (n, source classes), the logits of a model with a head; labels (n,) of the target data.
    Returns: nats, in [-log(target classes), 0]; 0 = the answer settles the label; minus the entropy of the labels = it
    says nothing of them. Shares are of the same samples: with many source classes beside n, unrelated labels score
    above that.
    Undefined: one column (UndefinedError); one target class only, or labels missing (LabelsError). Models without a
    head: take nleep.
    Cost: n source classes comparisons.
    Departures: none; of equal logits the first class is the answer; 0 log 0 = 0 where the authors' code adds 1e-20.
    Reference: Tran et al. 2019, "Transferability and hardness of supervised classification tasks" (ICCV).

    >>> x = torch.eye(4)[[0, 1, 2, 3]]
    >>> nce(x, [0, 0, 1, 1]), round(nce(x[[0, 0, 1, 1]], [0, 1, 2, 3]), 3)
    (0.0, -0.693)
    """
    classes, outputs = classes_of(x, labels), _outputs(x)
    answers = torch.nn.functional.one_hot(outputs.argmax(1), outputs.shape[1]).double()
    joint = classes.sums(answers) / len(answers)
    given = torch.special.entr(joint.sum(0)).sum() - torch.special.entr(joint).sum()
    return min(0.0, float(given))


def expected_likelihood(probabilities: torch.Tensor, classes: Classes) -> float:
    """Return mean_i log sum_z P(y_i | z) p_iz, of (n, z) probabilities p."""
    joint = classes.sums(probabilities)
    total = joint.sum(0)
    seen = total > 0
    conditional = joint[:, seen] / total[seen]
    likelihood = (probabilities[:, seen] * conditional[classes.of_row]).sum(1)
    return min(0.0, float(likelihood.log().mean()))


def _outputs(x: Any) -> torch.Tensor:
    logits = matrix(x).double()
    if logits.shape[1] < 2:
        raise UndefinedError(
            "these are not the outputs of a classifier",
            expected="the logits of two source classes or more",
            got=f"shape {tuple(logits.shape)}",
            next_step="give the logits (--taps logits) of a model with a head, or take nleep, which needs none",
        )
    return logits
