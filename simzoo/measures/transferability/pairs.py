"""Scores of pairs of samples: are those alike that have one label? PARC and LFC."""

from __future__ import annotations

import math
from typing import Any

import torch

from simzoo.errors import LabelsError, UndefinedError, UsageError
from simzoo.facts import transferability
from simzoo.measures.arrays import require_samples, squared_norm
from simzoo.measures.derived.dissimilarities import condensed
from simzoo.measures.derived.ranks import average_ranks
from simzoo.measures.transferability.classes import classes_of, coordinates, varying


@transferability(
    name="parc",
    version=1,
    range=(-100, 100),
    larger="more transferable",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError", "one column": "UndefinedError"},
    chance=0.0,
    reference="bolya2021scalable",
)
def parc(x: Any, labels: Any, *, components: int = 32) -> float:
    """Say how well the dissimilarities of the features order the pairs of samples as the labels do (PARC).

    Formula: 100 times Spearman's correlation of two vectors over all pairs i < j: 1 - Pearson's r of z_i and z_j, and
    the same of the one-hot labels, which has two values: one for pairs of one class, one for others. z are the first
    principal coordinates of x, each scaled to variance 1.
    Arguments: x (n, d); labels (n,), numbers or strings; components, how many principal directions are kept, of those
    with variance.
    Returns: a number in [-100, 100]; 0 = unrelated, the chance level. The maximum, short of 100 because of ties, =
    every pair of one class is closer than every other pair.
    Undefined: n < 4 (TooFewSamplesError); fewer than two directions with variance (UndefinedError; none:
    ConstantInputError); no two samples of one class, one class only, or labels missing (LabelsError).
    Cost: n d min(n, d) multiply-adds for the principal directions, and a sort of n^2 / 2 numbers: 15,000 samples take
    some GB; the authors take 500.
    Departures: exact principal directions in place of randomised ones. Their signs matter, as Pearson's r of two rows
    is not the same with one coordinate turned round: each points to where the farthest row lies.
    Reference: Bolya et al. 2021, "Scalable diverse model selection for accessible transfer learning" (NeurIPS).

    >>> labels = torch.arange(60) % 3
    >>> x = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
    >>> parc(x + 4 * torch.eye(8)[labels], labels) > 10 > abs(parc(x, labels))
    True
    """
    classes = classes_of(x, labels)
    n = len(varying(x))
    require_samples(n, 4, "fewer have too few pairs to rank")
    if components < 2:
        raise UsageError(
            "correlations of rows need two principal directions",
            expected="components >= 2",
            got=f"components = {components}",
            next_step="leave it out for the usual 32",
        )
    if float(classes.counts.max()) < 2:
        raise LabelsError(
            "no two samples are of one class",
            expected="pairs of one class",
            got=f"{n} samples of {len(classes.counts)} classes",
            next_step="give more samples of each class",
        )
    z = coordinates(x, components)
    if z.shape[1] < 2:
        raise UndefinedError(
            "in one principal direction rows have no correlation",
            expected="features that vary in two directions or more",
            got="one",
            next_step="logme or lfc, which are defined here",
        )
    ranks = average_ranks(condensed(z / z.square().mean(0).sqrt(), rdm="correlation"))
    index = classes.of_row
    unlike = torch.cat([index[i + 1 :] != index[i] for i in range(n - 1)]).double()
    return 100 * float(torch.corrcoef(torch.stack([ranks, unlike]))[0, 1])


@transferability(
    name="lfc",
    version=1,
    range=(-1, 1),
    larger="more transferable",
    invariant_to={"permutation", "rotation", "scale"},
    domain={"constant": "ConstantInputError"},
    reference="deshpande2021linearized",
)
def lfc(x: Any, labels: Any) -> float:
    """Measure how far the inner products of the features agree with the labels (label-feature correlation, LFC).

    Formula: <K, T> / (|K| |T|), K = x x^T, T_ij = 1 where i and j are of one class, else -1, each less the mean of all
    its entries; inner product and norms are over all entries (Frobenius).
    Arguments: x (n, d); labels (n,), numbers or strings.
    Returns: a number without unit in [-1, 1]; 1 = K is T up to scale and shift: every class is one point, and these
    are orthogonal and equally long, or a regular simplex about the origin. Unrelated labels have somewhat more than 0,
    as both diagonals are high.
    Undefined: rows all equal (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: n d min(n, d) multiply-adds; K and T are never made.
    Departures: none from the formula; public code has spectral norms in the place of Frobenius norms, another number.
    Reference: Deshpande et al. 2021, "A linearized framework and a new benchmark for model selection for fine-tuning"
    (arXiv 2102.00084).

    >>> round(lfc([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]], [0, 1, 0]), 4)
    1.0
    """
    classes, features = classes_of(x, labels), varying(x)
    n, mean = len(features), features.mean(0)
    z = features - mean
    shift = z @ mean  # K is, beside its mean |mean|^2: shift_i + shift_j + <z_i, z_j>
    gram = z.T @ z if z.shape[1] < n else z @ z.T
    square = 2 * n * float(shift.square().sum()) + squared_norm(gram)
    agreement = float(classes.sums(z).square().sum() + 2 * (shift * classes.counts[classes.of_row]).sum())
    signs = 2 * float(classes.counts.square().sum()) - n**2
    norms = math.sqrt(square * (n**2 - (signs / n) ** 2))
    return max(-1.0, min(1.0, 2 * agreement / norms))
