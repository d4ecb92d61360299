"""How well single neurons of two representations correlate, matched one to one or each with its best."""

from __future__ import annotations

from typing import Any

import torch

from simzoo.facts import similarity
from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived.basis import cross
from simzoo.measures.derived.order import rows_of
from simzoo.measures.similarity.permutation import assignment
from simzoo.representations.derived import follows

_UNCHANGED_BY = ("permutation", "scale", "translation")
_CONSTANT = {"constant": "ConstantInputError"}


@similarity(
    name="hard_correlation_match",
    version=1,
    range=(-1, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=_UNCHANGED_BY,
    domain=_CONSTANT,
    reference="li2016convergent",
)
def hard_correlation_match(x: Any, y: Any) -> float:
    """Say how well neurons correlate when each is matched to one of the other side, all as well as possible.

    Formula: (1 / m) max over one-to-one matchings p of sum_j corr(x_j, y_p(j)), Pearson, m the smaller number of
    neurons; those of the wider side that are left over do not count.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a correlation in [-1, 1]; 1 = the same neurons in some order, each up to scale and shift. Biased upwards,
    the more neurons there are to choose from beside samples.
    Undefined: rows all equal (ConstantInputError); one sample (TooFewSamplesError). Constant neurons have no
    correlation and are left out.
    Cost: n d d2 multiply-adds and an assignment of d to d2, at worst max(d, d2)^3 steps (scipy).
    Departures: none.
    Reference: Li et al. 2016, "Convergent learning: do different neural networks learn the same representations?"
    (arXiv 1511.07543).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(hard_correlation_match(x, 3 * x.flip(1) + 2), 6)
    1.0
    """
    correlations = _correlations(x, y)
    return float(correlations[assignment(correlations)].mean())


@similarity(
    name="soft_correlation_match",
    version=1,
    range=(-1, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=_UNCHANGED_BY,
    domain=_CONSTANT,
    reference="li2016convergent",
)
def soft_correlation_match(x: Any, y: Any) -> float:
    """Say how well neurons correlate, each with the best of the other side, which several may share.

    Formula: (mean_j max_k c_jk + mean_k max_j c_jk) / 2, c_jk = corr(x_j, y_k), Pearson.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a correlation in [-1, 1]; 1 = every neuron has its copy on the other side, up to scale and shift. Biased
    upwards, the more neurons there are to choose from beside samples.
    Undefined: rows all equal (ConstantInputError); one sample (TooFewSamplesError). Constant neurons have no
    correlation and are left out.
    Cost: n d d2 multiply-adds.
    Departures: both directions are averaged, which makes it symmetric.
    Reference: Li et al. 2016, "Convergent learning: do different neural networks learn the same representations?"
    (arXiv 1511.07543).

    >>> x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    >>> round(soft_correlation_match(x, torch.cat([x, 2 * x + 1], 1)), 6)
    1.0
    """
    correlations = _correlations(x, y)
    return float(correlations.amax(1).mean() + correlations.amax(0).mean()) / 2


@follows(rows_of)
def _unit_columns(x: Any) -> torch.Tensor:
    """Return neurons that vary, centred and of norm 1, in the input's precision."""
    features = matrix(x)
    require_samples(len(features), 2, "one sample has no correlation")
    require_variation(features, "no neuron has a correlation")
    varying = features[:, (features != features[0]).any(0)].double()
    centred = varying - varying.mean(0)
    norms = centred.norm(dim=0)
    unit: torch.Tensor = centred[:, norms > 0] / norms[norms > 0]
    return unit.to(features.dtype)


def _correlations(x: Any, y: Any) -> torch.Tensor:
    return cross(_unit_columns(x), _unit_columns(y)).double().clamp(-1, 1)
