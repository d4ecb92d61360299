"""The ResNets that He et al. made for CIFAR-10 (20 to 110 layers, 16 to 64 channels), and two checkpoints of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import simzoo

if TYPE_CHECKING:
    from torch import nn

STEM = "3x3, stride 1, no max-pool (CIFAR stem)"


@simzoo.backbone(name="resnet20_cifar", stem=STEM, reference="he2016resnet")
def resnet20_cifar(num_classes: int = 10) -> nn.Module:
    """ResNet of 20 layers for CIFAR: three stages of three blocks."""
    return _build(3, num_classes)


@simzoo.backbone(name="resnet32_cifar", stem=STEM, reference="he2016resnet")
def resnet32_cifar(num_classes: int = 10) -> nn.Module:
    """ResNet of 32 layers for CIFAR: three stages of five blocks."""
    return _build(5, num_classes)


@simzoo.backbone(name="resnet44_cifar", stem=STEM, reference="he2016resnet")
def resnet44_cifar(num_classes: int = 10) -> nn.Module:
    """ResNet of 44 layers for CIFAR: three stages of seven blocks."""
    return _build(7, num_classes)


@simzoo.backbone(name="resnet56_cifar", stem=STEM, reference="he2016resnet")
def resnet56_cifar(num_classes: int = 10) -> nn.Module:
    """ResNet of 56 layers for CIFAR: three stages of nine blocks."""
    return _build(9, num_classes)


@simzoo.backbone(name="resnet110_cifar", stem=STEM, reference="he2016resnet")
def resnet110_cifar(num_classes: int = 10) -> nn.Module:
    """ResNet of 110 layers for CIFAR: three stages of eighteen blocks."""
    return _build(18, num_classes)


def _build(blocks: int, num_classes: int) -> nn.Module:
    from simzoo_cifar_resnets.network import CifarResNet  # here, so that listing backbones loads no torch

    return CifarResNet(blocks, num_classes)


@simzoo.hookimpl
def simzoo_backbones() -> list[Any]:
    """Hand the backbones to simzoo."""
    return [resnet20_cifar, resnet32_cifar, resnet44_cifar, resnet56_cifar, resnet110_cifar]


@simzoo.hookimpl
def simzoo_cards() -> list[Path]:
    """Hand over the folder whose `models/` holds the cards."""
    return [Path(__file__).parent / "registry"]
