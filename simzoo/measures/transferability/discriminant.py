"""Scores of linear discriminants with a covariance shrunk as little as the features allow: SFDA and NCTI."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simzoo.errors import TooFewSamplesError, UndefinedError, UsageError
from simzoo.facts import transferability
from simzoo.measures.arrays import matrix, require_samples
from simzoo.measures.derived.basis import principal_basis
from simzoo.measures.transferability.classes import ONE, Classes, canonical, classes_of, coordinates, varying

LEAST = 1e-10  # the least shrinkage
_UNCHANGED_BY = {"permutation", "rotation", "translation"}
_DOMAIN = {"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"}


@transferability(
    name="sfda",
    version=1,
    range=(0, 1),
    larger="more transferable",
    invariant_to=_UNCHANGED_BY,
    domain={**_DOMAIN, "n <= d": "TooFewSamplesError"},
    reference="shao2022not",
)
def sfda(x: Any, labels: Any) -> float:
    """Say how surely a linear discriminant knows the classes after it has been made harder for it (SFDA).

    Formula: mean_i p2(y_i | z_i). p(c | x) is the softmax over c of x W m_c - m_c W m_c / 2 + log(n_c / n), W the
    inverse of (1 - l) S + l tr(S) / d I, S the covariance within the classes, m_c their means, l = max(exp(-5 s),
    1e-10), s the largest eigenvalue of S. z_i = q_i x_i + (1 - q_i) o_i, q_i the entry of y_i in the softmax of the row
    p(. | x_i), o_i the mean of the means of the other classes. p2 is p fitted to z with the same l.
    Arguments: x (n, d); labels (n,), numbers or strings.
    Returns: a mean probability in [0, 1] (no log is taken); 1 = all classes certain. It is of the samples that the
    discriminant was fitted to: unrelated labels score above 1 / classes, and near 1 where n is hardly above d.
    Undefined: where some direction varies between classes but within none, as always with n <= d, the discriminant is
    certain of any labels and every model scores 1.0 (TooFewSamplesError); n < 4 (TooFewSamplesError); rows all equal
    (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: n d min(n, d) multiply-adds for the principal directions, then 2 n r^2 in the r of them with variance.
    Departures: the authors' generalised eigenvectors are all kept, and then make up W, which is computed at once; their
    largest eigenvalue comes of three power iterations, here it is exact.
    Reference: Shao et al. 2022, "Not all models are equal: predicting model transferability in a self-challenging
    Fisher space" (ECCV).

    >>> labels = torch.arange(60) % 3
    >>> x = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
    >>> sfda(x + 4 * torch.eye(8)[labels], labels) > sfda(x + torch.eye(8)[labels], labels)
    True
    """
    classes, d = classes_of(x, labels), varying(x).shape[1]
    z = _told_apart(x, classes)
    largest = float(torch.linalg.eigvalsh(_within(z, classes))[-1])
    shrinkage = max(math.exp(-5 * largest), LEAST)
    own = classes.of_row[:, None]
    softened = _log_posterior(z, classes, shrinkage, d).exp().softmax(1).gather(1, own)
    means = classes.means(z)
    others = (means.sum(0) - means) / (len(means) - 1)
    harder = softened * z + (1 - softened) * others[classes.of_row]
    return float(_log_posterior(harder, classes, shrinkage, d).gather(1, own).exp().mean().clamp(max=1))


class NCTI(NamedTuple):
    """The three parts of NCTI, each as it is before they are scaled over the models of a pool."""

    self_consistency: float
    class_means: float
    collapse: float


@transferability(
    name="ncti",
    version=1,
    range=(-math.inf, math.inf),
    larger="more transferable in the first two, less in the last",
    invariant_to=_UNCHANGED_BY,
    domain=_DOMAIN,
    reference="wang2023far",
)
def ncti(x: Any, labels: Any, *, components: int = 64) -> NCTI:
    """Say how far the features are from the collapse that training on the classes ends in, in three numbers (NCTI).

    Formula: with z the first principal coordinates of x and p(c | z) the discriminant of `sfda` on them with l =
    max(exp(-(v_1 + ... + v_32)), 1e-10), v the variances of z: self_consistency = the nuclear norm of the centred z in
    the first C - 1 directions of the discriminant, each of variance 1 within classes; class_means = mean_i p(y_i |
    z_i); collapse = log sum_c of the nuclear norm of the (n_c, C) posteriors of class c. A model's score in a pool, of
    `pooled`: the sum of the first two less the third, each scaled to [0, 1] over the models.
    Arguments: x (n, d); labels (n,), numbers or strings; components, how many principal directions are kept, of those
    with variance.
    Returns: self_consistency in [0, inf) and class_means in [0, 1], larger = more transferable; collapse, smaller =
    more transferable. The first and last grow with n: compare models on the same samples only.
    Undefined: where some kept direction varies between classes but within none, as with n - C < components and n <= d,
    the discriminant is certain of any labels (TooFewSamplesError); n < 4 (TooFewSamplesError); rows all equal
    (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: n d min(n, d) multiply-adds for the principal directions, then n components^2.
    Departures: of the authors' code one: where l is at its least it changes to another solver, which divides the
    covariance by n - C in place of n; here it is n throughout. Variances v divide by n - 1, as theirs.
    Reference: Wang et al. 2023, "How far pre-trained models are from neural collapse on the target dataset informs
    their transferability" (ICCV).

    >>> labels = torch.arange(60) % 3
    >>> x = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
    >>> near, far = ncti(x + 4 * torch.eye(8)[labels], labels), ncti(x, labels)
    >>> near.class_means > far.class_means, int(pooled([near, far]).argmax())
    (True, 0)
    """
    classes = classes_of(x, labels)
    varying(x)
    z = _told_apart(x, classes, components)
    n, q = z.shape
    shrinkage = max(math.exp(-float(z[:, :32].square().sum()) / (n - 1)), LEAST)
    triangle = torch.linalg.cholesky(_shrunk(_within(z, classes), shrinkage, q))
    white = torch.linalg.solve_triangular(triangle, z.T, upper=False).T
    inverse = torch.linalg.solve_triangular(triangle, torch.eye(q).to(z), upper=False)
    # the discriminant's directions: the most variance in all, shrunk alike, for variance 1 within classes
    total = _shrunk(z.T @ z / n, shrinkage, q)
    axes = torch.linalg.eigh(inverse @ total @ inverse.T).eigenvectors.flip(1)[:, : len(classes.counts) - 1]
    posterior = _log_posterior(z, classes, shrinkage, q).exp()
    parts = [float(torch.linalg.matrix_norm(posterior[classes.of_row == c], "nuc")) for c in range(len(classes.counts))]
    return NCTI(
        float(torch.linalg.matrix_norm(white @ axes, "nuc")),
        float(posterior.gather(1, classes.of_row[:, None]).mean().clamp(max=1)),
        math.log(sum(parts)),
    )


def pooled(parts: Sequence[NCTI]) -> npt.NDArray[np.float64]:
    """Return the score of each model of a pool: its parts scaled to [0, 1] over the models, the last one taken off.

    A part in which all models are equal counts nothing. The scores change with the pool, and compare within it only.
    """
    if len(parts) < 2:
        raise UsageError(
            "one model makes no pool to scale NCTI over",
            expected="the parts of two models or more",
            got=str(len(parts)),
            next_step="give ncti of every candidate, on the same samples",
        )
    many = np.asarray(parts, dtype=np.float64)
    width = np.ptp(many, axis=0)
    shares = (many - many.min(axis=0)) / np.where(width > 0, width, 1)
    scores: npt.NDArray[np.float64] = shares @ np.array([1.0, 1.0, -1.0])
    return scores


def _told_apart(x: Any, classes: Classes, most: int | None = None) -> torch.Tensor:
    """Return principal coordinates, after refusing those in which a discriminant is certain of any labels."""
    n = len(classes.of_row)
    require_samples(n, 4, "a discriminant of fewer says nothing")
    directions = principal_basis(x).directions[:, :most].double()
    if float(canonical(directions, classes)[0]) > 1 - ONE:
        d, c = min(size for size in (matrix(x).shape[1], most) if size), len(classes.counts)
        kind = TooFewSamplesError if n - c < directions.shape[1] else UndefinedError
        raise kind(
            "some direction of the features varies between classes and within none: a discriminant is certain of them",
            expected=f"more samples than dimensions and classes together ({d + c + 1} or more), spread within classes",
            got=f"{n} samples of {c} classes in {d} dimensions",
            next_step="give more samples (--n), or h_score_shrunk or logme, which are defined here",
        )
    return coordinates(x, most)


def _within(z: torch.Tensor, classes: Classes) -> torch.Tensor:
    apart = z - classes.means(z)[classes.of_row]
    return apart.T @ apart / len(z)


def _shrunk(covariance: torch.Tensor, shrinkage: float, d: int) -> torch.Tensor:
    level = shrinkage * float(covariance.trace()) / d
    return (1 - shrinkage) * covariance + level * torch.eye(len(covariance)).to(covariance)


def _log_posterior(z: torch.Tensor, classes: Classes, shrinkage: float, d: int) -> torch.Tensor:
    """Return log p(c | z), (n, C), of a linear discriminant fitted to z."""
    triangle = torch.linalg.cholesky(_shrunk(_within(z, classes), shrinkage, d))
    means = classes.means(z)
    weights = torch.cholesky_solve(means.T, triangle)
    scores = z @ weights - (means * weights.T).sum(1) / 2 + classes.shares.log()
    return scores.log_softmax(1)
