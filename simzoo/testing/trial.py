"""An objective tried out: some steps on a tiny network and one batch of tiny images."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simzoo.models.load import Model, wrap_module
from simzoo.recipes import Settings, Views
from simzoo.training.batch import Batch
from simzoo.training.data import Pictures
from simzoo.training.loop import total
from simzoo.training.optimise import optimiser
from simzoo.training.views import ViewMaker

SIZE, IMAGES, CLASSES, STEPS = 16, 24, 3, 40
RECIPE = Settings(
    epochs=1,
    batch_size=IMAGES,
    optimizer="adamw",
    learning_rate=5e-3,
    views=Views(min_scale=0.6, flip=0.5, noise=0.03),
    # small enough for the network, by the words of simzoo's own objectives
    options={"hidden": 32, "out": 12, "bank": 48, "prototypes": 12, "patches": 4, "slices": 64},
)


class _Network(nn.Module):
    """A convolutional network of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 16, 3, stride=2, padding=1)

    def forward(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.second(torch.relu(self.norm(self.first(pixels))))
        return out


@dataclass
class Trial:
    """An objective with its heads on a tiny network, and one batch of views."""

    objective: Any
    model: Model
    heads: nn.Module
    views: ViewMaker

    @cached_property
    def batch(self) -> Batch:
        """The views of some images, made when they are first asked for."""
        given = pictures()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return Batch(self.views(given), given.labels)

    def loss(self, seed: int = 0) -> Tensor:
        """Return the loss; what the objective draws hangs on `seed`."""
        torch.manual_seed(seed)
        return total(self.objective.loss(self.batch))

    def train(self, steps: int, first: int = 0, *, held: bool = False) -> list[float]:
        """Train on the one batch and return the losses; `held` keeps teachers, banks and centres as they are."""
        chosen, losses = optimiser([self.model.module, self.heads], RECIPE), []
        kept = [(part, copy.deepcopy(dict(part._buffers))) for part in self.heads.modules()]  # noqa: SLF001 - that of a bank has no other name
        for step in range(first, first + steps):
            loss = self.loss(step)
            chosen.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            chosen.step()
            if held:
                for part, buffers in kept:
                    part._buffers.update(copy.deepcopy(buffers))  # noqa: SLF001 - the same
            elif after := getattr(self.objective, "after_step", None):
                after(step + 1, STEPS)
            losses.append(float(loss.detach()))
        return losses

    def features(self) -> Tensor:
        """Return the backbone's features of the first view, (images, d)."""
        with torch.no_grad():
            return self.model.features(self.batch.views[0])


def trial(part: Any, seed: int = 0, recipe: Settings = RECIPE) -> Trial:
    """Build the objective as a training does, from one seed; the caller's generators must be forked."""
    torch.manual_seed(seed)
    model = wrap_module(_vit() if part.sheet.facts.get("backbone") == "vit" else _Network())
    model.module.train().requires_grad_(requires_grad=True)
    objective = part()
    torch.manual_seed(seed)
    with torch.no_grad():
        width = model.features(torch.zeros(2, 3, SIZE, SIZE)).shape[1]
    heads = objective.build(model.features, width, recipe, CLASSES)
    return Trial(objective, model, heads, objective.views(SIZE, recipe))


def pictures(images: int = IMAGES) -> Pictures:
    """Return the first of `IMAGES` images, of `CLASSES` colours."""
    draw = np.random.default_rng(0)
    labels = np.arange(IMAGES) % CLASSES
    colours = draw.uniform(40, 215, (CLASSES, 3))[labels]
    pixels = colours[:, None, None] + draw.normal(0, 35, (IMAGES, SIZE, SIZE, 3))
    raw = torch.from_numpy(pixels.clip(0, 255).astype(np.uint8)[:images]).permute(0, 3, 1, 2)
    return Pictures(raw, torch.from_numpy(labels[:images]), tuple(f"image {i}" for i in range(images)), seed=0)


def _vit() -> nn.Module:
    from timm.models.vision_transformer import VisionTransformer

    made: nn.Module = VisionTransformer(img_size=SIZE, patch_size=4, embed_dim=16, depth=2, num_heads=2, num_classes=0)
    return made
