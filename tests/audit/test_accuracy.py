import numpy as np
import pytest
from scipy.stats import binomtest

from simzoo.audit.accuracy import scores
from simzoo.catalog import catalog
from simzoo.representations.representation import Representation


def seen(values, kind="final", labels=None):
    values = np.asarray(values, np.float32)
    words = {"model": "m", "tap": kind, "kind": kind, "data": "d", "split": "test"}
    return Representation(values=values, ids=tuple(map(str, range(len(values)))), labels=labels, **words)


@pytest.fixture
def head():
    """Logits of 20 classes that are often right, and their labels."""
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(300, 20)), rng.integers(0, 20, 300)
    logits[np.arange(300), labels] += 1.5
    return logits, labels


def test_top_1_and_top_5_are_those_of_a_sort(head):
    logits, labels = head
    found = scores(seen(logits), seen(logits, "logits", labels), None, 20, catalog())
    order = np.argsort(-logits, axis=1)
    assert found["top1"] == np.mean(order[:, 0] == labels)
    assert found["top5"] == np.mean((order[:, :5] == labels[:, None]).any(1))
    assert found["chance"] == 1 / 20
    flat = scores(seen(logits), seen(np.zeros((300, 20)), "logits", labels), None, 20, catalog())
    assert flat["top1"] == 0


def test_intervals_are_wilsons(head):
    logits, labels = head
    found = scores(seen(logits), seen(logits, "logits", labels), None, 20, catalog())
    for name in ("top1", "top5"):
        theirs = binomtest(round(found[name] * 300), 300).proportion_ci(method="wilson")
        assert found["intervals"][name] == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_neighbours_and_probe_learn_from_the_training_images():
    labels = np.repeat(np.arange(3), 30)
    features = 10 * np.eye(3)[labels] + np.random.default_rng(0).normal(size=(90, 3))
    test = seen(features, labels=labels)
    right = scores(test, None, seen(features, labels=labels), 3, catalog())
    assert (right["knn_accuracy"], right["linear_accuracy"]) == (1, 1)
    theirs = binomtest(90, 90).proportion_ci(method="wilson")
    assert right["intervals"]["linear_accuracy"] == pytest.approx((theirs.low, theirs.high), abs=1e-6)
    wrong = scores(test, None, seen(features, labels=(labels + 1) % 3), 3, catalog())
    assert (wrong["knn_accuracy"], wrong["linear_accuracy"]) == (0, 0)


def test_what_cannot_be_measured_says_why():
    labels = np.arange(30)
    found = scores(seen(np.random.default_rng(0).normal(size=(30, 4)), labels=labels), None, None, 30, catalog())
    assert found["top1"] is found["knn_accuracy"] is found["linear_accuracy"] is None
    assert found["undefined"]["top1"] == "the model has no head"
    assert "one sample" in found["undefined"]["knn_accuracy"]
    assert "no training images" in found["undefined"]["linear_accuracy"]
    other = scores(seen(np.ones((30, 4))), seen(np.ones((30, 7)), "logits", labels), None, 30, catalog())
    assert other["undefined"]["top1"] == "its head has 7 classes and the data 30"


def test_of_five_classes_there_is_no_top_5_and_it_says_why():
    labels = np.arange(30) % 5
    found = scores(seen(np.eye(5)[labels]), seen(np.eye(5)[labels], "logits", labels), None, 5, catalog())
    assert (found["top1"], found["top5"]) == (1, None)
    assert found["undefined"]["top5"] == "the data has 5 classes"


def test_without_labels_there_is_no_accuracy_and_no_chance():
    found = scores(seen(np.ones((30, 4))), seen(np.ones((30, 7)), "logits"), None, 0, catalog())
    names = ("top1", "top5", "knn_accuracy", "linear_accuracy")
    assert found["undefined"] == dict.fromkeys(names, "the images have no labels")
    assert found["chance"] is None
    assert found["intervals"] == {}
