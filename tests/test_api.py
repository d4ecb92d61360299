import json

import numpy as np
import pandas as pd
import pytest
import torch

import simzoo
from simzoo import api
from simzoo.errors import MismatchError, TrainingError, UnknownNameError, UsageError
from simzoo.names import resolve


def naive_cka(x, y):
    """Linear CKA in its most naive form, in float64."""
    n = len(x)
    centre = np.eye(n) - np.ones((n, n)) / n
    k, m = (centre @ (side.astype(np.float64) @ side.astype(np.float64).T) @ centre for side in (x, y))
    return np.sum(k * m) / np.sqrt(np.sum(k * k) * np.sum(m * m))


@pytest.fixture
def sides():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(200, 30)).astype(np.float32) + 5
    return x, (x @ draw.normal(size=(30, 50)) + 3 * draw.normal(size=(200, 50))).astype(np.float32)


def test_measure_equals_the_naive_float64_formula(sides):
    x, y = sides
    assert simzoo.measure("cka", x, y) == pytest.approx(naive_cka(x, y), rel=1e-6)
    assert simzoo.measure("cka", torch.from_numpy(x), torch.from_numpy(y)) == pytest.approx(naive_cka(x, y), rel=1e-6)


@pytest.mark.parametrize("name", ["cka", "cka_unbiased", "mutual_knn", "procrustes"])
def test_pairwise_equals_the_values_one_by_one(sides, name):
    xs = [*sides, sides[0] ** 2]
    expected = [[simzoo.measure(name, x, y) for y in xs] for x in xs]
    assert simzoo.pairwise(name, xs) == pytest.approx(np.array(expected), rel=1e-6, abs=1e-6)
    assert simzoo.pairwise(name, xs, xs[:1]) == pytest.approx(np.array(expected)[:, :1], rel=1e-6, abs=1e-6)


def test_options_reach_the_measure(sides):
    x, y = sides
    assert simzoo.measure("mutual_knn", x, y, k=5) != simzoo.measure("mutual_knn", x, y, k=20)


def test_several_fields_come_as_a_dict_and_one_as_a_float(sides):
    labels = np.arange(200) % 4
    assert set(simzoo.measure("class_cka", sides[0], labels=labels)) == {"biased", "unbiased"}
    assert isinstance(simzoo.measure("effective_rank", sides[0]), float)


def test_measures_is_a_table_of_fact_sheets():
    table = simzoo.measures()
    assert isinstance(table, pd.DataFrame)
    assert table.columns[0] == "name"
    assert {"cka", "cka_unbiased", "mutual_knn", "procrustes"} <= set(simzoo.measures("similarity")["name"])
    assert {"effective_rank", "twonn", "knn_accuracy", "class_cka"} <= set(simzoo.measures("geometry")["name"])


def test_unknown_names_get_did_you_mean():
    with pytest.raises(UnknownNameError, match="did you mean cka"):
        simzoo.measure("ckka", np.eye(4), np.eye(4))
    with pytest.raises(UnknownNameError, match="did you mean resnet18-simclr"):
        simzoo.load("resnet18-simcrl")


def test_pairwise_takes_similarities_only():
    with pytest.raises(UsageError, match="'twonn' is not a similarity"):
        simzoo.pairwise("twonn", [np.eye(4)])


def test_represent_gives_ids_labels_and_kinds():
    found = simzoo.represent("resnet18-init", taps="residual", n=30)
    assert [x.kind for x in found] == ["odd", "even"] * 8 + ["final"]
    assert {len(x) for x in found} == {30}
    assert len(set(found[0].ids)) == 30
    assert np.asarray(found[-1]).shape == (30, 512)
    assert torch.as_tensor(found[-1]).shape == (30, 512)


def test_representations_in_another_order_are_refused():
    (x,) = simzoo.represent("resnet18-init", taps="final", n=30)
    with pytest.raises(MismatchError, match="the same images in another order"):
        simzoo.measure("cka", x, x.take(range(29, -1, -1)))


def test_a_module_is_taken_where_a_model_is_named():
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU())
    (found,) = simzoo.represent(network, taps="final", n=10)
    assert found.shape == (10, 8)
    assert network[0].weight.requires_grad


def test_one_name_must_be_one_model():
    with pytest.raises(UsageError, match="'resnet18-init#0-2' names 3 models"):
        simzoo.load("resnet18-init#0-2")


def test_training_is_refused_where_it_is_forbidden():
    with pytest.raises(TrainingError, match="not trained yet: resnet18-sl\n") as caught:
        simzoo.train("resnet18-sl", may_train=False)
    assert "next: simzoo train resnet18-sl" in str(caught.value)


def test_long_trainings_need_consent():
    with pytest.raises(UsageError, match="training would take about") as caught:
        api.ready_to_train(
            resolve("resnet18-simclr", changes={"epochs": 100_000}), device="cpu", yes=False, progress=api.Silent()
        )
    assert "add --yes, or shorten it" in str(caught.value)


def test_weights_are_copied_out_with_their_facts(tmp_path):
    (made,) = simzoo.train("resnet18-sl", epochs=1, train_images=64)
    weights, facts = api.copy_weights(made, tmp_path)
    assert weights.name == "resnet18-sl_quick+epochs=1+train-images=64.safetensors"
    assert weights.read_bytes() == made.path.read_bytes()
    assert json.loads(facts.read_text())["settings"]["epochs"] == 1
    assert simzoo.load("resnet18-sl:quick+epochs=1+train-images=64").parameters > 1e7


def test_a_device_that_is_not_there_is_refused_before_any_work():
    with pytest.raises(UsageError, match="device 'cuda:77' cannot be used") as caught:
        simzoo.train("resnet18-sl", device="cuda:77")
    assert "next: --device cpu" in str(caught.value)


def test_a_draw_is_asked_for_by_name_and_number():
    one, two = (
        simzoo.represent("resnet18-init", taps="final", n=12, augmentation="rotate:0.5", draw=i)[0] for i in (0, 1)
    )
    assert (one.augmentation, one.strength, one.draw, two.draw) == ("rotate", 0.5, 0, 1)
    assert one.ids == two.ids
    clean = simzoo.represent("resnet18-init", taps="final", n=12)[0]
    assert simzoo.measure("invariance", clean, views=[one, two])["draws"] < 1
    assert simzoo.measure("alignment", clean, views=[one, one]) == 0
