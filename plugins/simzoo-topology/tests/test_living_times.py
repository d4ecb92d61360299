"""Holes of known number, and the witness complex by its definition, its cycles counted by ranks over GF(2)."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from simzoo_topology.living_times import _of_landmarks, geometry_score

from simzoo.errors import ConstantInputError, TooFewSamplesError, UsageError
from simzoo.testing import require_conformance

pytest.importorskip("gudhi")

DRAW = np.random.default_rng(0)
ANGLES = DRAW.uniform(0, 2 * np.pi, 300)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def test_it_does_what_it_declares():
    require_conformance(geometry_score)


def test_a_circle_has_one_hole_and_a_line_none():
    """Not at once: where landmarks are far apart the circle is open until samples between them are relaxed."""
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 1000)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    options = {"landmarks": 12, "draws": 20, "gamma": 0.05}
    assert 1.6 < geometry_score(circle, angles[:, None], **options) < 2
    assert geometry_score(circle, circle * [1.2, 1], **options) < 0.1


def rank(matrix):
    """Return the rank over the field of two elements."""
    rows, found = [int("".join(map(str, row)), 2) for row in matrix.astype(int)], 0
    while rows:
        if pivot := rows.pop():
            found += 1
            low = pivot & -pivot
            rows = [row ^ pivot if row & low else row for row in rows]
    return found


def naive(distances, longest):
    """Return living times by the definition: every simplex looked at, every number of holes from two ranks."""
    k, born = distances.shape[1], {}
    for size in (1, 2, 3):
        for simplex in combinations(range(k), size):
            outside = [v for v in range(k) if v not in simplex]
            needed = np.maximum(distances[:, simplex].max(1) - distances[:, outside].min(1), 0).min()
            born[simplex] = max([needed, *(born[face] for face in combinations(simplex, size - 1) if face)])
    ends = sorted({0.0, longest, *(value for value in born.values() if value < longest)})
    times = np.zeros(k * (k - 1) // 2 + 1)
    for low, high in pairwise(ends):
        there = [[s for s, value in born.items() if len(s) == size and value <= low] for size in (1, 2, 3)]
        of_edges, of_triangles = (
            np.array([[set(face) < set(simplex) for face in faces] for simplex in simplices], dtype=bool)
            for faces, simplices in pairwise(there)
        )
        holes = len(there[1]) - rank(of_edges) - (rank(of_triangles) if len(of_triangles) else 0)
        times[holes] += (high - low) / longest
    return times


@pytest.mark.parametrize("columns", [2, 5])
def test_living_times_are_those_of_the_definition(columns):
    points = np.random.default_rng(columns).normal(size=(60, columns))
    for share in (0.01, 0.2):
        distances = cdist(points, points[:9])
        longest = share * distances.max()
        np.testing.assert_allclose(_of_landmarks(distances, longest), naive(distances, longest), atol=1e-9)


def test_order_rotation_scale_and_shift_change_nothing():
    y = DRAW.normal(size=(300, 3))
    turned = 3 * (CIRCLE[DRAW.permutation(300)] @ np.array([[0.6, 0.8], [-0.8, 0.6]])) + 5
    assert geometry_score(turned, y, draws=5) == pytest.approx(geometry_score(CIRCLE, y, draws=5), abs=1e-9)


def test_refusals():
    with pytest.raises(TooFewSamplesError, match="three points have no hole"):
        geometry_score(CIRCLE[:3], CIRCLE[:3])
    with pytest.raises(ConstantInputError, match="one point has no hole"):
        geometry_score(np.ones((40, 2)), CIRCLE[:40])
    with pytest.raises(UsageError, match=r"landmarks >= 4(.|\n)*leave them out"):
        geometry_score(CIRCLE, CIRCLE, landmarks=3)
