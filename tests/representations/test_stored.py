import re

import numpy as np
import pytest

from simzoo.catalog import catalog
from simzoo.errors import DataError
from simzoo.images.find import open_data, splits
from simzoo.images.imageset import UNLABELLED
from simzoo.representations.features import open_features
from simzoo.representations.store import open_representations
from simzoo.representations.stored import keep, with_features

EARLY, LATE = np.arange(12.0).reshape(4, 3), np.arange(8.0).reshape(4, 2)


def written(tmp_path, **more):
    np.savez(tmp_path / "x.npz", ids=list("abcd"), early=EARLY, late=LATE, **more)
    return f"features:{tmp_path / 'x.npz'}"


def test_a_file_names_its_own_images(tmp_path):
    name, shelves = with_features(written(tmp_path, labels=[2, 0, 1, 0]), catalog())
    images = open_data(name, "all", shelves)
    assert splits(name, shelves) == ("all",)
    assert [images.id(i) for i in range(len(images))] == list("abcd")
    assert [images.label(i) for i in range(4)] == [2, 0, 1, 0]
    assert images.classes == ("0", "1", "2")
    with pytest.raises(DataError, match=re.escape("holds features of images, not the images")):
        images.image(0)
    with pytest.raises(DataError, match="has no split 'test'"):
        open_data(name, "test", shelves)


def test_other_names_pass_through():
    shelves = catalog()
    assert with_features("digits", shelves) == ("digits", shelves)


def test_what_is_kept_is_the_rows_asked_for(tmp_path):
    given = written(tmp_path, labels=[2, 0, 1, 0])
    name, shelves = with_features(given, catalog())
    keep(open_features(tmp_path / "x.npz"), open_data(name, "all", shelves), [3, 1], name="m", taps="blocks", key="k")
    early, late, final = open_representations("k")
    np.testing.assert_array_equal(early.values, EARLY[[3, 1]])
    np.testing.assert_array_equal(late.values, LATE[[3, 1]])
    np.testing.assert_array_equal(final.values, LATE[[3, 1]])
    assert (early.ids, early.labels.tolist(), early.model, early.kind) == (("d", "b"), [0, 0], "m", "block")


def test_dissimilarities_are_kept_by_rows_and_columns(tmp_path):
    rdm = np.abs(np.subtract.outer([0, 1, 3, 7], [0, 1, 3, 7]))
    given = written(tmp_path, brain=rdm)
    name, shelves = with_features(given, catalog())
    keep(open_features(tmp_path / "x.npz"), open_data(name, "all", shelves), [3, 1], name="m", taps="blocks", key="k")
    *_, early, late, brain, final = open_representations("k")
    assert [layer.rdm for layer in (early, late, brain, final)] == [False, False, True, True]
    np.testing.assert_array_equal(brain.values, [[0, 6], [6, 0]])


def test_without_labels_there_are_none(tmp_path):
    name, shelves = with_features(written(tmp_path), catalog())
    images = open_data(name, "all", shelves)
    assert images.label(0) == UNLABELLED
    keep(open_features(tmp_path / "x.npz"), images, [0, 1], name="m", taps="final", key="k")
    (final,) = open_representations("k")
    assert final.labels is None
