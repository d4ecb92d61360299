from dataclasses import dataclass

import pytest
import torch
from torch import nn

from simzoo.cards import Settings
from simzoo.models.load import wrap_module
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
