"""H-score: how much of the variance of the features lies between classes, plain and with a shrunk covariance."""

from __future__ import annotations

import math
from typing import Any

from simzoo.errors import TooFewSamplesError
from simzoo.facts import transferability
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.basis import principal_basis
from simzoo.measures.transferability.classes import canonical, classes_of, coordinates, varying


@transferability(
    name="h_score",
    version=1,
    range=(0, math.inf),
    larger="more transferable",
    invariant_to={"affine"},
    domain={"n <= d": "TooFewSamplesError", "n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="bao2019information",
)
def h_score(x: Any, labels: Any) -> float:
    """Add up how far each direction of the features is decided by the class: the squared canonical correlations.

    Formula: tr(cov(x)^+ cov(g)), g_i = the mean of the rows of the class of i. With U the left singular vectors of the
    centred x it is sum_c |sum_{i of c} u_i|^2 / n_c.
    Arguments: x (n, d); labels (n,), numbers or strings.
    Returns: a number in [0, min(classes - 1, d)]; the maximum = classes lie in points; unrelated labels have r (classes
    - 1) / (n - 1) in expectation, r the rank of the centred x: read it beside that.
    Undefined: where the centred rows are linearly independent (n <= d, mostly), any labels score classes - 1
    (TooFewSamplesError); rows all equal (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: n d min(n, d) multiply-adds for the singular vectors, then n d.
    Departures: none; directions of rounding size count as without variance.
    Reference: Bao et al. 2019, "An information-theoretic approach to transferability in task transfer learning" (ICIP).

    >>> import torch
    >>> labels = torch.arange(40) % 4
    >>> round(h_score(torch.eye(4)[labels], labels), 4)
    3.0
    """
    classes = classes_of(x, labels)
    directions = principal_basis(x).directions.double()
    n, rank = directions.shape
    if rank >= n - 1:
        raise TooFewSamplesError(
            f"{n} samples have independent rows: any labels have the highest H-score",
            expected=f"more samples than columns: {matrix(x).shape[1] + 2} or more",
            got=str(n),
            next_step="give more samples (--n), or h_score_shrunk, which is defined here",
        )
    return float(canonical(directions, classes).sum())


@transferability(
    name="h_score_shrunk",
    version=1,
    range=(0, math.inf),
    larger="more transferable",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"constant": "ConstantInputError"},
    reference="ibrahim2022newer",
)
def h_score_shrunk(x: Any, labels: Any) -> float:
    """Say what `h_score` says with a covariance that is shrunk to the identity, for few samples in many dimensions.

    Formula: tr(S^-1 (1 - alpha) cov(g)), S = (1 - alpha) cov(x) + alpha tr(cov(x)) / d I, g_i = the mean of the rows of
    the class of i; alpha of Ledoit and Wolf: min(1, (sum_i |x_i|^4 / n - |cov(x)|^2) / n / |cov(x) - tr(cov(x)) / d
    I|^2), x centred, cov with 1 / n.
    Arguments: x (n, d); labels (n,), numbers or strings.
    Returns: a number in [0, min(classes - 1, d)]; the maximum = classes lie in points and alpha is 0. Unrelated labels
    have more than 0, the more the fewer samples.
    Undefined: rows all equal (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: n d min(n, d) multiply-adds for the singular vectors, then n d.
    Departures: cov divides by n for x and g alike, where the authors' code has n - 1 for g (a factor of n / (n - 1)).
    Reference: Ibrahim et al. 2022, "Newer is not always better: rethinking transferability metrics, their
    peculiarities, stability and performance" (ECML PKDD).

    >>> import torch
    >>> x = torch.randn(20, 50, generator=torch.Generator().manual_seed(0))
    >>> 0 < h_score_shrunk(x, torch.arange(20) % 2) < 1
    True
    """
    classes, d = classes_of(x, labels), varying(x).shape[1]
    z = coordinates(x)
    n = len(z)
    variances = z.square().mean(0)
    mean = float(variances.sum()) / d
    spread = float((variances - mean).square().sum()) + (d - len(variances)) * mean**2
    noise = (float(z.square().sum(1).square().mean()) - float(variances.square().sum())) / n
    alpha = min(1.0, max(0.0, noise) / spread) if spread > 0 else 0.0
    between = (classes.means(z).square() * classes.shares[:, None]).sum(0)
    return float(((1 - alpha) * between / ((1 - alpha) * variances + alpha * mean)).sum())
