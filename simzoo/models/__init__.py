"""Models: backbones, weights, and the taps at which a frozen network is read."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_backbones() -> list[Any]:
    """Bring simzoo's own backbones; torch and timm are imported when one is built."""
    from simzoo.models.cifar import resnet18_cifar, resnet50_cifar
    from simzoo.models.mobilenet import mobilenetv1_025, mobilenetv1_050

    return [resnet18_cifar, resnet50_cifar, mobilenetv1_025, mobilenetv1_050]
