import json

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from simzoo.errors import UndefinedError, UsageError
from simzoo.representations.export import FORMATS, RDMS, write_npy, write_rdm
from simzoo.representations.representation import Representation

X = np.random.default_rng(1).normal(size=(5, 7)).astype(np.float32)
IDS = tuple("abcde")


def taps(**facts):
    about = {"ids": IDS, "labels": np.array([0, 1, 0, 1, 0]), "model": "m", "data": "pets", "split": "test"} | facts
    return [
        Representation(X, tap="layer1.0", kind="block", depth=0.0, **about),
        Representation(X[:, :3], tap="head/x", kind="other", **about),
    ]


def test_npz_is_read_by_numpy_alone(tmp_path):
    (path,) = FORMATS["npz"](tmp_path, taps(), "")
    with np.load(path) as file:
        np.testing.assert_array_equal(file["layer1.0"], X)
        assert file["ids"].tolist() == list(IDS)
        assert file["labels"].tolist() == [0, 1, 0, 1, 0]


def test_npy_is_an_array_a_tap_and_a_page_about_them(tmp_path):
    *arrays, about = write_npy(tmp_path, taps(labels=None))
    assert [path.name for path in arrays] == ["layer1.0.npy", "head_x.npy"]
    np.testing.assert_array_equal(np.load(arrays[1]), X[:, :3])
    told = json.loads(about.read_text())
    assert told["ids"] == list(IDS)
    assert told["labels"] is None
    assert told["taps"][1] == {"tap": "head/x", "kind": "other", "depth": 0.0, "file": "head_x.npy"}
    assert (told["model"], told["data"], told["split"]) == ("m", "pets", "test")


def naive(metric):
    """Every pair by its definition."""
    x = X.astype(float)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    square = ((x[:, None] - x[None]) ** 2).sum(-1)
    return {
        "correlation": 1 - np.corrcoef(x),
        "cosine": 1 - unit @ unit.T,
        "euclidean": np.sqrt(square),
        "sqeuclidean": square,
    }[metric]


@pytest.mark.parametrize("metric", RDMS)
def test_rdm_is_condensed_and_by_the_definition(tmp_path, metric):
    (path,) = write_rdm(tmp_path, taps(), metric)
    with np.load(path) as file:
        assert file["layer1.0"].shape == (10,)
        np.testing.assert_allclose(squareform(file["layer1.0"]), naive(metric) * (1 - np.eye(5)), atol=1e-12)


def test_an_unknown_dissimilarity_is_refused(tmp_path):
    with pytest.raises(UsageError, match="unknown dissimilarity 'manhattan'\n  expected: correlation, cosine, eucl"):
        write_rdm(tmp_path, taps(), "manhattan")


@pytest.mark.parametrize(
    ("metric", "wants"),
    [("correlation", "features that vary within each image"), ("cosine", "no image whose features are all zero")],
)
def test_a_row_without_direction_has_no_dissimilarity(tmp_path, metric, wants):
    values = np.vstack([X[:4], np.zeros((1, 7), np.float32)])
    with pytest.raises(UndefinedError, match=f"the {metric} dissimilarities of m at final are not defined") as raised:
        write_rdm(tmp_path, [Representation(values, IDS, tap="final", model="m")], metric)
    assert raised.value.expected.startswith(wants)
    assert raised.value.got == "4 of 10 pairs undefined"
    assert not list(tmp_path.iterdir())
