"""Similarity of how many holes two clouds of points have, and for how long."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

import simzoo
from simzoo.errors import UsageError
from simzoo.measures.arrays import matrix, require_samples, require_variation
from simzoo.representations.derived import derived

Array = npt.NDArray[np.float64]
_WITNESSES = 4  # samples a landmark, at least: where all are landmarks there is nobody to see holes


@simzoo.similarity(
    name="geometry_score",
    version=1,
    range=(0, 2),
    identical=0,
    larger="less alike",
    symmetric=True,
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    reference="khrulkov2018geometry",
)
def geometry_score(x: Any, y: Any, *, landmarks: int = 64, draws: int = 100, gamma: float | None = None) -> float:
    """Measure how differently two clouds of points have holes (geometry score).

    Formula: sum over b of (r_b - r'_b)^2, r_b the mean relative living time of b holes: the share of the relaxations a
    in [0, gamma D] at which the witness complex of the landmarks has b independent cycles of dimension 1, mean over
    draws of landmarks, D the largest distance of a sample to a landmark. A simplex of landmarks is in it where each of
    its faces has a sample whose distances to its corners exceed those to no other landmark by more than a.
    Arguments: x (n, d) and y (n, d2); the order of the samples does not matter, on either side; landmarks of a draw, at
    most n / 4 of them (but 4); draws; gamma, by default n / 5000 / 128 as in the authors' code.
    Returns: a number without unit in [0, 2]; 0 = equally many holes for equally long; 2 = always one number of holes on
    one side, always another on the other.
    Undefined: n < 4 (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: draws times n distances to landmarks and one persistence (gudhi): a second a side at n = 1,000.
    Departures: 100 draws in place of the paper's 10,000, landmarks without repetition, all numbers of holes told apart
    (the authors' code drops 100 and more); the draws are the same at every call and go by how far samples lie from
    their mean, so that no order of samples changes the value.
    Reference: Khrulkov and Oseledets 2018, "Geometry score: a method for comparing generative adversarial networks"
    (ICML, arXiv 1802.02664).

    >>> angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 1000)
    >>> circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    >>> options = {"landmarks": 12, "gamma": 0.05, "draws": 5}
    >>> geometry_score(circle, 3 * circle + 1, **options) < 0.01, geometry_score(circle, angles[:, None], **options) > 1
    (True, True)
    """
    if landmarks < 4 or draws < 1 or (gamma is not None and not gamma > 0):
        raise UsageError(
            "landmarks, draws and relaxations are counted from a few up",
            expected="landmarks >= 4, draws >= 1, gamma > 0",
            got=f"landmarks = {landmarks}, draws = {draws}, gamma = {gamma}",
            next_step="leave them out for 64 landmarks, 100 draws and n / 5000 / 128",
        )
    a, b = (_living_times(side, landmarks=landmarks, draws=draws, gamma=gamma) for side in (x, y))
    return float(((a - b) ** 2).sum())


@derived
def _living_times(x: Any, *, landmarks: int, draws: int, gamma: float | None) -> Array:
    """Return the mean relative living time of each number of holes."""
    features = matrix(x)
    n = len(features)
    require_samples(n, 4, "three points have no hole")
    require_variation(features, "one point has no hole")
    points: Array = features.double().cpu().numpy()
    points = points[np.argsort(np.linalg.norm(points - points.mean(0), axis=1), kind="stable")]
    generator, share = np.random.default_rng(0), n / 5000 / 128 if gamma is None else gamma
    count, times = min(landmarks, max(4, n // _WITNESSES)), []
    for _ in range(draws):
        distances = cdist(points, points[generator.permutation(n)[:count]])
        times.append(_of_landmarks(distances, share * float(distances.max())))
    mean: Array = np.mean(times, axis=0)
    return mean


def _of_landmarks(distances: Array, longest: float) -> Array:
    """Return the shares of relaxations up to the longest at which there are 0, 1, ... holes."""
    bars = np.clip(_bars(distances, longest), 0, longest)
    ends = np.unique(np.concatenate([[0, longest], bars.ravel()]))
    middles = (ends[1:] + ends[:-1]) / 2
    holes = ((bars[:, :1] <= middles) & (middles < bars[:, 1:])).sum(0)
    most = math.comb(distances.shape[1], 2)  # edges
    times: Array = np.bincount(holes, np.diff(ends), most + 1) / longest
    return times


def _bars(distances: Array, longest: float) -> Array:
    """Return birth and death of the cycles of the witness complex, (m, 2), of distances of samples to landmarks."""
    from gudhi import WitnessComplex

    order = distances.argsort(axis=1, kind="stable")
    near = np.take_along_axis(distances, order, axis=1)
    # a corner of a triangle is at most so much farther than the fourth landmark: the others need not be looked at
    width = int((near <= near[:, 3:4] + longest).sum(1).max()) + 1
    table = [
        list(zip(*pair, strict=True)) for pair in zip(order[:, :width].tolist(), near[:, :width].tolist(), strict=True)
    ]
    tree = WitnessComplex(table).create_simplex_tree(max_alpha_square=longest, limit_dimension=2)
    tree.compute_persistence(homology_coeff_field=2)
    bars: Array = np.asarray(tree.persistence_intervals_in_dimension(1), dtype=np.float64).reshape(-1, 2)
    return bars
