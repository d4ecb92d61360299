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
    shortcut + branch passes before any activation: a submodule's input or output, "" being the block itself. Where the
    block calls that submodule several times (`calls`), it is the last one.
    """

    name: str
    ends: tuple[str, ...]
    sum: tuple[str, Side]
    calls: int = 1


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
# torchvision's blocks use one ReLU, in place, after each norm and after the addition
_BASIC_ONE_RELU = Block((Branch("", ("bn2",), ("relu", "input"), calls=2),))
_BOTTLENECK_ONE_RELU = Block((Branch("", ("bn3",), ("relu", "input"), calls=3),))
_ENCODER = Block((Branch("attn", ("dropout",), ("ln_2", "input")), Branch("mlp", ("mlp",), ("", "output"))))
_DEPTH = Block((Branch("", ("stochastic_depth",), ("", "output")),))
_MBCONV = Block(_DEPTH.branches, condition="use_res_connect")
_INVERTED_V2 = Block((Branch("", ("conv",), ("", "output")),), condition="use_res_connect")
_INVERTED_V3 = Block((Branch("", ("block",), ("", "output")),), condition="use_res_connect")

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
    "torchvision.models.resnet.BasicBlock": _BASIC_ONE_RELU,
    "torchvision.models.resnet.Bottleneck": _BOTTLENECK_ONE_RELU,
    "torchvision.models.vision_transformer.EncoderBlock": _ENCODER,
    "torchvision.models.convnext.CNBlock": _DEPTH,
    "torchvision.models.efficientnet.MBConv": _MBCONV,
    "torchvision.models.efficientnet.FusedMBConv": _MBCONV,
    "torchvision.models.mobilenetv2.InvertedResidual": _INVERTED_V2,
    "torchvision.models.mobilenetv3.InvertedResidual": _INVERTED_V3,
}


# where torchvision's classifiers keep their head, by name
HEADS = ("fc", "heads", "classifier", "head")


def head_of(network: nn.Module) -> str:
    """Return the name of the module whose output is the logits, where torchvision's own code calls it; else ""."""
    if not type(network).__module__.startswith("torchvision.models."):
        return ""
    children = dict(network.named_children())
    return next((name for name in HEADS if name in children), "")


def block_of(module: nn.Module) -> Block | None:
    """Return what kind of block a module is, or None."""
    names = (f"{base.__module__}.{base.__qualname__}" for base in type(module).__mro__)
    return next((BLOCKS[name] for name in names if name in BLOCKS), None)
