"""Measures of what augmentation does to a representation: of several draws (views) of the same samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import torch

from simzoo.errors import InputError, UsageError
from simzoo.facts import geometry
from simzoo.measures.arrays import matrix, require_samples, require_variation, unit_rows
from simzoo.measures.geometry.spectrum import EPSILON, smoothed_rank
from simzoo.measures.similarity.cka import cka_grid, unbiased_cka_grid


@geometry(
    name="alignment",
    version=1,
    range=(0, 4),
    larger="views of a sample lie farther apart",
    invariant_to={"permutation", "rotation", "scale"},
    needs={"views"},
    domain={"zero rows": "ZeroRowsError"},
    variants=({"power": 2}, {"power": 1, "range": (0, 2)}),
    reference="wang2020alignment",
)
def alignment(x: Any, views: Sequence[Any], *, power: float = 2) -> float:
    """Say how far apart two views of a sample lie on the unit sphere, on average.

    Formula: the mean over samples i and pairs of views v < w of |u_i^v - u_i^w|^power, u = rows scaled to norm 1.
    Arguments: x (n, d), the samples as they are, which only have to fit; views, 2 or more (n, d) matrices of draws of
    an augmentation, row i of each made from sample i; power above 0.
    Returns: a mean distance in [0, 2^power], without unit; 0 = the representation does not see the augmentation;
    2 (power 2) = views are orthogonal, as unrelated ones in many dimensions are. It is small, too, where all samples
    lie near one point: read it beside a measure of spread.
    Undefined: a view with zero rows (ZeroRowsError).
    Cost: T (T - 1) n d / 2 multiply-adds for T views.
    Departures: none; all pairs of the views given are used.
    Reference: Wang and Isola 2020, "Understanding contrastive representation learning through alignment and uniformity
    on the hypersphere" (arXiv 2005.10242).

    >>> x = torch.eye(3)
    >>> alignment(x, [x, x]), round(alignment(x, [x, x.roll(1, 0)]), 6)
    (0.0, 2.0)
    """
    if not power > 0:
        raise UsageError("power must be above 0", expected="power > 0", got=f"power = {power}", next_step="power=2")
    units = [unit_rows(view) for view in aligned(x, views)]
    apart = [torch.linalg.vector_norm(a - b, dim=1, dtype=torch.float64) for a, b in combinations(units, 2)]
    return float(torch.stack(apart).pow(power).mean())


class Invariance(NamedTuple):
    """Linear CKA between draws, and of draws with the clean samples: plain, and by the unbiased estimate."""

    draws: float
    clean: float
    draws_unbiased: float
    clean_unbiased: float


@geometry(
    name="invariance",
    version=1,
    range=(-float("inf"), 1),
    larger="augmentation changes less",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    needs={"views"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="grigg2021layers",
)
def invariance(x: Any, views: Sequence[Any]) -> Invariance:
    """Say how invariant a representation is to an augmentation: CKA between independent draws of the same samples.

    Formula: draws = the mean over pairs of views v < w of cka(v, w); clean = the mean over views of cka(x, v); the same
    of cka_unbiased.
    Arguments: x (n, d), the samples as they are; views, 2 or more (n, d) matrices of independent draws of an
    augmentation, row i of each made from sample i.
    Returns: `draws` and `clean` in [0, 1], `draws_unbiased` and `clean_unbiased` at most 1, without unit; 1 = the
    augmentation changes nothing but rotation, scale and shift; 0 = nothing is left of what tells the samples apart.
    Undefined: rows all equal (ConstantInputError); n < 4 (TooFewSamplesError).
    Cost: as `cka` of all pairs of x and the views.
    Departures: the paper's words are read as linear CKA between two draws; the comparison with clean samples is ours.
    Reference: Grigg et al. 2021, "Do self-supervised and supervised methods learn similar visual representations?"
    (arXiv 2110.00528).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> [round(value, 6) for value in invariance(x, [x + 1, 2 * x])]
    [1.0, 1.0, 1.0, 1.0]
    """
    aligned(x, views)
    found = []
    for grid in (cka_grid, unbiased_cka_grid):
        values = grid([x, *views])
        found.append((values[1:, 1:][np.triu_indices(len(views), 1)].mean(), values[0, 1:].mean()))
    (draws, clean), (draws_unbiased, clean_unbiased) = found
    return Invariance(float(draws), float(clean), float(draws_unbiased), float(clean_unbiased))


@geometry(
    name="lidar",
    version=1,
    range=(1 - 2 * EPSILON, float("inf")),
    larger="more directions that tell samples apart",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    needs={"views"},
    domain={"constant": "ConstantInputError"},
    reference="thilak2024lidar",
)
def lidar(x: Any, views: Sequence[Any], *, delta: float = 1e-4) -> float:
    """Count the directions in which samples differ by more than augmentation moves them: RankMe of an LDA matrix.

    Formula: exp(-sum_i p_i log p_i), p_i = l_i / sum_j l_j + 1e-7, l the d eigenvalues of W^-1/2 B W^-1/2, B the
    covariance of the samples' means over their views, W that of the views around them, plus delta times the mean
    variance of a column (the mean of the diagonal of both together) in its diagonal.
    Arguments: x (n, d), the samples as they are, which only have to fit; views, 2 or more (n, d) matrices of draws of
    an augmentation, row i of each made from sample i; delta above 0.
    Returns: a number of directions, from 1 to about min(n - 1, d).
    Undefined: samples whose means over the views are all equal (ConstantInputError); n < 2 (TooFewSamplesError).
    Cost: T n d^2 multiply-adds for T views, a Cholesky factor of (d, d) and singular values of (n, d), in float64.
    Departures: the paper adds delta as it is, and its value then depends on the scale of the features; divided by the
    mean variance of a column it is the same number. Two views of each sample are allowed, the paper takes many.
    Reference: Thilak et al. 2024, "LiDAR: sensing linear probing performance in joint embedding SSL architectures"
    (ICLR, arXiv 2312.04000).

    >>> x = torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    >>> round(lidar(x, [x, x]), 1), round(lidar(x, [x + 0.1, x - 0.1]), 1)  # the draws differ along one direction
    (4.0, 3.0)
    """
    if not delta > 0:
        raise UsageError("delta must be above 0", expected="delta > 0", got=f"delta = {delta}", next_step="delta=1e-4")
    drawn = torch.stack(aligned(x, views)).double()
    count, n, d = drawn.shape
    require_samples(n, 2, "one sample does not differ from another")
    means = drawn.mean(0)
    require_variation(means, "nothing tells the samples apart")
    around = (drawn - means).flatten(0, 1)
    within = around.T @ around / (n * (count - 1))
    between = (means - means.mean(0)) / (n - 1) ** 0.5
    ridge = delta * (float(within.trace()) + float(between.square().sum())) / d
    within.diagonal().add_(ridge)
    whitened = torch.linalg.solve_triangular(torch.linalg.cholesky(within), between.T, upper=False)
    spectrum = torch.zeros(d, dtype=torch.float64, device=drawn.device)
    values = torch.linalg.svdvals(whitened).square()
    spectrum[: len(values)] = values
    return smoothed_rank(spectrum)


def aligned(x: Any, views: Sequence[Any]) -> list[torch.Tensor]:
    """Return the views as tensors, all of the shape of x."""
    if len(views) < 2:
        raise UsageError(
            "one view says nothing of what varies",
            expected="two views or more: (n, d) matrices of draws of an augmentation",
            got=str(len(views)),
            next_step="represent(..., augmentation=NAME, draw=0) and draw=1",
        )
    shape, tensors = tuple(matrix(x).shape), [matrix(view) for view in views]
    if odd := [tuple(view.shape) for view in tensors if view.shape != shape]:
        raise InputError(
            "the views are not of these samples and layer",
            expected=f"shape {shape}",
            got=str(odd[0]),
            next_step="take the views at the same tap, of the same images",
        )
    return tensors
