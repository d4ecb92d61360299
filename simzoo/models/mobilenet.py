"""MobileNetV1 at a quarter and half of its width, which timm's builder makes and its names do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simzoo.facts import backbone

if TYPE_CHECKING:
    from torch import nn

STEM = "3x3, stride 2 (MobileNet stem)"


@backbone(name="mobilenetv1_025", reference="howard2017mobilenets", stem=STEM)
def mobilenetv1_025(**args: Any) -> nn.Module:
    """MobileNetV1, 0.25 times as wide."""
    return _at_width(0.25, args)


@backbone(name="mobilenetv1_050", reference="howard2017mobilenets", stem=STEM)
def mobilenetv1_050(**args: Any) -> nn.Module:
    """MobileNetV1, half as wide."""
    return _at_width(0.5, args)


def _at_width(width: float, args: dict[str, Any]) -> nn.Module:
    from timm.models.efficientnet import _gen_mobilenet_v1

    network: nn.Module = _gen_mobilenet_v1("mobilenetv1_100", width, **{"num_classes": 0, **args})
    return network
