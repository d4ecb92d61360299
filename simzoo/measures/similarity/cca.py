"""Canonical correlations: how alike the subspaces are that two representations span, whatever their axes."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.errors import TooFewSamplesError, UsageError
from simzoo.facts import GROUPS, similarity
from simzoo.measures.arrays import matrix, require_samples
from simzoo.measures.derived.basis import Basis, cross, overlap, principal_basis, require_tall

ALL_ONE = "every canonical correlation would be 1, whatever the data"
_DOMAIN = {"n <= d": "TooFewSamplesError", "n < 4": "TooFewSamplesError", "constant": "ConstantInputError"}


@similarity(
    name="cca",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=GROUPS,
    domain=_DOMAIN,
    reference="raghu2017svcca",
)
def cca(x: Any, y: Any) -> float:
    """Say how well two representations can be mapped onto each other linearly: their mean canonical correlation.

    Formula: (1 / m) sum_i rho_i, rho_i the singular values of Q^T Q', Q and Q' orthonormal bases of the columns of Hx
    and Hy, H = I - 11^T / n, m the smaller of their ranks.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a number without unit in [0, 1]; 1 = the smaller space lies in the other; 0 = uncorrelated. Biased upwards,
    much: where d + d2 >= n some correlations are 1 by counting alone. Every direction counts alike, noise too.
    Undefined: n <= d or n <= d2 (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: about 6 n (d^2 + d2^2) multiply-adds in float64, n d d2, and the singular values of a (d, d2) matrix. A grid
    pays the first once a representation.
    Departures: directions that are only rounding are left out, and ranks count in place of numbers of columns.
    Reference: Hotelling 1936, "Relations between two sets of variates"; as a similarity of layers Raghu et al. 2017
    (arXiv 1706.05806) and Kornblith et al. 2019 (arXiv 1905.00414), table 1.

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(cca(x, x @ torch.ones(4, 4).tril() + 3), 6)
    1.0
    """
    return float(_correlations(*_bases(x, y)).mean())


@similarity(
    name="r2_cca",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=GROUPS,
    domain=_DOMAIN,
    reference="kornblith2019similarity",
)
def r2_cca(x: Any, y: Any) -> float:
    """Say how well two representations can be mapped onto each other linearly: their mean squared correlation.

    Formula: (1 / m) sum_i rho_i^2 = |Q^T Q'|^2 / m, Frobenius, Q and Q' orthonormal bases of the columns of Hx and Hy,
    H = I - 11^T / n, m the smaller of their ranks.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a number without unit in [0, 1]; 1 = the smaller space lies in the other; 0 = uncorrelated. Biased upwards:
    independent Gaussian features give max(d, d2) / (n - 1).
    Undefined: n <= d or n <= d2 (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: about 6 n (d^2 + d2^2) multiply-adds in float64, once a representation in a grid, and n d d2.
    Departures: directions that are only rounding are left out, and ranks count in place of numbers of columns. (Yanai's
    coefficient divides by the root of the product of ranks, Pillai's trace by nothing.)
    Reference: Kornblith et al. 2019, "Similarity of neural network representations revisited" (arXiv 1905.00414).

    >>> x, y = torch.randn(2, 401, 40, generator=torch.Generator().manual_seed(0))
    >>> round(r2_cca(x, x * 2 + 1), 6), round(r2_cca(x, y), 1)
    (1.0, 0.1)
    """
    a, b = _bases(x, y)
    return min(overlap(a, b) / min(len(a.values), len(b.values)), 1.0)


@similarity(
    name="svcca",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="raghu2017svcca",
)
def svcca(x: Any, y: Any, *, threshold: float = 0.99) -> float:
    """Say how well the main directions of two representations map onto each other: CCA of principal components.

    Formula: the mean canonical correlation (see `cca`) of the first k principal components of Hx and the first k' of
    Hy, divided by min(k, k'); k the least with sum_{i <= k} s_i^2 >= threshold sum_i s_i^2, s singular values.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; threshold, the share of the variance
    to keep, in (0, 1].
    Returns: a number without unit in [0, 1]; 1 = the kept space of one lies in that of the other; 0 = uncorrelated.
    Biased upwards, as `cca`, by the numbers of kept components.
    Undefined: more kept components, of both together, than n - 1, so that correlations are 1 by counting alone, or
    n < 4 (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: about 6 n (d^2 + d2^2) multiply-adds in float64, once a representation in a grid, and n k k'.
    Departures: none. (Some tools compare shares with the total variance, and keep one component; or cut by the sum of
    singular values, not of their squares.)
    Reference: Raghu et al. 2017, "SVCCA: singular vector canonical correlation analysis for deep learning dynamics and
    interpretability" (arXiv 1706.05806).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(svcca(x, x.flip(1) * 2 + 3), 6)
    1.0
    """
    if not 0 < threshold <= 1:
        raise UsageError(
            "threshold is a share of the variance",
            expected="0 < threshold <= 1",
            got=f"threshold = {threshold}",
            next_step="threshold=0.99",
        )
    n = len(matrix(x))
    require_samples(n, 4, "centred, three span a plane, where canonical correlations say nothing")
    a, b = (_main(principal_basis(side), threshold) for side in (x, y))
    if (together := len(a.values) + len(b.values)) > n - 1:
        raise TooFewSamplesError(
            f"{n} samples are too few for {len(a.values)} and {len(b.values)} components: some correlations are then 1",
            expected=f"{together + 1} samples or more",
            got=str(n),
            next_step="give more samples (--n), or a lower threshold=",
        )
    return float(_correlations(a, b).mean())


def _main(basis: Basis, threshold: float) -> Basis:
    shares = basis.values.square().cumsum(0)
    return basis.first(1 + int((shares < threshold * shares[-1]).sum()))


def _bases(x: Any, y: Any) -> tuple[Basis, Basis]:
    for side in (x, y):
        require_tall(side, ALL_ONE)
    return principal_basis(x), principal_basis(y)


def _correlations(a: Basis, b: Basis) -> torch.Tensor:
    cosines: torch.Tensor = torch.linalg.svdvals(cross(a.directions, b.directions).double())
    return cosines.clamp(max=1)
