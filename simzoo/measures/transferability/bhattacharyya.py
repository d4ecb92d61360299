"""GBC: how far the classes overlap, each taken as a Gaussian."""

from __future__ import annotations

import math
from typing import Any, Literal

from simzoo.errors import UsageError
from simzoo.facts import transferability
from simzoo.measures.transferability.classes import classes_of, coordinates, varying

FLOOR = 1e-4  # of the mean variance: no class has less


@transferability(
    name="gbc",
    version=1,
    range=(-math.inf, 0),
    larger="more transferable",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"constant": "ConstantInputError"},
    variants=({}, {"covariance": "diagonal"}),
    reference="pandy2022transferability",
)
def gbc(
    x: Any, labels: Any, *, covariance: Literal["spherical", "diagonal"] = "spherical", components: int | None = 64
) -> float:
    """Say how little the classes overlap, each a Gaussian: minus the sum of their Bhattacharyya coefficients (GBC).

    Formula: -sum_{c != e} exp(-D(c, e)), D = 1/8 sum_j (m_cj - m_ej)^2 / s_j + 1/2 sum_j (log s_j - (log s_cj + log
    s_ej) / 2), s = (s_c + s_e) / 2, m_c and s_c the means and variances of class c in the first principal directions of
    x; with "spherical" every s_cj is their mean over j.
    Arguments: x (n, d); labels (n,), numbers or strings; covariance of a class; components, how many principal
    directions are kept (None for all), of those with variance.
    Returns: a number in [-C (C - 1), 0]; 0 = no two of the C classes overlap, the least = all the same. Each pair
    counts twice. Classes far apart in many directions all round to 0.
    Undefined: rows all equal (ConstantInputError); one class only, or labels missing (LabelsError).
    Cost: n d min(n, d) multiply-adds for the principal directions, then C^2 components.
    Departures: two of the authors' code. Its spherical path takes the log of one variance and not of `components` of
    them, so that the second term counts less; here it counts in full. Its variances are at least 1e-4 in the unit of
    the features; here at least 1e-4 of the mean variance, so that scale does not matter. Directions without variance
    are left out.
    Reference: Pandy et al. 2022, "Transferability estimation using Bhattacharyya class separability" (CVPR).

    >>> x = [[0.0], [2.0], [100.0], [102.0]]
    >>> round(gbc(x, [0, 0, 1, 1]), 6), round(gbc(x, [0, 1, 0, 1]), 2)
    (-0.0, -2.0)
    """
    if covariance not in {"spherical", "diagonal"} or (components is not None and components < 1):
        raise UsageError(
            "no such Gaussians",
            expected="covariance 'spherical' or 'diagonal', and components >= 1, or None for all",
            got=f"covariance = {covariance!r}, components = {components}",
            next_step="leave both out for spherical ones in 64 components",
        )
    classes = classes_of(x, labels)
    varying(x)
    z = coordinates(x, components)
    means = classes.means(z)
    variances = classes.means((z - means[classes.of_row]).square())
    if covariance == "spherical":
        variances = variances.mean(1, keepdim=True).expand_as(variances)
    variances = variances.clamp(min=FLOOR * float(z.square().mean()))
    total = 0.0
    for c in range(1, len(means)):
        between = (variances[c] + variances[:c]) / 2
        apart = ((means[c] - means[:c]).square() / between).sum(1) / 8
        unlike = (between.log() - (variances[c].log() + variances[:c].log()) / 2).sum(1) / 2
        total += 2 * float((-apart - unlike).exp().sum())
    return -total
