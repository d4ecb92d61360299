from itertools import combinations

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from simzoo.report.arrangement import arrange
from simzoo.report.points import Points

DRAW = np.random.default_rng(1)
PLACES = np.concatenate([DRAW.normal(size=(5, 4)) + centre for centre in (0, 7, 14)])
WORDS = [*"aaaaa", *"bbbbb", *"ccccc"]


def points(places, halves=(), method="ward"):
    far = squareform(pdist(places))
    return Points("t", [f"m{at}" for at in range(len(places))], far, list(halves), None, None, method, "", [])


def test_the_cut_is_scikit_learns_and_counted_along_the_tree():
    found = arrange(points(PLACES), {})
    expected = AgglomerativeClustering(3, linkage="ward").fit_predict(PLACES)
    assert adjusted_rand_score(found.clusters, expected) == 1
    along = [found.clusters[leaf] for leaf in found.order]
    assert sorted(found.order) == list(range(15))
    assert along == sorted(along)


def test_cophenetic_correlation_and_silhouettes_are_those_of_their_definitions():
    found = arrange(points(PLACES), {})
    heights, sets = np.zeros((15, 15)), {at: [at] for at in range(15)}
    for step, (a, b, height, _) in enumerate(found.linkage):
        for i in sets[int(a)]:
            heights[i, sets[int(b)]] = heights[sets[int(b)], i] = height
        sets[15 + step] = sets[int(a)] + sets[int(b)]
    upper = np.triu_indices(15, 1)
    assert found.cophenetic == pytest.approx(np.corrcoef(heights[upper], found.points.distances[upper])[0, 1])
    assert list(found.silhouettes) == [2, 3, 4, 5, 6]
    assert found.silhouettes[3] == pytest.approx(silhouette_samples(PLACES, found.clusters).mean())
    assert max(found.silhouettes, key=found.silhouettes.get) == 3


def test_stability_is_the_agreement_of_the_cuts_on_half_samples():
    shaken = [squareform(pdist(PLACES + DRAW.normal(size=PLACES.shape) * size)) for size in (0.1, 0.2, 30, 30)]
    found = arrange(points(PLACES, shaken), {})
    cuts = [arrange(points(PLACES), {}).clusters]
    cuts += [arrange(Points("", [""] * 15, half, [], None, None, "ward", "", []), {}).clusters for half in shaken]
    again = [adjusted_rand_score(cuts[0], cut) for cut in cuts[1:]]
    assert found.stability[0] == pytest.approx(np.mean(again))
    assert again[0] == again[1] == 1
    assert found.stability[0] < 1
    assert arrange(points(PLACES), {}).stability is None


def test_agreement_with_what_is_known_stands_beside_chance():
    other = [str(at % 3) for at in range(15)]
    known = {"paradigm": WORDS, "backbone": other, "all": ["x"] * 15, "each": [str(at) for at in range(15)]}
    found = {one.of: one for one in arrange(points(PLACES, [squareform(pdist(PLACES))] * 3), known).agreements}
    assert set(found) == {"paradigm", "backbone"}  # one group, or each its own, says nothing
    assert (found["paradigm"].value, found["paradigm"].p, found["paradigm"].groups) == (1, 0.002, 3)
    assert (found["paradigm"].low, found["paradigm"].high) == (1, 1)
    assert found["backbone"].value == pytest.approx(adjusted_rand_score(other, WORDS))
    assert found["backbone"].p > 0.3
    mixed = [*"aaaab", *"bbbbc", *"cccca"]
    (part,) = arrange(points(PLACES), {"mixed": mixed}).agreements
    assert part.value == pytest.approx(adjusted_rand_score(mixed, WORDS))
    assert 0.002 <= part.p < 0.05
    assert arrange(points(PLACES), known).agreements[0].low is None


def test_the_plane_gives_back_what_lies_in_a_plane():
    flat = DRAW.normal(size=(8, 2)) @ DRAW.normal(size=(2, 5))
    found = arrange(points(flat), {})
    assert found.shown == pytest.approx(1)
    np.testing.assert_allclose(squareform(pdist(found.plane)), found.points.distances, atol=1e-9)
    assert arrange(points(PLACES), {}).shown < 1


def test_the_spanning_tree_is_scipys_and_communities_are_the_blobs():
    found = arrange(points(PLACES), {})
    assert len(found.spanning) == 14
    expected = minimum_spanning_tree(found.points.distances).sum()
    assert sum(apart for _, _, apart in found.spanning) == pytest.approx(expected)
    assert all(apart == found.points.distances[a, b] for a, b, apart in found.spanning)
    far = np.concatenate([PLACES[:5], PLACES[5:10] + 100])
    blobs = arrange(points(far), {}, clusters=2)
    assert blobs.communities == [list(range(5)), list(range(5, 10))]
    width = np.median(pdist(far))
    weights = np.exp(-((blobs.points.distances / width) ** 2) / 2) * (1 - np.eye(10))
    strength, total = weights.sum(0), weights.sum()
    inside = sum(2 * weights[a, b] for part in blobs.communities for a, b in combinations(part, 2))
    expected = inside / total - sum((strength[part].sum() / total) ** 2 for part in blobs.communities)
    assert blobs.modularity == pytest.approx(expected)


def test_models_that_are_all_alike_and_three_models():
    same = arrange(points(np.zeros((4, 2))), {"paradigm": list("aabb")}, clusters=2)
    assert set(same.clusters) == {1}
    assert same.cophenetic is None
    assert same.silhouettes == {}
    few = arrange(points(PLACES[[0, 1, 10]]), {}, clusters=2)
    assert few.clusters[0] == few.clusters[1] != few.clusters[2]
    assert list(few.silhouettes) == [2]
