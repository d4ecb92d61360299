"""The network: timm's basic block, whose taps simzoo knows, with the shortcut without parameters (option A)."""

from __future__ import annotations

from timm.models.resnet import BasicBlock
from torch import Tensor, nn
from torch.nn.functional import pad, relu

WIDTHS = (16, 32, 64)


class Shortcut(nn.Module):
    """Every other pixel, and channels of zeros on both sides."""

    def __init__(self, more: int) -> None:
        """Take how many channels come on each side."""
        super().__init__()
        self.more = more

    def forward(self, pixels: Tensor) -> Tensor:
        """Return half the pixels and more channels."""
        return pad(pixels[:, :, ::2, ::2], (0, 0, 0, 0, self.more, self.more))


class CifarResNet(nn.Module):
    """Three stages of `blocks` basic blocks; `forward_features` and `forward_head` are what simzoo reads."""

    def __init__(self, blocks: int, num_classes: int) -> None:
        """Build it with fresh weights."""
        super().__init__()
        self.num_classes = num_classes
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        before = (WIDTHS[0], *WIDTHS)
        for stage, (inward, outward) in enumerate(zip(before, WIDTHS, strict=False), start=1):
            wider = inward != outward
            shortcut = Shortcut((outward - inward) // 2) if wider else None
            first = BasicBlock(inward, outward, stride=2 if wider else 1, downsample=shortcut)
            rest = [BasicBlock(outward, outward) for _ in range(blocks - 1)]
            setattr(self, f"layer{stage}", nn.Sequential(first, *rest))
        self.linear = nn.Linear(WIDTHS[-1], num_classes) if num_classes else nn.Identity()
        for part in self.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(part.weight)

    def forward_features(self, pixels: Tensor) -> Tensor:
        """Return the last stage's output (b, 64, h/4, w/4)."""
        features: Tensor = relu(self.bn1(self.conv1(pixels)))
        for stage in (self.layer1, self.layer2, self.layer3):
            features = stage(features)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return the logits (b, classes)."""
        logits: Tensor = self.linear(features.mean((2, 3)))
        return logits

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the logits (b, classes)."""
        return self.forward_head(self.forward_features(pixels))
