"""Training views: what a recipe's `views` table says, composed of lightly's and torchvision's transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from lightly.transforms import SimCLRViewTransform
from lightly.transforms.dino_transform import DINOViewTransform
from torch import Tensor
from torchvision.transforms import v2

from simzoo.cards import Settings
from simzoo.cards import Views as ViewSettings

Views = Callable[[Any], list[Tensor]]


def make_views(views: ViewSettings, size: int, copies: int, *, max_scale: float = 1.0, solarize: float = 0.0) -> Views:
    """Return a function from a PIL image to `copies` independent views, each (3, size, size) in [0, 1] before noise.

    In order: affine; then either lightly's SimCLR view (crop of at least `min_scale` of the area, flip, colour
    jitter, grey, blur; its DINO view where the crop is also at most `max_scale` < 1) or, where `min_scale` is 1, padded
    crop and flip; solarisation with probability `solarize`; then Gaussian noise. Normalisation is the model's business
    and comes later.
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
    if max_scale < 1:
        steps.append(_local(views, size, max_scale))
    else:
        steps += [_simclr(views, size)] if views.min_scale < 1 else _plain(views, size)
    if solarize:
        steps.append(v2.RandomSolarize(threshold=0.5, p=solarize))
    if views.noise:
        steps.append(lambda image: image + views.noise * torch.randn_like(image))
    view = v2.Compose(steps)
    return lambda image: [view(image) for _ in range(copies)]


def global_and_local(recipe: Settings, size: int, copies: int = 2) -> Views:
    """Return a function from an image to `copies` global views and as many local ones as the recipe asks for.

    Global views are the recipe's `views`; the option `second` changes some of its words for every view but the first
    (asymmetric views), and adds `solarize`. The option `local = { count, size, min_scale, max_scale }`, together with
    any words of `views`, adds small crops after them; without it there are none.
    """
    options = recipe.options
    first = make_views(recipe.views, size, 1)
    parts = [first, _changed(recipe.views, options.get("second", {}), size, copies - 1)]
    local = dict(options.get("local", {}))
    if count := local.pop("count", 0):
        parts.append(_changed(recipe.views, local, local.pop("size", size), count))
    return lambda image: [view for part in parts for view in part(image)]


def _changed(views: ViewSettings, changes: dict[str, Any], size: int, copies: int) -> Views:
    words = dict(changes)
    max_scale, solarize = words.pop("max_scale", 1.0), words.pop("solarize", 0.0)
    chosen = ViewSettings.model_validate({**views.model_dump(), **words})
    return make_views(chosen, size, copies, max_scale=max_scale, solarize=solarize)


def _local(views: ViewSettings, size: int, max_scale: float) -> Any:
    return DINOViewTransform(
        crop_size=size,
        crop_scale=(views.min_scale, max_scale),
        hf_prob=views.flip,
        cj_prob=views.jitter_probability if views.jitter else 0.0,
        cj_strength=views.jitter,
        cj_sat=0.8,
        cj_hue=views.hue,
        random_gray_scale=views.grey,
        gaussian_blur=views.blur,
        solarization_prob=0.0,
        normalize=None,
    )


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
