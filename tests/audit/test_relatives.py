import numpy as np
import pytest

from simzoo.audit.relatives import relatives
from simzoo.cards import Input
from simzoo.catalog import catalog
from simzoo.models.load import Model
from simzoo.representations.representation import Representation
from simzoo.storage import representations_shelf

FEED = Input(size=32)
MINE = Model("mine", None, FEED, key="mine")
IDS = tuple(f"i{number}" for number in range(60))
X = np.random.default_rng(0).normal(size=(60, 5)).astype("<f4")


def noisy(noise, seed=1):
    return (X + noise * np.random.default_rng(seed).normal(size=X.shape)).astype("<f4")


def keep(model, values=X, ids=IDS, feed=FEED, kind="final", **changes):
    """Put features of a model into the store, as an extraction does."""
    facts = {
        "data": "d",
        "split": "test",
        "augmentation": "none",
        "draw": 0,
        "seed": None,
        "model": model,
        "model_key": model,
        "feed": {**feed.model_dump(mode="json"), "by": "card"},
        "ids": list(ids),
        "labels": [0] * len(ids),
        "taps": [{"name": "t", "kind": kind, "depth": 1.0, "offset": 0, "shape": list(values.shape)}],
        **changes,
    }
    key = f"{len(list(representations_shelf().keys())):064x}"
    representations_shelf().put(key, facts, lambda path: path.write_bytes(values.tobytes()))
    return key


def found():
    features = Representation(X, IDS, model="mine", tap="t", kind="final", data="d", split="test")
    return relatives(features, MINE, catalog())


def unbiased_cka(x, y):
    """Song et al. 2012, equation 5, as it stands there."""

    def hsic(a, b):
        a, b, n = a - np.diag(np.diag(a)), b - np.diag(np.diag(b)), len(a)
        one = np.ones(n)
        whole = np.trace(a @ b) + (one @ a @ one) * (one @ b @ one) / ((n - 1) * (n - 2))
        return (whole - 2 / (n - 2) * (one @ a @ b @ one)) / (n * (n - 3))

    a, b = (side.astype(float) @ side.T.astype(float) for side in (x, y))
    return hsic(a, b) / np.sqrt(hsic(a, a) * hsic(b, b))


def test_an_empty_store_has_no_relatives():
    assert found() == []


def test_the_most_alike_by_unbiased_cka_come_first():
    keep("far", noisy(2))
    keep("near", noisy(0.5))
    assert [one["model"] for one in found()] == ["near", "far"]
    assert [one["cka"] for one in found()] == pytest.approx([unbiased_cka(X, noisy(n)) for n in (0.5, 2)], rel=1e-5)
    assert [one["n"] for one in found()] == [60, 60]


def test_images_are_matched_by_their_ids():
    order = np.random.default_rng(2).permutation(60)[:55]
    keep("shuffled", X[order], [IDS[i] for i in order])
    (one,) = found()
    assert one["n"] == 55
    assert one["cka"] == pytest.approx(1)


def test_of_a_model_that_was_given_images_twice_most_images_count():
    keep("net", X[:52], IDS[:52])
    keep("net", noisy(1))
    keep("net", X[:55], IDS[:55])
    assert [(one["model"], one["n"]) for one in found()] == [("net", 60)]


def test_no_more_than_five_are_shown():
    for number in range(7):
        keep(f"net{number}", noisy(0.1 * number))
    assert [one["model"] for one in found()] == [f"net{number}" for number in range(5)]


@pytest.mark.parametrize(
    "changes",
    [
        {"data": "e"},
        {"split": "train"},
        {"augmentation": "crop"},
        {"kind": "block"},
        {"values": X[:49], "ids": IDS[:49]},
        {"values": np.ones_like(X)},
        {"model_key": "mine"},
    ],
    ids=["data", "split", "augmented", "no final", "too few", "constant", "itself"],
)
def test_what_does_not_compare_is_left_out(changes):
    keep("other", **changes)
    assert found() == []


def test_the_same_weights_fed_otherwise_are_a_relative():
    keep("twin", model_key="mine", feed=Input(size=32, crop=0.9))
    assert [one["model"] for one in found()] == ["twin"]


def test_what_is_damaged_is_passed_over():
    keep("sound", noisy(1))
    key = keep("broken", X)
    shelf = representations_shelf()
    for path in shelf.folder.glob(f"{key}*.json"):
        path.write_text("{", encoding="utf-8")
    assert [one["model"] for one in found()] == ["sound"]
