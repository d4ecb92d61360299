import re

import numpy as np
import pytest

from simzoo.errors import DataError, TapError, UndefinedError, UsageError
from simzoo.representations.features import open_features, write_features
from simzoo.representations.representation import Representation

IDS = ["a.png", "b.png", "c.png"]
RNG = np.random.default_rng(0)
EARLY, LATE = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 2)).astype(np.float32)


def written(tmp_path, name="x.npz", **arrays):
    np.savez(tmp_path / name, **{"ids": IDS, "early": EARLY, "late": LATE} | arrays)
    return tmp_path / name


def test_a_file_of_any_tool_is_layers_from_first_to_last(tmp_path):
    found = open_features(written(tmp_path, labels=["dog", "cat", "dog"]))
    assert found.name == "features:x.npz"
    assert found.ids == tuple(IDS)
    assert found.labels.tolist() == [1, 0, 1]
    assert [(layer.tap, layer.kind, layer.depth) for layer in found.layers] == [
        ("early", "block", 0.0),
        ("late", "block", 1.0),
    ]
    np.testing.assert_array_equal(found.layers[0].values, EARLY.astype(np.float32))


def test_ids_may_be_whole_numbers_or_bytes(tmp_path):
    assert open_features(written(tmp_path, "n.npz", ids=[7, 8, 9])).ids == ("7", "8", "9")
    assert open_features(written(tmp_path, "b.npz", ids=np.array([b"a", b"b", b"c"]))).ids == ("a", "b", "c")


def test_presets_are_all_layers_and_then_final(tmp_path):
    found = open_features(written(tmp_path))
    assert [tap.tap for tap in found.taps("residual")] == ["early", "late", "final"]
    assert [tap.tap for tap in found.taps("l*")] == ["late"]
    final = found.taps("final")[0]
    assert (final.tap, final.kind) == ("final", "final")
    np.testing.assert_array_equal(final.values, LATE)


def test_a_layer_named_final_is_the_final_one(tmp_path):
    found = open_features(written(tmp_path, final=EARLY))
    assert [tap.tap for tap in found.taps("blocks")] == ["early", "late", "final"]
    np.testing.assert_array_equal(found.taps("final")[0].values, EARLY.astype(np.float32))


def test_an_unknown_layer_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(TapError, match=re.escape("features:x.npz has no layer 'mid'\n  expected: early, late")):
        open_features(written(tmp_path)).taps("mid")


def test_what_simzoo_writes_comes_back_with_kind_depth_and_provenance(tmp_path):
    labels = np.array([2, 0, 1])
    about = {"ids": tuple(IDS), "labels": labels, "split": "test", "model": "m#1", "data": "pets", "seed": 1}
    taps = [
        Representation(LATE, tap="layer1.odd", kind="odd", depth=0.5, **about),
        Representation(LATE + 1, tap="final", kind="final", depth=1.0, **about),
    ]
    found = open_features(write_features(tmp_path / "f.npz", taps))
    for tap, back in zip(taps, found.layers, strict=True):
        np.testing.assert_array_equal(back.values, tap.values)
        np.testing.assert_array_equal(back.labels, labels)
        for word in ("ids", "tap", "kind", "depth", "model", "data", "split", "seed", "augmentation", "strength"):
            assert getattr(back, word) == getattr(tap, word), word


def test_the_same_representations_are_the_same_bytes(tmp_path):
    taps = [Representation(LATE, tuple(IDS), tap="final")]
    one, two = (write_features(tmp_path / name, taps).read_bytes() for name in ("a.npz", "b.npz"))
    assert one == two


def test_the_key_is_the_content(tmp_path):
    one = open_features(written(tmp_path, "a.npz"))
    assert one.key == open_features(written(tmp_path, "b.npz")).key
    assert one.key != open_features(written(tmp_path, "c.npz", late=LATE + 1)).key


