import importlib

import pytest
import timm
import torch
import torchvision
from timm.models.vision_transformer import ResPostBlock

from simzoo.models.blocks import BLOCKS, block_of
from simzoo.models.pooling import pooling
from simzoo.models.taps import find_taps, forward_taps

TRANSFORMER = {"depth": 2, "embed_dim": 24, "num_heads": 2, "img_size": 32}
# one small network for each line of the table; together they must meet every one
NETWORKS = {
    "resnet10t": {},
    "resnet14t": {},
    "resnetv2_18": {"layers": (1, 1, 1, 1), "channels": (16, 16, 16, 16), "stem_chs": 8},
    "resnetv2_50": {"layers": (2, 1, 1, 1), "channels": (32, 32, 32, 32), "stem_chs": 32},
    "regnetx_002": {},
    "convnext_atto": {"depths": (1, 1, 1, 1), "dims": (8, 16, 16, 16)},
    "mobilenetv2_100": {},
    "efficientnetv2_s": {},
    "mobilenetv4_conv_small": {},
    "efficientnet_es": {},
    "vit_tiny_patch16_224": {**TRANSFORMER, "patch_size": 8},
    "vit_small_patch16_224": {**TRANSFORMER, "patch_size": 8, "block_fn": ResPostBlock},
    "vit_relpos_small_patch16_224": {**TRANSFORMER, "patch_size": 8},
    "beit_base_patch16_224": {**TRANSFORMER, "patch_size": 8, "init_values": 0.1},
    "eva02_tiny_patch14_224": {**TRANSFORMER, "patch_size": 8},
    "swin_tiny_patch4_window7_224": {
        "embed_dim": 12,
        "depths": (1, 1, 1, 1),
        "num_heads": (1, 1, 1, 1),
        "img_size": 32,
    },
}
VIT = {"image_size": 32, "patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 24, "mlp_dim": 48}
TORCHVISION = {
    "resnet10": lambda: torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1]),
    "resnet14": lambda: torchvision.models.ResNet(torchvision.models.resnet.Bottleneck, [1, 1, 1, 1]),
    "vit": lambda: torchvision.models.VisionTransformer(**VIT),
    "convnext_tiny": torchvision.models.convnext_tiny,
    "efficientnet_v2_s": torchvision.models.efficientnet_v2_s,
    "mobilenet_v2": torchvision.models.mobilenet_v2,
    "mobilenet_v3_small": torchvision.models.mobilenet_v3_small,
}
NETWORKS |= {f"torchvision:{name}": make for name, make in TORCHVISION.items()}


def build(name):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if name.startswith("torchvision:"):
            return NETWORKS[name]().eval()
        return timm.create_model(name, num_classes=0, **NETWORKS[name]).eval()


def classes_of(network):
    return {
        f"{base.__module__}.{base.__qualname__}" for module in network.modules() for base in type(module).__mro__
    } & set(BLOCKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_even_less_the_shortcut_is_odd(name):
    network, inputs, handles = build(name), {}, []
    for path, module in network.named_modules():
        if block_of(module):
            keep = lambda _, args, path=path: inputs.__setitem__(path, args[0].detach().clone())  # noqa: E731
            handles.append(module.register_forward_pre_hook(keep))
            projection = getattr(module, "downsample", None) or getattr(module, "shortcut", None)
            if projection is not None:
                keep = lambda _, __, out, path=path: inputs.__setitem__(path, out.detach().clone())  # noqa: E731
                handles.append(projection.register_forward_hook(keep))
    pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        values = forward_taps(network, pixels, find_taps(network, "residual"), pooling("flatten"))
    found = {tap.name: value for tap, value in values.items()}
    checked = 0
    for path, module in network.named_modules():
        block = block_of(module)
        if block is None or not block.adds(module):
            continue
        shortcut = inputs[path].flatten(1)
        for branch in block.branches:
            stem = f"{path}.{branch.name}" if branch.name else path
            odd, even = found[f"{stem}.odd"], found[f"{stem}.even"]
            torch.testing.assert_close(even - shortcut, odd, rtol=1e-3, atol=1e-4)
            shortcut = even
            checked += 1
    for handle in handles:
        handle.remove()
    assert checked


def test_every_line_of_the_table_is_met_and_names_a_class_that_exists():
    for name in BLOCKS:
        module, _, kind = name.rpartition(".")
        assert hasattr(importlib.import_module(module), kind)
    met = set().union(*(classes_of(build(name)) for name in NETWORKS))
    assert set(BLOCKS) - met == set()


def test_a_subclass_is_found_through_its_bases():
    from timm.models.resnet import BasicBlock

    class Mine(BasicBlock):
        pass

    assert block_of(Mine(4, 4)) is BLOCKS["timm.models.resnet.BasicBlock"]
    assert block_of(torch.nn.Linear(2, 2)) is None


def test_blocks_without_a_shortcut_have_no_residual_taps_but_are_blocks():
    network = build("mobilenetv2_100")
    residual = {tap.name for tap in find_taps(network, "residual")}
    blocks = {tap.name for tap in find_taps(network, "blocks")}
    assert "blocks.0.0" in blocks
    assert "blocks.0.0.odd" not in residual
    assert "blocks.1.1.odd" in residual
