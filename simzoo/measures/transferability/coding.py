"""TransRate: how many more nats the features cost to code as a whole than class by class."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import UsageError
from simzoo.facts import transferability
from simzoo.measures.derived.factor import centered_factor
from simzoo.measures.transferability.classes import classes_of, varying

_MOVED = {"permutation", "rotation", "translation"}


@transferability(
    name="transrate",
    version=1,
    range=(-math.inf, math.inf),
    larger="more transferable",
    invariant_to=_MOVED,
    domain={"constant": "ConstantInputError"},
    variants=({}, {"scaled": True, "invariant_to": (*_MOVED, "scale")}),
    reference="huang2022frustratingly",
)
def transrate(x: Any, labels: Any, *, scaled: bool = False, distortion: float = 1e-4) -> float:
    """Say how much cheaper the features are to code class by class than as a whole (TransRate).

    Formula: R(x) - 1/C sum_c R(x_c), R(z) = 1/2 log det(I + z^T z / (m distortion)) of (m, d) rows z; x is centred, and
    x_c are its rows of class c, not centred again. With scaled=True the centred x is divided by its norm first.
    Arguments: x (n, d); labels (n,), numbers or strings; distortion, the mean squared error that the code may make.
    Returns: nats; larger = classes apart in more directions. Without scaled it grows with the scale of the features,
    which differs between models. Below 0 only where classes differ in size.
    Undefined: rows all equal (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: 2 n d min(n, d) multiply-adds for the singular values of x and of its classes, in float64.
    Departures: none; the mean over classes does not count their sizes, as in the published listing.
    Reference: Huang et al. 2022, "Frustratingly easy transferability estimation" (ICML).

    >>> labels = torch.arange(40) % 4
    >>> x = torch.eye(4)[labels]
    >>> transrate(x, labels) > transrate(x, labels.flip(0).sort().values) > 0
    True
    """
    if not distortion > 0:
        raise UsageError(
            "nothing can be coded without distortion",
            expected="distortion > 0",
            got=f"distortion = {distortion}",
            next_step="leave it out for the usual 1e-4",
        )
    classes = classes_of(x, labels)
    varying(x)
    z = centered_factor(x).double()
    if scaled:
        z = z / z.norm()
    parts = [_rate(z[classes.of_row == c], distortion) for c in range(len(classes.counts))]
    return _rate(z, distortion) - sum(parts) / len(parts)


def _rate(z: torch.Tensor, distortion: float) -> float:
    return float((torch.linalg.svdvals(z).square() / (len(z) * distortion)).log1p().sum()) / 2
