import numpy as np
import pytest
import torch
from torch import nn

from simzoo.audit.values import AUGMENTATIONS, MEASURES, describe, invariances, spectrum
from simzoo.cards import Input
from simzoo.catalog import catalog
from simzoo.images.augment import CLEAN, drawn
from simzoo.images.find import open_data
from simzoo.models.load import Model
from simzoo.representations.extraction import extract
from simzoo.representations.representation import Representation

LABELS = np.arange(80) % 4
X = np.random.default_rng(0).normal(size=(80, 6)) + 2 * np.eye(6)[LABELS]


def seen(values, labels=None):
    return Representation(np.asarray(values, np.float32), tuple(map(str, range(len(values)))), labels)


def by_name(rows):
    return {(row["measure"], row["field"]): row for row in rows}


def test_shares_of_variance_are_those_of_the_covariance():
    x = X * [1, 2, 3, 4, 5, 6]
    values = np.linalg.eigvalsh(np.cov(x.T))[::-1]
    assert spectrum(seen(x)) == pytest.approx(values / values.sum(), rel=1e-5)
    assert spectrum(seen(x), most=2) == pytest.approx(values[:2] / values.sum(), rel=1e-5)
    assert spectrum(seen(np.ones((5, 3)))) == []


def test_every_measure_has_a_row_with_its_value():
    rows = by_name(describe(seen(X, LABELS), None, 0, catalog()))
    assert {measure for measure, _ in rows} == set(MEASURES)
    values = np.linalg.eigvalsh(np.cov(X.T))
    found = rows["participation_ratio", "value"]
    assert found["value"] == pytest.approx(values.sum() ** 2 / (values**2).sum(), rel=1e-5)
    assert found["reason"] == ""
    sheet = catalog().measures["participation_ratio"].sheet
    assert (found["larger"], found["summary"]) == (sheet.larger, sheet.summary)


def test_without_labels_what_needs_them_says_so_and_the_rest_is_measured():
    rows = describe(seen(X), None, 0, catalog())
    lacking = {row["measure"]: row["reason"] for row in rows if row["value"] is None}
    assert lacking == dict.fromkeys(("neural_collapse", "cdnv", "class_separation"), "the images have no labels")


def test_what_is_undefined_says_why():
    rows = by_name(describe(seen(np.ones((80, 6)), LABELS), None, 0, catalog()))
    assert rows["participation_ratio", "value"]["value"] is None
    assert rows["participation_ratio", "value"]["reason"]


def test_a_head_of_these_classes_takes_part_in_neural_collapse():
    head = torch.eye(6)[:4], torch.zeros(4)
    fields = {
        field
        for measure, field in by_name(describe(seen(X, LABELS), head, 0, catalog()))
        if measure == "neural_collapse"
    }
    few = {
        field
        for measure, field in by_name(describe(seen(X, LABELS), None, 0, catalog()))
        if measure == "neural_collapse"
    }
    assert few < fields
    other = torch.eye(6)[:3], torch.zeros(3)  # a head that has not all these classes is left out
    rows = by_name(describe(seen(X, LABELS), other, 0, catalog()))
    assert {field for measure, field in rows if measure == "neural_collapse"} == few


def linear_cka(x, y):
    """Kornblith et al. 2019, equation 3, with linear kernels."""
    x, y = (side.astype(np.float64) - side.mean(0, dtype=np.float64) for side in (x, y))
    return np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def test_the_mean_colour_is_not_moved_by_a_flip_but_by_other_colours():
    images = open_data("digits", "test", catalog())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 5, 1), nn.Tanh()).eval()
    model = Model("mean", network, Input(size=8), key="k")
    found = invariances(model, images, list(range(40)), seed=0, shelves=catalog(), device="cpu")
    assert set(found) == set(AUGMENTATIONS)
    assert found["flip"] == pytest.approx(1, abs=1e-4)
    clean, *views = (
        extract(model, images, range(40), "final", draw=draw)[0].values
        for draw in (CLEAN, drawn("colorjitter", 0, 0), drawn("colorjitter", 1, 0))
    )
    assert found["colorjitter"] == pytest.approx(np.mean([linear_cka(clean, view) for view in views]), abs=1e-5)
    assert found["colorjitter"] < 0.999
    nn.init.zeros_(network[0].weight)  # a network that sees nothing
    found = invariances(model, images, list(range(40)), seed=0, shelves=catalog(), device="cpu")
    assert found == dict.fromkeys(AUGMENTATIONS)
