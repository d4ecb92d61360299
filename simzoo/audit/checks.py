"""What looks wrong with a model: collapse, dead channels, weights, a normalisation that does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simzoo.cards import Input
from simzoo.images.batches import batches
from simzoo.images.imageset import ImageSet
from simzoo.models.load import Model
from simzoo.representations.representation import Representation

COLLAPSED = 0.05  # of the directions there could be: below it, features have collapsed (ours)
DEAD = 1e-6  # of the largest standard deviation of a channel
LOOKED_AT = 64  # images for the statistics of the first normalisation
CHANCE = 3  # times chance, below which a head looks wrongly fed
MISFIT = 0.9  # of the first batch norm, above which another normalisation is looked for (ours, from five networks)
FITS = 0.6  # another normalisation is told where its misfit is less than this share of the card's
OTHERS = {
    "ImageNet's mean and std": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "mean 0.5, std 0.5": ((0.5,) * 3, (0.5,) * 3),
    "pixels from 0 to 1": ((0.0,) * 3, (1.0,) * 3),
    "pixels from 0 to 255": ((0.0,) * 3, (1 / 255,) * 3),
}


def warnings_of(
    model: Model, images: ImageSet, indices: list[int], features: Representation, facts: dict[str, Any]
) -> list[str]:
    """Return sentences about what looks wrong, the gravest first."""
    found = []
    if not facts["load"]["finite"]:
        found.append("weights that are not finite")
    values = np.asarray(features.values, np.float64)
    dead = dead_channels(values)
    if dead:
        found.append(f"dead channels: {dead} of {values.shape[1]} features are the same for all {len(values):,} images")
    rank = next((row["value"] for row in facts["values"] if row["measure"] == "rankme"), None)
    room = min(values.shape)
    if rank is not None and rank < COLLAPSED * room:
        found.append(f"dimensional collapse: RankMe is {rank:.1f} of at most {room}")
    if empty := empty_filters(model.module):
        found.append(f"{len(empty)} layers have filters that are all zero: {', '.join(empty[:3])}")
    top1, chance = facts["top1"], facts["chance"]
    if top1 is not None and chance and top1 < CHANCE * chance:
        found.append(
            f"its own head is right of {top1:.1%} (chance {chance:.1%}): labels or preprocessing are not those it knows"
        )
    found += normalisation(model, images, indices)
    identity = facts["identity"]
    if identity["non_commercial"]:
        found.append(f"non-commercial use only ({identity['licence']})")
    if model.fed_by not in {"card", "timm", "torchvision"}:
        found.append(f"nobody said how it is fed: {model.fed_by}")
    if identity.get("unverified"):
        found.append(f"nobody verified: {', '.join(identity['unverified'])}")
    return found


def dead_channels(values: Any) -> int:
    """Return how many features do not change from image to image."""
    spread = values.std(axis=0)
    return int((spread <= DEAD * max(float(spread.max()), 1e-30)).sum())


def empty_filters(module: nn.Module) -> list[str]:
    """Return the layers that have an output whose weights are all zero."""
    layers = (nn.Conv2d, nn.Linear)
    return [
        name
        for name, part in module.named_modules()
        if isinstance(part, layers) and bool((part.weight.detach().flatten(1) == 0).all(1).any())
    ]


def normalisation(model: Model, images: ImageSet, indices: list[int]) -> list[str]:
    """Say where another normalisation of pixels fits the statistics that the first batch norm learnt far better."""
    norm = next((part for part in model.module.modules() if isinstance(part, nn.BatchNorm2d)), None)
    if norm is None or norm.running_mean is None:
        return []
    some = indices[:: max(1, len(indices) // LOOKED_AT)][:LOOKED_AT]
    device = next(model.module.parameters()).device
    given = torch.cat([batch.pixels for batch in batches(images, some, model.feed, LOOKED_AT, device=device)])
    own = misfit(model.module, norm, given)
    pixels = given * _shaped(model.feed.std, given) + _shaped(model.feed.mean, given)
    others = {
        name: misfit(model.module, norm, (pixels - _shaped(mean, given)) / _shaped(std, given))
        for name, (mean, std) in OTHERS.items()
        if not _same(model.feed, mean, std)
    }
    name, best = min(others.items(), key=lambda other: other[1])
    if own > MISFIT and best < FITS * own:
        said = f"misfit {best:.2f}, the card's {own:.2f}, on these images"
        return [f"the first batch norm's statistics fit {name} better than the card's normalisation ({said})"]
    return []


class _ReachedError(Exception):
    """The layer that was looked for has its input."""


@torch.inference_mode()
def misfit(module: nn.Module, norm: nn.BatchNorm2d, pixels: Tensor) -> float:
    """Return how far a batch norm's input is from what it learnt: the mean divergence of Gaussians over channels."""
    seen: list[Tensor] = []

    def look(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        seen.append(args[0])
        raise _ReachedError

    handle = norm.register_forward_pre_hook(look)
    try:
        module(pixels)
    except _ReachedError:
        pass
    finally:
        handle.remove()
    if not seen or norm.running_mean is None or norm.running_var is None:
        return 0.0
    mean, variance = seen[0].mean((0, 2, 3)), seen[0].var((0, 2, 3))
    learnt = norm.running_var + norm.eps
    variance = variance + norm.eps
    parts = (variance + (mean - norm.running_mean) ** 2) / learnt - 1 - (variance / learnt).log()
    return float(parts.median() / 2)


def _shaped(three: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(three, dtype=like.dtype, device=like.device).view(1, 3, 1, 1)


def _same(feed: Input, mean: tuple[float, ...], std: tuple[float, ...]) -> bool:
    return bool(np.allclose(feed.mean, mean, atol=0.02) and np.allclose(feed.std, std, atol=0.02))
