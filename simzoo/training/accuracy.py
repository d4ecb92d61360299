"""The accuracy that is stored with trained weights: k nearest neighbours on held-out images."""

from __future__ import annotations

from simzoo.catalog import Catalog
from simzoo.errors import UndefinedError
from simzoo.images.find import evaluation_split, open_data
from simzoo.images.sampling import sample
from simzoo.measures.geometry.labels import knn_accuracy
from simzoo.models.load import Model
from simzoo.representations.extraction import extract

TEST_IMAGES, SUPPORT_IMAGES = 1_000, 5_000


def held_out_accuracy(model: Model, data: str, *, device: str = "cpu", shelves: Catalog | None = None) -> float | None:
    """Return the kNN accuracy of the pooled output on at most 1,000 test images, or None where it is undefined.

    At most 5,000 training images vote (both numbers are ours); `simzoo compare` measures it anew with an interval.
    """
    sides = []
    for split, most in ((evaluation_split(data, shelves), TEST_IMAGES), ("train", SUPPORT_IMAGES)):
        images = open_data(data, split, shelves)
        chosen = sample(images, most)
        sides += extract(model, images, chosen, "final", model.pool, device=device)
    test, support = sides
    try:
        return float(knn_accuracy(test, test.labels, support=(support, support.labels)))
    except UndefinedError:
        return None
