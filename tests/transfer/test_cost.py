import pytest
from torch import nn

import simzoo
from simzoo.transfer.cost import images_per_second, operations


def test_operations_are_two_for_each_multiply_add():
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
    model = simzoo.wrap(network, name="small", input_size=16, taps=["0"])
    assert operations(model) == 2 * (16 * 16 * 8 * 3 * 3 * 3 + 8 * 5)
    assert images_per_second(model) > 0


def test_a_known_network_has_the_operations_it_is_known_for():
    """ResNet18 at 224 px: 1.82 billion multiply-adds, as timm and torchvision list it (1.81)."""
    assert operations(simzoo.load("init:resnet18")) / 2e9 == pytest.approx(1.81, abs=0.02)
