"""Canonical correlations weighted by how much of a representation each of them is about."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.facts import similarity
from simzoo.measures.derived.basis import cross, principal_basis, require_tall
from simzoo.measures.derived.gram import unit_centered
from simzoo.measures.derived.order import unchanged
from simzoo.measures.similarity.cca import ALL_ONE
from simzoo.representations.derived import follows


@similarity(
    name="pwcca",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=False,
    invariant_to={"permutation", "scale", "translation"},
    domain={"n <= d": "TooFewSamplesError", "n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="morcos2018insights",
)
def pwcca(x: Any, y: Any) -> float:
    """Say how well two representations map onto each other, each correlation weighted by what it accounts for.

    Formula: sum_i a_i rho_i / sum_i a_i, rho_i the canonical correlations (see `cca`), a_i = sum_j |<h_i, z_j>|; z_j
    the centred neurons of the side of smaller rank, x at a tie, h_i its orthonormal canonical variables.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a number without unit in [0, 1]; 1 = the smaller space lies in the other; 0 = uncorrelated. Biased upwards,
    as `cca`. The side that does not give the weights may be transformed by any affine map without change.
    Undefined: n <= d or n <= d2 (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: as `cca`, with singular vectors in place of values, and n d^2 for the side of the weights.
    Departures: the published code takes the weights of the wrong side where the second is the narrower.
    Reference: Morcos et al. 2018, "Insights on representational similarity in neural networks with canonical
    correlation" (arXiv 1806.05759).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(pwcca(x, x @ torch.ones(4, 4).tril() + 3), 6)
    1.0
    """
    for side in (x, y):
        require_tall(side, ALL_ONE)
    a, b = principal_basis(x), principal_basis(y)
    if len(b.values) < len(a.values):
        x, a, b = y, b, a
    variables, correlations, _ = torch.linalg.svd(cross(a.directions, b.directions).double(), full_matrices=False)
    weights = (variables.T @ _coordinates(x)).abs().sum(1)
    return min(float(weights @ correlations / weights.sum()), 1.0)


@follows(unchanged)
def _coordinates(x: Any) -> torch.Tensor:
    """Return the centred neurons in principal directions, (r, d)."""
    return (principal_basis(x).directions.T @ unit_centered(x)).double()
