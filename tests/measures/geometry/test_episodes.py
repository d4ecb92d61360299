from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestCentroid

from simzoo.errors import ConstantInputError, InputError, LabelsError, TooFewSamplesError, UsageError
from simzoo.images.draws import uniforms
from simzoo.measures.geometry.episodes import few_shot
from simzoo.representations.representation import Representation


def blobs(n=300, d=4, classes=7, seed=0):
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return 0.8 * np.random.default_rng(9).normal(size=(classes, d))[labels] + draw.normal(size=(n, d)), labels


def naive(x, labels, ids, *, ways, shots, queries, episodes):
    """One episode after the other, each query by the distances to the means; draws by the formula of the docstring."""
    names, found = np.unique(labels), []
    for episode in range(episodes):
        part, at = divmod(episode, 50)
        count = min(50, episodes - 50 * part)
        order = np.argsort(uniforms(0, [str(name) for name in names], part, "few-shot classes", count)[:, at])
        chosen = np.sort(names[order[:ways]])
        lots, right, asked = uniforms(0, ids, part, "few-shot samples", count)[:, at], 0, 0
        rows = {c: sorted(np.flatnonzero(labels == c), key=lots.__getitem__)[: shots + queries] for c in chosen}
        means = np.array([x[rows[c][:shots]].mean(0) for c in chosen])
        for c in chosen:
            nearest = cdist(x[rows[c][shots:]], means).argmin(1)
            right, asked = right + (chosen[nearest] == c).sum(), asked + queries
        found.append(right / asked)
    half = 1.959964 * np.std(found) / np.sqrt(episodes)
    return np.mean(found), np.mean(found) - half, np.mean(found) + half


def ranks(x):
    """Rows without ids go by how far they lie from the mean."""
    far = np.linalg.norm(x - x.mean(0), axis=1)
    return [str((far < one).sum()) for one in far]


@pytest.mark.parametrize(
    "options",
    [{"ways": 5, "shots": 5, "queries": 15, "episodes": 60}, {"ways": 2, "shots": 1, "queries": 4, "episodes": 7}],
)
def test_it_is_the_loop_over_episodes(options):
    x, labels = blobs()
    expected = naive(x, labels, ranks(x), **options)
    assert 0.3 < expected[0] < 0.95
    assert few_shot(x, labels, **options) == pytest.approx(expected, abs=1e-12)


def test_the_draws_hang_on_ids_and_not_on_the_order_of_rows():
    x, labels = blobs()
    held = Representation(x, tuple(f"img/{row}" for row in range(len(x))), labels)
    options = {"ways": 5, "shots": 5, "queries": 15, "episodes": 60}
    expected = naive(x, labels, held.ids, **options)
    assert few_shot(held, labels, **options) == pytest.approx(expected, abs=1e-12)
    order = np.random.default_rng(1).permutation(len(x))
    assert few_shot(held.take(order), labels[order], **options) == pytest.approx(expected, abs=1e-12)
    assert few_shot(replace(held, ids=tuple(f"other/{row}" for row in range(len(x)))), labels, **options) != expected


def test_the_training_side_is_drawn_from_too():
    x, labels = blobs()
    test, train = (
        Representation(x[at], tuple(f"img/{row}" for row in range(300)[at]), labels[at])
        for at in (slice(0, 70), slice(70, 300))
    )
    whole = Representation(x, (*test.ids, *train.ids), labels)
    with pytest.raises(TooFewSamplesError, match=r"class 0 has too few(.|\n)*20 \(shots \+ queries\)(.|\n)*10; 7 of 7"):
        few_shot(test, test.labels)
    assert few_shot(test, test.labels, support=(train, train.labels), episodes=40) == few_shot(
        whole, labels, episodes=40
    )


def test_all_classes_and_samples_make_a_problem_of_scikit_learn():
    x, labels = blobs(n=80, classes=4)
    lots = uniforms(0, ranks(x), 0, "few-shot samples", 1)[:, 0]
    rows = np.concatenate([sorted(np.flatnonzero(labels == c), key=lots.__getitem__) for c in range(4)]).reshape(4, 20)
    learnt, asked = rows[:, :5].ravel(), rows[:, 5:].ravel()
    expected = NearestCentroid().fit(x[learnt], labels[learnt]).score(x[asked], labels[asked])
    found = few_shot(x, labels, episodes=1)  # five ways of four classes are four
    assert found.accuracy == pytest.approx(expected)
    assert (found.low, found.high) == (found.accuracy, found.accuracy)
    assert few_shot.sheet.chance(80, labels=labels) == 1 / 4
    assert few_shot.sheet.chance(80, labels=labels, ways=2) == 1 / 2


def test_more_shots_help_and_words_are_labels():
    x, labels = blobs()
    words = np.array(["ant", "bee", "cat", "dog", "elk", "fox", "gnu"])[labels]
    one, five = (few_shot(x, words, shots=shots) for shots in (1, 5))
    assert one.high < five.low
    assert five.low < five.accuracy < five.high
    other = few_shot(x, words, shots=5, episodes=300)  # another selection of episodes of the same samples
    assert other.low < five.accuracy < other.high


def test_refusals():
    x, labels = blobs()
    with pytest.raises(UsageError, match=r"this is no episode(.|\n)*ways >= 2(.|\n)*ways = 1"):
        few_shot(x, labels, ways=1)
    with pytest.raises(LabelsError, match="all samples are of one class"):
        few_shot(x, np.zeros(300))
    with pytest.raises(ConstantInputError, match="no mean is nearer"):
        few_shot(np.ones((300, 2)), labels)
    with pytest.raises(InputError, match="come from different layers"):
        few_shot(x, labels, support=(x[:, :2], labels))
