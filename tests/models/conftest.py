import pytest
import torch
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from timm.models.vision_transformer import VisionTransformer

import simzoo.images
import simzoo.models
import simzoo.training.objectives
from simzoo.catalog import Catalog
from simzoo.plugins import load_plugins


@pytest.fixture
def shelves():
    rooms = {"models": simzoo.models, "images": simzoo.images, "objectives": simzoo.training.objectives}
    return Catalog(load_plugins([], extra=rooms.items()))


@pytest.fixture(scope="session")
def networks():
    """Small networks of every sort, with norms and layer scales that are not at their start values."""
    channels = (8, 16, 24, 32)
    common = {"num_classes": 0, "zero_init_last": False, "channels": channels}
    vit = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2, "num_classes": 0}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = {
            "resnet18": ResNet(BasicBlock, (2, 1, 1, 1), **common),
            "resnet50": ResNet(Bottleneck, (2, 1, 1, 1), **common),
            "se": ResNet(Bottleneck, (1, 1, 1, 1), block_args={"attn_layer": "se"}, **common),
            "drop_path": ResNet(BasicBlock, (1, 1, 1, 1), drop_path_rate=0.2, **common),
            "vit": VisionTransformer(**vit),
            "vit_scaled": VisionTransformer(init_values=0.1, reg_tokens=2, drop_path_rate=0.1, **vit),
        }
        for network in made.values():
            network.eval()
            for name, parameter in network.named_parameters():
                if "norm" in name or "bn" in name or "gamma" in name:
                    torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return made


@pytest.fixture(scope="session")
def pixels():
    return torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
