"""NLEEP: LEEP without a head, on the components of a Gaussian mixture of the features."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch

from simzoo.errors import DuplicateRowsError, UsageError
from simzoo.facts import transferability
from simzoo.measures.arrays import require_samples
from simzoo.measures.transferability.classes import classes_of, coordinates, varying
from simzoo.measures.transferability.source import expected_likelihood

ENERGY = 0.8  # the share of the variance that is kept
ADDED = 1e-6  # to the variances of a component, in units of the mean variance
TILE = 2**22  # numbers that are held at once
ALIKE = 1e-6  # rows this near to each other, in units of the root mean square, are one
STEPS, NEAR = 100, 1e-3  # of expectation and maximisation, and the change of the mean log-likelihood to stop at


@transferability(
    name="nleep",
    version=1,
    range=(-math.inf, 0),
    larger="more transferable",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="li2021ranking",
)
def nleep(x: Any, labels: Any, *, per_class: int = 5) -> float:
    """Say how well the labels can be guessed from the component of a Gaussian mixture that a sample is of (NLEEP).

    Formula: mean_i log sum_v P(y_i | v) p_iv, as in `leep`, p_iv the posterior of component v of a mixture of per_class
    times C Gaussians with full covariances, fitted to x in the principal directions that hold more than 80 % of its
    variance.
    Arguments: x (n, d); labels (n,), numbers or strings; per_class, how many components for each of the C classes.
    Returns: a mean log-likelihood in nats, at most 0; 0 = every sample's label is certain. Components are fitted
    without labels, but P with them: few samples a component make any labels likely, up to 0 with one sample each.
    Unrelated labels have no fixed value.
    Undefined: fewer than per_class C samples (TooFewSamplesError), or different rows (DuplicateRowsError); rows all
    equal (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: n d min(n, d) multiply-adds for the principal directions, and 2 n per_class C q^2 for each of at most 100
    steps, q the directions kept.
    Departures: the mixture starts from a fixed division of the samples, each time of the part with most scatter at its
    mean along its main axis (Su and Dy 2007), in place of a random one, so that neither a seed nor the order of samples
    matters; 1e-6 is added to variances in units of the mean variance. The log is kept, as published; public code leaves
    it out.
    Reference: Li et al. 2021, "Ranking neural checkpoints" (CVPR).

    >>> labels = torch.arange(60) % 3
    >>> x = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    >>> nleep(x + 9 * torch.eye(3)[labels, :2], labels) > nleep(x, labels)
    True
    """
    if per_class < 1:
        raise UsageError(
            "a mixture needs components",
            expected="per_class >= 1",
            got=f"per_class = {per_class}",
            next_step="leave it out for the usual 5",
        )
    classes = classes_of(x, labels)
    n, components = len(varying(x)), per_class * len(classes.counts)
    require_samples(n, components, f"{per_class} components for each of {len(classes.counts)} classes")
    z = coordinates(x)
    energy = z.square().sum(0).cumsum(0)
    kept = min(z.shape[1], int((energy <= ENERGY * energy[-1]).sum()) + 1)
    z = z[:, :kept] / z[:, :kept].square().mean().sqrt()
    return expected_likelihood(posteriors(z, divided(z, components)), classes)


class Part(NamedTuple):
    """Some of the rows, their scatter, and where along its main axis each lies from their mean."""

    rows: torch.Tensor
    scatter: float
    along: torch.Tensor

    @classmethod
    def of(cls, z: torch.Tensor, rows: torch.Tensor) -> Part:
        """Find the main axis of some rows of z."""
        apart = z[rows] - z[rows].mean(0)
        gram = apart.T @ apart
        along = apart @ torch.linalg.eigh(gram).eigenvectors[:, -1]
        alike = float(apart.abs().max()) <= ALIKE
        return cls(rows, 0.0 if alike else float(gram.trace()), along)


def divided(z: torch.Tensor, parts: int) -> torch.Tensor:
    """Return the part (n,) of each of (n, q) rows, dividing the one with most scatter until there are enough."""
    found = [Part.of(z, torch.arange(len(z), device=z.device))]
    while len(found) < parts:
        widest = max(found, key=lambda part: part.scatter)
        if widest.scatter == 0:
            raise DuplicateRowsError(
                "there are fewer different rows than components of the mixture",
                expected=f"{parts} different rows or more",
                got=f"{len(found)} different rows",
                next_step="give more samples, or a smaller per_class",
            )
        found = [part for part in found if part is not widest]
        found += [Part.of(z, widest.rows[side]) for side in (widest.along > 0, widest.along <= 0)]
    place = torch.empty(len(z), dtype=torch.int64, device=z.device)
    for number, part in enumerate(found):
        place[part.rows] = number
    return place


def posteriors(z: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Return the posteriors (n, k) of a mixture of Gaussians, fitted to (n, q) rows from a division of them in k."""
    weights = torch.nn.functional.one_hot(place).double()
    before = -math.inf
    for _ in range(STEPS):
        joint = _log_joint(z, weights)
        weights, now = joint.softmax(1), float(joint.logsumexp(1).mean())
        if abs(now - before) < NEAR:
            break
        before = now
    return _log_joint(z, weights).softmax(1)


def _log_joint(z: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return log p(v) p(z_i | v), (n, k), of the Gaussians that fit the rows weighted by (n, k) weights best."""
    n, q = z.shape
    counts = weights.sum(0).clamp(min=10 * torch.finfo(torch.float64).eps)
    means = weights.T @ z / counts[:, None]
    parts, several = [], max(1, TILE // (n * q))
    for start in range(0, len(counts), several):
        these = slice(start, start + several)
        apart = z - means[these, None]
        covariance = (apart * weights.T[these, :, None]).mT @ apart / counts[these, None, None]
        triangle = torch.linalg.cholesky(covariance + ADDED * torch.eye(q).to(z))
        distance = torch.linalg.solve_triangular(triangle, apart.mT, upper=False).square().sum(1)
        volume = triangle.diagonal(dim1=1, dim2=2).log().sum(1)
        parts.append((counts[these] / n).log()[:, None] - volume[:, None] - distance / 2)
    return torch.cat(parts).T - q / 2 * math.log(2 * math.pi)
