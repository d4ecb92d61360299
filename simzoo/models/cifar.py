"""ResNets for 32-pixel images: timm's, with a 3x3 stride-1 stem and no max-pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simzoo.facts import backbone

if TYPE_CHECKING:
    from torch import nn

STEM = "3x3, stride 1, no max-pool (CIFAR stem)"
# how these are fed where no card says: the statistics of CIFAR-10's training images
FEED = {
    "input_size": (3, 32, 32),
    "mean": (0.4914, 0.4822, 0.4465),
    "std": (0.2470, 0.2435, 0.2616),
    "crop_pct": 1.0,
    "interpolation": "bilinear",
}


@backbone(name="resnet18-cifar", reference="he2016resnet", stem=STEM)
def resnet18_cifar(**args: Any) -> nn.Module:
    """ResNet-18 for 32-pixel images."""
    return _with_cifar_stem("resnet18", args)


@backbone(name="resnet50-cifar", reference="he2016resnet", stem=STEM)
def resnet50_cifar(**args: Any) -> nn.Module:
    """ResNet50 for 32-pixel images."""
    return _with_cifar_stem("resnet50", args)


def _with_cifar_stem(name: str, args: dict[str, Any]) -> nn.Module:
    import timm
    from torch import nn

    given = {"num_classes": 0, "zero_init_last": False, "pretrained_cfg_overlay": FEED, **args}
    network: Any = timm.create_model(name, **given)
    old = network.conv1
    stem = nn.Conv2d(old.in_channels, old.out_channels, 3, stride=1, padding=1, bias=False)
    nn.init.kaiming_normal_(stem.weight, mode="fan_out", nonlinearity="relu")  # as timm starts all its convolutions
    network.conv1, network.maxpool = stem, nn.Identity()
    made: nn.Module = network
    return made
