"""Similarities of the shape of two clouds of points: of their holes, and of how heat spreads in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigvalsh
from scipy.spatial.distance import cdist

import simzoo
from simzoo.errors import DuplicateRowsError
from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.measures.derived.neighbours import nearest
from simzoo.representations.derived import derived

Array = npt.NDArray[np.float64]
_UNCHANGED_BY = {"permutation", "rotation", "scale", "translation"}
_TEMPERATURES = np.logspace(-1, 1, 256)


@simzoo.similarity(
    name="rtd",
    version=1,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to=_UNCHANGED_BY,
    tolerance=1e-5,
    domain={"constant": "ConstantInputError"},
    reference="barannikov2022representation",
)
def rtd(x: Any, y: Any, *, size: int = 500, draws: int = 10) -> float:
    """Measure how far the holes of two clouds of points differ (representation topology divergence).

    Formula: the mean of R(w, v) and R(v, w), w and v the distances of all pairs in x and in y, divided by their 0.9
    quantile; R(w, v) is the total length of the bars of dimension 1 in the persistence of 2n points with distances 0
    among the first n, w between first and second, min(w, v) among the second.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; with more than `size` samples the mean
    over `draws` of so many.
    Returns: a number without unit in [0, inf), the larger the less alike; 0 = holes of the same samples appear and
    close at the same distances. It grows with n up to `size`.
    Undefined: rows all equal (ConstantInputError); nine in ten pairs at distance 0 (DuplicateRowsError).
    Cost: the persistence of 2 min(n, size) points, twice a draw: seconds at 500 and more as points are added.
    Departures: the draws are the same at every call (seed 0), so that one input has one value; with more than `size`
    samples it depends on their order, as drawing does. Bars come in single precision.
    Reference: Barannikov et al. 2022, "Representation topology divergence" (arXiv 2201.00058).

    >>> x = np.random.default_rng(0).normal(size=(30, 4))
    >>> rtd(x, 3 * x[:, ::-1]) < 1e-5 < rtd(x, np.tanh(x))
    True
    """
    sides = [_points(side) for side in (x, y)]
    n = len(sides[0])
    if n <= size:
        return _divergence(*sides)
    generator = np.random.default_rng(0)
    rows = [np.sort(generator.permutation(n)[:size]) for _ in range(draws)]
    return float(np.mean([_divergence(*(side[some] for side in sides)) for some in rows]))


def _points(x: Any) -> Array:
    features = matrix(x)
    require_samples(len(features), 2, "a distance is of two")
    require_variation(features, "there are no distances")
    points: Array = features.double().cpu().numpy()
    return points


def _divergence(x: Array, y: Array) -> float:
    w, v = (_scaled(cdist(side, side)) for side in (x, y))
    return (_one_way(w, v) + _one_way(v, w)) / 2


def _scaled(distances: Array) -> Array:
    scale = np.quantile(distances, 0.9)
    if not scale > 0:
        raise DuplicateRowsError(
            "nine in ten pairs of samples are at distance 0",
            expected="rows that differ",
            got=f"a 0.9 quantile of the distances of {scale}",
            next_step="leave the repeated samples out",
        )
    scaled: Array = distances / scale
    return scaled


def _one_way(w: Array, v: Array) -> float:
    from ripser import ripser

    glued = np.block([[np.zeros_like(w), w], [w.T, np.minimum(w, v)]])
    born, died = ripser(glued, maxdim=1, distance_matrix=True)["dgms"][1].astype(float).T
    return float((died - born)[np.isfinite(died)].sum())


@simzoo.similarity(
    name="imd",
    version=1,
    range=(0, float("inf")),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to=_UNCHANGED_BY,
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="tsitsulin2020shape",
)
def imd(x: Any, y: Any, *, k: int = 5) -> float:
    """Measure how differently heat spreads over the neighbour graphs of two clouds of points, at any scale.

    Formula: max over t of e^(-2 (t + 1/t)) |h(t) - h'(t)|, h(t) = sum_i e^(-t l_i) with l the eigenvalues of the
    normalised Laplacian of the graph that joins each sample with its k nearest others, t 256 numbers from 0.1 to 10.
    Arguments: x (n, d) and y (n, d2); the order of the samples does not matter, on either side; k neighbours.
    Returns: a number without unit in [0, inf), the larger the less alike; 0 = graphs that heat does not tell apart.
    It grows with n; it is small, as e^-4 is its largest factor.
    Undefined: n <= k (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: n^2 (d + d2) multiply-adds and the eigenvalues of two n x n matrices: 10 s and 1 GB at n = 5,000.
    Departures: exact eigenvalues in place of a stochastic estimate of h, so one input has one value; the traces are not
    divided by n, as the code of the paper does by default.
    Reference: Tsitsulin et al. 2020, "The shape of data: intrinsic distance for data distributions" (ICLR).

    >>> x = np.random.default_rng(0).normal(size=(60, 4))
    >>> imd(x, 3 * x[::-1] + 1) < 1e-12 < imd(x, x[:, :1])
    True
    """
    gaps = np.abs(_heat(x, k=k) - _heat(y, k=k))
    return float((np.exp(-2 * (_TEMPERATURES + 1 / _TEMPERATURES)) * gaps).max())


@derived
def _heat(x: Any, *, k: int) -> Array:
    """Return the heat kernel trace of the neighbour graph at all temperatures."""
    near = nearest(x, k=k, metric="euclidean").cpu().numpy()
    n = len(near)
    joined = np.zeros((n, n))
    joined[np.arange(n)[:, None], near] = 1
    joined = np.maximum(joined, joined.T)
    roots = np.sqrt(joined.sum(1))
    eigenvalues = eigvalsh(np.eye(n) - joined / np.outer(roots, roots))
    traces: Array = np.exp(-np.outer(_TEMPERATURES, eigenvalues)).sum(1)
    return traces
