"""Intrinsic dimension around each sample, averaged: by principal components, by moments, within tight localities."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import UsageError
from simzoo.facts import geometry
from simzoo.measures.derived.distinct import distinct, local_neighbourhoods
from simzoo.measures.geometry.likelihood import require_ratios

_UNCHANGED_BY = {"permutation", "rotation", "scale", "translation"}
_DOMAIN = {"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"}
TILE = 2**22  # numbers that are held at once for a group of samples
DROPPED = 1e-4  # measurements of `tle` below this share of the radius: as good as 0, which has no logarithm


@geometry(
    name="lpca",
    version=1,
    range=(1, float("inf")),
    larger="more dimensions",
    invariant_to=_UNCHANGED_BY,
    domain=_DOMAIN,
    neighbours="k",
    reference="fukunaga1971algorithm",
)
def lpca(x: Any, *, k: int = 50, alpha: float = 0.05) -> float:
    """Count the principal directions of each sample's neighbours that carry more than a share of the first's variance.

    Formula: mean_i #{j : l_ij > alpha l_i1}, l_i the eigenvalues of the covariance of the k nearest neighbours of i.
    Arguments: x (n, d); k neighbours, 2 or more; alpha, the share, between 0 and 1.
    Returns: a number of dimensions in [1, min(k - 1, d)]. It nears k - 1 for noise, and counts curvature where the
    neighbourhoods are wide; k should be several times the dimension.
    Undefined: fewer than 4 or than k + 1 different rows (TooFewSamplesError); rows all equal (ConstantInputError); more
    than half of the rows repeat another (DuplicateRowsError).
    Cost: as `mle_id`, whose neighbours it shares; n k^2 min(k, d) multiply-adds more.
    Departures: the rule of the paper, with the share that scikit-dimension takes, and the mean over all samples. A
    sample is not among its own neighbours. Of exactly equal rows one is kept.
    Reference: Fukunaga and Olsen 1971, "An algorithm for finding intrinsic dimensionality of data" (IEEE Transactions
    on Computers 20).

    >>> x = torch.rand(200, 2, generator=torch.Generator().manual_seed(0))
    >>> lpca(x @ torch.eye(2, 10))
    2.0
    """
    if not 0 < alpha < 1:
        raise UsageError(
            "alpha is a share of a variance", expected="0 < alpha < 1", got=f"alpha = {alpha}", next_step="alpha=0.05"
        )
    rows, points = local_neighbourhoods(x, k=k).rows, distinct(x)
    counts = []
    for some in torch.split(rows, max(1, TILE // (k * max(k, points.shape[1])))):
        near = points[some].double()
        near -= near.mean(1, keepdim=True)
        variances = torch.linalg.eigvalsh(near @ near.mT if k <= points.shape[1] else near.mT @ near)
        counts.append((variances > alpha * variances[:, -1:]).sum(1))
    return float(torch.cat(counts).double().mean())


@geometry(
    name="mom_id",
    version=1,
    range=(0, float("inf")),
    larger="more dimensions",
    invariant_to=_UNCHANGED_BY,
    domain=_DOMAIN,
    neighbours="k",
    reference="amsaleg2015estimating",
)
def mom_id(x: Any, *, k: int = 20) -> float:
    """Estimate the intrinsic dimension from the mean distance to neighbours within a radius: the method of moments.

    Formula: mean_i m_i / (T_k - m_i), T_j the distance from sample i to its j-th neighbour, m_i = mean_{j < k} T_j: in
    a ball of radius T_k in d dimensions the mean distance from its centre is T_k d / (d + 1).
    Arguments: x (n, d); k neighbours, 3 or more.
    Returns: a number of dimensions in (0, inf), the larger the more; a mean of estimates from k distances each, which
    is too high by about 1 / k of it, and too low in many dimensions.
    Undefined: fewer than 4 or than k + 1 different rows (TooFewSamplesError); rows all equal (ConstantInputError); more
    than half of the rows repeat another (DuplicateRowsError); a sample with all k neighbours at one distance
    (UndefinedError).
    Cost: as `mle_id`, whose neighbours it shares.
    Departures: the k-th neighbour, which gives the radius, is not in the mean: counting it, as scikit-dimension does,
    multiplies what is estimated by about k / (k - 1). Of exactly equal rows one is kept.
    Reference: Amsaleg et al. 2015, "Estimating local intrinsic dimensionality" (KDD).

    >>> x = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0))
    >>> round(mom_id(x @ torch.ones(2, 10).tril()))
    2
    """
    distances = local_neighbourhoods(x, k=k, least=3).distances
    inside = distances[:, :-1].mean(1)
    beyond = distances[:, -1] - inside
    require_ratios(beyond, k)
    return float((inside / beyond).mean())


@geometry(
    name="tle",
    version=1,
    range=(0, float("inf")),
    larger="more dimensions",
    invariant_to=_UNCHANGED_BY,
    domain=_DOMAIN,
    neighbours="k",
    reference="amsaleg2019intrinsic",
)
def tle(x: Any, *, k: int = 20) -> float:
    """Estimate the intrinsic dimension from the distances among each sample's neighbours: within tight localities.

    Formula: mean_i d_i, -1 / d_i = the mean of log(t / r) over the measurements t of sample i, r = T_k, T_j the
    distance to its j-th neighbour v_j: T_j, twice each; and for each two v_j, v_m, the radius s(v_j, v_m) that a ball
    within the ball of radius r has when it is shrunk from there until its surface, which touches r around v_j, meets
    v_m, scaled to r; and that of v_m's mirror image 2 x_i - v_m. With a = |v_j - x_i|, b = |v_m - x_i|,
    c = |v_j - v_m| and A = a^2 + c^2 - b^2, s = r [sqrt(A^2 + 4 c^2 (r^2 - a^2)) - A] / (2 (r^2 - a^2)); for the mirror
    image c^2 is 2 a^2 + 2 b^2 - c^2.
    Arguments: x (n, d); k neighbours, 3 or more.
    Returns: a number of dimensions in (0, inf), the larger the more. k (k - 1) pairs steady what k distances leave
    open: a sample's own estimate varies less than that of `mle_id`.
    Undefined: fewer than 4 or than k + 1 different rows (TooFewSamplesError); rows all equal (ConstantInputError); more
    than half of the rows repeat another (DuplicateRowsError); a sample whose measurements are all r (UndefinedError).
    Cost: as `mle_id`, whose neighbours it shares; n k^2 d multiply-adds more.
    Departures: pairs with a measurement below 1e-4 r are dropped; scikit-dimension drops them below 1e-4, whatever the
    scale. Of exactly equal rows one is kept.
    Reference: Amsaleg et al. 2019, "Intrinsic dimensionality estimation within tight localities" (SDM).

    >>> x = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0))
    >>> round(tle(x @ torch.ones(2, 10).tril()))
    2
    """
    distances, rows = local_neighbourhoods(x, k=k, least=3)
    points, estimates = distinct(x), []
    height = max(1, TILE // (k * max(k, points.shape[1])))
    for apart, some in zip(torch.split(distances, height), torch.split(rows, height), strict=True):
        near = points[some].double()
        estimates.append(_tight(apart / apart[:, -1:], torch.cdist(near, near) / apart[:, -1:, None]))
    inverses = torch.cat(estimates)
    require_ratios(inverses, k)
    return float(inverses.reciprocal().mean())


def _tight(outer: torch.Tensor, inner: torch.Tensor) -> torch.Tensor:
    """Return 1 / d of each sample from its neighbours' distances (m, k) to it and (m, k, k) to each other, r = 1."""
    a, b, c = outer[:, :, None].square(), outer[:, None].square(), inner.square()
    direct, mirrored = _met(a, b, c), _met(a, b, (2 * a + 2 * b - c).clamp(min=0))
    kept = (direct >= DROPPED) & (mirrored >= DROPPED)
    kept &= ~torch.eye(outer.shape[1], dtype=torch.bool, device=outer.device)
    pairs = torch.where(kept, direct * mirrored, 1.0).log().sum((1, 2))
    return -(pairs + 2 * outer.log().sum(1)) / (2 * kept.sum((1, 2)) + 2 * outer.shape[1])


def _met(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    """Return the measurement of `tle` from squared distances, r = 1, by whichever form loses no digits."""
    across, left = a + c - b, 1 - a
    root = (across.square() + 4 * c * left).sqrt()
    far = across >= 0
    return torch.where(
        far, 2 * c / torch.where(far, root + across, 1.0).clamp(min=1e-300), (root - across) / (2 * left)
    )
