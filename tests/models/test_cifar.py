import subprocess
import sys

import pytest
import torch

from simzoo.cards import Card
from simzoo.models.backbones import initialise
from simzoo.models.load import wrap_module
from simzoo.models.taps import find_taps


def built(name, shelves, **args):
    return initialise(Card(version=1, name="mine", backbone=name, backbone_args=args), 0, shelves).eval()


def test_the_stem_keeps_the_resolution_and_the_rest_is_timm_s(shelves):
    import timm

    network, theirs = built("resnet18-cifar", shelves), timm.create_model("resnet18", num_classes=0)
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    expected = {name: tuple(value.shape) for name, value in theirs.state_dict().items()}
    assert shapes == {**expected, "conv1.weight": (64, 3, 3, 3)}
    with torch.inference_mode():
        x = torch.zeros(1, 3, 32, 32)
        assert network.maxpool(network.conv1(x)).shape == (1, 64, 32, 32)
        assert network.forward_features(x).shape == (1, 512, 4, 4)


def test_the_stem_starts_as_timm_starts_its_convolutions(shelves):
    spread = built("resnet18-cifar", shelves).conv1.weight.std().item()
    assert spread == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.1)


def test_no_branch_starts_at_zero_and_arguments_reach_timm(shelves):
    network = built("resnet18-cifar", shelves, num_classes=10)
    assert network.num_classes == 10
    assert all(block.bn2.weight.abs().min() == 1 for block in network.layer1)


def test_it_has_the_taps_and_the_feed_of_a_small_resnet(shelves):
    network = built("resnet50-cifar", shelves)
    assert len(find_taps(network, "residual")) == 33
    feed = wrap_module(network).feed
    assert (feed.size, feed.crop, feed.mean) == (32, 1.0, (0.4914, 0.4822, 0.4465))


def test_listing_backbones_loads_no_torch():
    code = (
        "import simzoo.models, sys; parts = simzoo.models.simzoo_backbones(); print(len(parts), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert done.stdout.split() == ["4", "False"]
