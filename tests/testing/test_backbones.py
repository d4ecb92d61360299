"""Backbones are broken in every way the suite is for; each time it fails, and says what is wrong."""

import pytest
import torch
from timm.models.resnet import BasicBlock, ResNet
from torch import nn
from torch.nn import functional

from simzoo.facts import backbone

CHANNELS = (8, 8, 16, 16)


def small(**changes):
    return ResNet(BasicBlock, (1, 1, 1, 1), channels=CHANNELS, num_classes=0, **{"zero_init_last": False, **changes})


class Scaled(BasicBlock):
    """Its shortcut is not what came in."""

    def forward(self, x):
        return super().forward(x) if self.downsample else super().forward(2 * x)


class Wrapped(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.convolution, self.change = nn.Conv2d(3, 4, 3, stride=4), change

    def forward(self, x):
        return self.change(self.convolution(x))


def part(build):
    return backbone(name="mutant")(build)


def wrapped(change):
    return part(lambda: Wrapped(change))


def _unseeded():
    generator = torch.Generator()
    generator.seed()
    made = nn.Conv2d(3, 4, 3)
    nn.init.normal_(made.weight, generator=generator)
    return made


FINAL, EVAL = "the final tap is a matrix", "it is deterministic in eval"
SUM, SEED = "even less the shortcut is odd", "it builds from a seed"


@pytest.mark.parametrize(
    ("mutant", "check", "text"),
    [
        (part(lambda: small(zero_init_last=True)), SUM, "starts at zero"),
        (part(lambda: ResNet(Scaled, (2, 1, 1, 1), zero_init_last=False)), SUM, "even less the shortcut"),
        (part(lambda: None), SEED, "builds no module"),
        (part(_unseeded), SEED, "others at weight"),
        (wrapped(lambda x: torch.full_like(x, 2)), FINAL, "one output for all images"),
        (wrapped(lambda x: x * torch.nan), FINAL, "finite numbers"),
        (wrapped(lambda x: [x]), FINAL, "no tensor"),
        (wrapped(functional.dropout), EVAL, "not deterministic"),
        (wrapped(lambda x: x - x.mean(0)), EVAL, "depends on its batch"),
    ],
)
def test_what_is_broken_is_found_and_named(failures, mutant, check, text):
    found = failures(mutant)
    assert text in found[check], found


def test_a_sound_backbone_passes(failures):
    assert failures(part(small)) == {}
