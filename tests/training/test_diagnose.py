import pytest
import torch

from simzoo.names import resolve
from simzoo.training.diagnose import broken_weight, not_finite
from simzoo.training.prepare import prepare


@pytest.fixture
def run():
    return prepare(resolve("resnet18-sl", changes={"epochs": 1, "train-images": 16})[0])


def told(run, views):
    return str(not_finite(run, views, "nan in epoch 1, step 3"))


def test_images_come_first(run):
    assert "got: nan in epoch 1, step 3; so are the images" in told(run, [torch.full((2, 3, 32, 32), torch.inf)])


def test_then_weights_by_name(run):
    weight = run.model.module.layer2[0].conv1.weight
    kept = weight.data[0].clone()
    weight.data[0] = torch.nan
    try:
        assert broken_weight(run) == "layer2.0.conv1.weight"
        assert "the weights are not either, first layer2.0.conv1.weight: the step before was" in told(
            run, [torch.zeros(2, 3, 32, 32)]
        )
    finally:
        weight.data[0] = kept


def test_then_the_first_layer_whose_output_overflows(run):
    weight = run.model.module.layer1[0].conv2.weight
    kept = weight.data.clone()
    weight.data.fill_(3e38)
    try:
        assert "the weights are finite, the output of layer1.0.conv2 is not" in told(run, [torch.rand(2, 3, 32, 32)])
    finally:
        weight.data.copy_(kept)


def test_then_it_is_the_objective(run):
    assert broken_weight(run) == ""
    assert "weights and features are finite: the objective's own part" in told(run, [torch.rand(2, 3, 32, 32)])


def test_a_mask_of_minus_infinity_is_no_broken_weight(run):
    run.model.module.register_buffer("mask", torch.full((2, 2), -torch.inf))
    assert broken_weight(run) == ""
    run.model.module.register_buffer("running_var", torch.tensor([torch.inf]))
    assert broken_weight(run) == "running_var"
