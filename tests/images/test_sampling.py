from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from simzoo.images.digits import digits
from simzoo.images.sampling import sample


def rows_of(**counts):
    return [(f"{name}/{i}", label, None) for label, (name, count) in enumerate(counts.items()) for i in range(count)]


def sampled_ids(images, n):
    return {images.id(i) for i in sample(images, n)}


def test_all_when_n_is_none_or_large(memory):
    images = memory(rows_of(a=3, b=2))
    assert sample(images) == sample(images, 5) == sample(images, 99) == [0, 1, 2, 3, 4]
    assert sample(images, 0) == []


def test_order_of_rows_does_not_matter(memory):
    rows = rows_of(a=40, b=30, c=7)
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    for n in (1, 10, 23, 76):
        assert sampled_ids(memory(rows), n) == sampled_ids(memory(shuffled), n)


@pytest.mark.parametrize("n", [1, 7, 10, 50, 99])
def test_classes_in_proportion(memory, n):
    counts = {"a": 50, "b": 30, "c": 20}
    taken = Counter(image_id.split("/")[0] for image_id in sampled_ids(memory(rows_of(**counts)), n))
    assert sum(taken.values()) == n
    assert all(abs(taken[name] - n * count / 100) < 1 for name, count in counts.items())


def test_balanced_classes_stay_balanced(memory):
    taken = Counter(image_id.split("/")[0] for image_id in sampled_ids(memory(rows_of(a=33, b=33, c=33)), 30))
    assert set(taken.values()) == {10}


def test_rare_classes_get_their_share(memory):
    images = memory(rows_of(a=90, b=5, c=5))
    taken = Counter(image_id.split("/")[0] for image_id in sampled_ids(images, 11))
    assert taken == {"a": 9, "b": 1, "c": 1}


def test_smaller_samples_are_part_of_larger_ones():
    images = digits("test")
    chosen = [set(sample(images, n)) for n in (10, 100, 101, 499)]
    assert all(small < large for small, large in pairwise(chosen))


def test_ascending_and_not_simply_the_first():
    chosen = sample(digits("test"), 100)
    assert chosen == sorted(set(chosen))
    assert chosen[-1] > 400
