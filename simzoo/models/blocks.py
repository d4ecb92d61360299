"""The residual blocks simzoo knows, as data: where a block's branches end and where its sums can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import nn

Side = Literal["input", "output"]


@dataclass(frozen=True)
class Branch:
    """One residual branch of a block.

    `ends` are submodules of which the first that is there gives the branch just before the addition; `sum` is where
    shortcut + branch passes before any activation: a submodule's input or output, "" being the block itself.
    """

    name: str
    ends: tuple[str, ...]
    sum: tuple[str, Side]


@dataclass(frozen=True)
class Block:
    """One kind of block; with `condition`, only those whose attribute of that name is true (not None) add anything."""

    branches: tuple[Branch, ...]
    condition: str = ""

    def adds(self, module: nn.Module) -> bool:
        """Whether this block has a shortcut at all."""
        return not self.condition or bool(getattr(module, self.condition, None))


_BASIC = Block((Branch("", ("drop_path", "se", "bn2"), ("act2", "input")),))
_BOTTLENECK = Block((Branch("", ("drop_path", "se", "bn3"), ("act3", "input")),))
_REGNET = Block((Branch("", ("drop_path",), ("act3", "input")),), condition="downsample")
_ONE_BRANCH = Block((Branch("", ("drop_path",), ("", "output")),))
_INVERTED = Block((Branch("", ("drop_path",), ("", "output")),), condition="has_skip")
_MLP = Branch("mlp", ("drop_path2",), ("", "output"))
_TRANSFORMER = Block((Branch("attn", ("drop_path1",), ("norm2", "input")), _MLP))
_TRANSFORMER_POST_NORM = Block((Branch("attn", ("drop_path1",), ("mlp", "input")), _MLP))

# by the full name of the class, so that nothing is imported; a subclass is found through its bases
BLOCKS: Mapping[str, Block] = {
    "timm.models.resnet.BasicBlock": _BASIC,
    "timm.models.resnet.Bottleneck": _BOTTLENECK,
    "timm.models.resnetv2.PreActBasic": _ONE_BRANCH,
    "timm.models.resnetv2.PreActBottleneck": _ONE_BRANCH,
    "timm.models.regnet.Bottleneck": _REGNET,
    "timm.models.convnext.ConvNeXtBlock": _ONE_BRANCH,
    "timm.models._efficientnet_blocks.ConvBnAct": _INVERTED,
    "timm.models._efficientnet_blocks.DepthwiseSeparableConv": _INVERTED,
    "timm.models._efficientnet_blocks.InvertedResidual": _INVERTED,
    "timm.models._efficientnet_blocks.EdgeResidual": _INVERTED,
    "timm.models._efficientnet_blocks.UniversalInvertedResidual": _INVERTED,
    "timm.models.vision_transformer.Block": _TRANSFORMER,
    "timm.models.vision_transformer.ResPostBlock": _TRANSFORMER_POST_NORM,
    "timm.models.vision_transformer_relpos.RelPosBlock": _TRANSFORMER,
    "timm.models.beit.Block": _TRANSFORMER,
    "timm.models.eva.EvaBlock": _TRANSFORMER,
    "timm.models.swin_transformer.SwinTransformerBlock": _TRANSFORMER,
}


def block_of(module: nn.Module) -> Block | None:
    """Return what kind of block a module is, or None."""
    names = (f"{base.__module__}.{base.__qualname__}" for base in type(module).__mro__)
    return next((BLOCKS[name] for name in names if name in BLOCKS), None)
