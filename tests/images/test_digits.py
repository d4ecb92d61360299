from __future__ import annotations

import hashlib

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from simzoo.errors import DataError
from simzoo.images.digits import digits

PINNED = {
    "train": "a002bf3d097b4726790184733f6dcd1d21d7c8679e1f07c8b19876162a5c9418",
    "test": "c2f0d5a05cd8b75cdf7e05e627fa2cd97f36ed0ebe2bd6e05e52712453702f35",
}


def ids(images):
    return [images.id(i) for i in range(len(images))]


@pytest.mark.parametrize("split", ["train", "test"])
def test_split_never_drifts(split):
    assert hashlib.sha256("\n".join(ids(digits(split))).encode()).hexdigest() == PINNED[split]


def test_split_is_the_stratified_one_of_scikit_learn():
    labels = load_digits().target
    train, test = train_test_split(range(1797), test_size=500, stratify=labels, random_state=0)
    assert ids(digits("train")) == [f"digits/{i:04d}" for i in sorted(train)]
    assert ids(digits("test")) == [f"digits/{i:04d}" for i in sorted(test)]
    assert (len(train), len(test)) == (1297, 500)


def test_images_are_the_scans_upsampled():
    images, bundle = digits("test"), load_digits()
    for i in (0, 7, 499):
        number = int(images.id(i).removeprefix("digits/"))
        image = images.image(i)
        assert (image.mode, image.size) == ("RGB", (32, 32))
        pixels = np.asarray(image, float)
        assert np.array_equal(pixels[..., 0], pixels[..., 2])
        blocks = pixels[..., 0].reshape(8, 4, 8, 4).mean(axis=(1, 3)) / 255 * 16
        assert np.corrcoef(blocks.ravel(), bundle.images[number].ravel())[0, 1] > 0.97
        assert images.label(i) == bundle.target[number]


def test_levels_span_the_range():
    images = digits("train")
    assert images.levels.max() == 255
    assert sorted(set(images.levels.ravel())) == [round(16 * i / 16 * 255 / 16) for i in range(17)]


def test_fingerprints_are_stable_and_differ():
    assert digits("train").fingerprint != digits("test").fingerprint
    assert digits("test").fingerprint == digits("test").fingerprint


def test_unknown_split_says_which_exist():
    with pytest.raises(DataError) as caught:
        digits("val")
    assert str(caught.value) == (
        "digits has no split 'val'\n  expected: train or test\n  got: 'val'\n  next: simzoo show digits"
    )
