"""Training views: what a recipe's `views` table says, composed of lightly's and torchvision's transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from lightly.transforms import SimCLRViewTransform
from torch import Tensor
from torchvision.transforms import v2

from simzoo.cards import Views as ViewSettings

Views = Callable[[Any], list[Tensor]]


def make_views(views: ViewSettings, size: int, copies: int) -> Views:
    """Return a function from a PIL image to `copies` independent views, each (3, size, size) in [0, 1] before noise.

    In order: affine; then either lightly's SimCLR view (crop of at least `min_scale` of the area, flip, colour
    jitter, grey, blur) or, where `min_scale` is 1, padded crop and flip; then Gaussian noise. Normalisation is the
    model's business and comes later.
    """
    steps: list[Any] = []
    if views.rotate or views.translate or views.shear:
        steps.append(
            v2.RandomAffine(
                views.rotate,
                translate=(views.translate, views.translate),
                shear=views.shear or None,
                interpolation=v2.InterpolationMode.BILINEAR,
            )
        )
    steps += [_simclr(views, size)] if views.min_scale < 1 else _plain(views, size)
    if views.noise:
        steps.append(lambda image: image + views.noise * torch.randn_like(image))
    view = v2.Compose(steps)
    return lambda image: [view(image) for _ in range(copies)]


def _simclr(views: ViewSettings, size: int) -> Any:
    return SimCLRViewTransform(
        input_size=size,
        cj_prob=views.jitter_probability if views.jitter else 0.0,
        cj_strength=views.jitter,
        cj_hue=views.hue,
        min_scale=views.min_scale,
        random_gray_scale=views.grey,
        gaussian_blur=views.blur,
        hf_prob=views.flip,
        normalize=None,
    )


def _plain(views: ViewSettings, size: int) -> list[Any]:
    crop = [v2.RandomCrop(size, padding=views.pad)] if views.pad else []
    tensor = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
    return [v2.Resize((size, size), antialias=True), *crop, v2.RandomHorizontalFlip(views.flip), *tensor]