def test_a_file_that_changes_is_read_again(tmp_path):
    before = open_features(written(tmp_path))
    after = open_features(written(tmp_path, more=EARLY))
    assert len(after.layers) == len(before.layers) + 1


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"ids": IDS[:2]}, "a layer 'early' that is no (n, d) matrix\n  expected: numpy.savez(FILE, ids=..."),
        ({"ids": ["a", "a", "b"]}, "`ids` that name two rows alike"),
        ({"ids": [0.5, 1.5, 2.5]}, "`ids` that name no rows"),
        ({"ids": np.array(IDS, object)}, "pickled objects, which are never opened"),
        ({"labels": [0, 1]}, "`labels` that do not fit"),
        ({"labels": [0.0, 1.0, 2.0]}, "`labels` that do not fit"),
        ({"maps": np.zeros((3, 2, 2))}, "a layer 'maps' that is no (n, d) matrix"),
        ({"words": np.array([["a"], ["b"], ["c"]])}, "a layer 'words' that is no (n, d) matrix"),
        ({"late": LATE + np.inf}, "a layer 'late' that is not finite"),
    ],
)
def test_a_file_that_cannot_be_features_says_why(tmp_path, arrays, said):
    with pytest.raises(DataError, match=re.escape(said)) as raised:
        open_features(written(tmp_path, **arrays))
    assert raised.value.got
    assert raised.value.next_step.startswith("write ")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "damaged or no archive"), (b"PK\x03\x04 rubbish", "damaged or no archive"), (b"rubbish", "pickled objects")],
)
def test_a_file_that_is_no_archive(tmp_path, content, said):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=re.escape(f"x.npz is no features file: {said}")):
        open_features(tmp_path / "x.npz")


def test_an_archive_without_ids_or_layers(tmp_path):
    np.savez(tmp_path / "none.npz", early=EARLY)
    with pytest.raises(DataError, match="no `ids`"):
        open_features(tmp_path / "none.npz")
    np.savez(tmp_path / "only.npz", ids=IDS)
    with pytest.raises(DataError, match="no layer"):
        open_features(tmp_path / "only.npz")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"there is no features file at .*\n.*\n.*\n  next: check the path"):
        open_features(tmp_path / "no.npz")


def test_names_that_the_file_uses_itself_are_refused(tmp_path):
    with pytest.raises(TapError, match="tap 'ids' cannot be written under its name"):
        write_features(tmp_path / "x.npz", [Representation(LATE, tuple(IDS), tap="ids")])


def test_rows_are_found_by_id(tmp_path):
    found = open_features(written(tmp_path))
    assert found.rows_of(["c.png", "a.png"], "pets", "test") == [2, 0]


def test_images_that_the_file_lacks_are_named(tmp_path):
    found = open_features(written(tmp_path))
    with pytest.raises(DataError, match=r"does not hold all images of pets \(test\)") as raised:
        found.rows_of(["a.png", "z.png"], "pets", "test")
    assert raised.value.got == "1 missing: 'z.png'; the file's own ids are like 'a.png'"
    assert raised.value.next_step.startswith("--data features:")


def test_without_training_images_what_needs_them_is_undefined(tmp_path):
    with pytest.raises(UndefinedError, match="holds no training images of pets"):
        open_features(written(tmp_path)).rows_of(["t1", "t2"], "pets", "train")


def test_a_layer_may_be_dissimilarities(tmp_path):
    distances = np.array([1.0, 2.0, 4.0])
    square = np.array([[0, 1, 2], [1, 0, 4], [2, 4, 0]])
    layers = {"condensed": distances, "square": square, "shifted": square + 1, "slanted": np.triu(square)}
    found = open_features(written(tmp_path, "rdm.npz", **layers)).layers
    assert [layer.rdm for layer in found] == [False, False, True, True, False, False]
    np.testing.assert_array_equal(found[2].values, square)
    np.testing.assert_array_equal(found[2].take([2, 0]).values, [[0, 2], [2, 0]])
    again = open_features(write_features(tmp_path / "again.npz", found)).layers
    assert [layer.rdm for layer in again] == [False, False, True, True, False, False]
