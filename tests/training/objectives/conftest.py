from dataclasses import dataclass

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from simzoo.models.load import wrap_module
from simzoo.recipes import Settings
from simzoo.training.batch import Batch


@dataclass
class Built:
    objective: object
    heads: nn.Module
    backbone: nn.Module
    batch: Batch

    def features(self):
        return [self.objective.backbone(view) for view in self.batch.views]

    def loss(self):
        return self.objective.loss(self.batch)


@pytest.fixture
def build():
    """Build an objective on a convolution of 6 dimensions, with a batch of random views."""

    def make(part, views=2, images=8, **options):
        torch.manual_seed(0)
        recipe = Settings(epochs=1, batch_size=images, optimizer="sgd", learning_rate=0.1, options=options)
        model = wrap_module(nn.Sequential(nn.Identity(), nn.Conv2d(3, 6, 2)))
        model.module.train().requires_grad_(requires_grad=True)
        objective = part()
        heads = objective.build(model.features, 6, recipe, 0)
        batch = Batch([torch.randn(images, 3, 2, 2) for _ in range(views)], torch.zeros(images, dtype=torch.int64))
        return Built(objective, heads, model.module, batch)

    return make


@pytest.fixture
def build_vit():
    """Build an objective on a ViT of 16 patches and 8 dimensions, with a batch of random views."""

    def make(part, views=1, images=6, pool="gap", **options):
        torch.manual_seed(0)
        recipe = Settings(epochs=1, batch_size=images, optimizer="sgd", learning_rate=0.1, options=options)
        vit = VisionTransformer(img_size=16, patch_size=4, embed_dim=8, depth=2, num_heads=2, num_classes=0)
        model = wrap_module(vit, pool=pool)
        model.module.train().requires_grad_(requires_grad=True)
        objective = part()
        heads = objective.build(model.features, 8, recipe, 0)
        batch = Batch([torch.randn(images, 3, 16, 16) for _ in range(views)], torch.zeros(images, dtype=torch.int64))
        return Built(objective, heads, model.module, batch)

    return make


@pytest.fixture
def some_tokens():
    """What timm's own ViT makes of some of its patches, or with some of them replaced before positions are added."""

    def encode(vit, pixels, keep=None, hidden=None, mask_token=None):
        tokens = vit.patch_embed(pixels)
        if hidden is not None:
            tokens = torch.where(hidden[:, :, None], mask_token, tokens)
        tokens = torch.cat([vit.cls_token.expand(len(tokens), -1, -1), tokens], 1) + vit.pos_embed
        if keep is not None:
            tokens = torch.stack(
                [image[[0, *(places + 1).tolist()]] for image, places in zip(tokens, keep, strict=True)]
            )
        return vit.norm(vit.blocks(tokens))

    return encode
