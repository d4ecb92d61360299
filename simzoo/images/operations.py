"""The operations that augmentations are made of. Each takes its numbers from `simzoo.images.draws`, in relative units.

`params(uniforms, strength)` turns (b, `uniforms` of the sheet) numbers in [0, 1) into parameters, and
`apply(batch, params)` does them to (b, 3, h, w) in [0, 1]. Strength 1 is the setting as named and 0 changes nothing:
sizes and factors shrink with it, and so do the probabilities of what has no size (flip, grey, blur). `matrix(params)`
of what only moves pixels says where it reads, so that several can be done in one reading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from kornia.color import rgb_to_grayscale
from kornia.enhance import (
    adjust_brightness_accumulative,
    adjust_contrast_with_mean_subtraction,
    adjust_hue,
    adjust_saturation_with_gray_subtraction,
)
from kornia.filters import gaussian_blur2d
from torch import Tensor

from simzoo.facts import augmentation
from simzoo.images.batched import Numbers, Params, between, like, placed, switched, warped, where

SMALLEST = 0.01  # the least share of an image that a crop keeps, however strong
RATIO = (3 / 4, 4 / 3)


@augmentation(name="crop", uniforms=4)
@dataclass(frozen=True)
class Crop:
    """Cut a rectangle of a share of the area between `scale`, of an aspect between `ratio`; enlarge it, bilinearly.

    The aspect is drawn among those that fit into the image, where torchvision tries again.
    """

    scale: tuple[float, float] = (0.2, 1.0)
    ratio: tuple[float, float] = RATIO

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return top, left, height and width as shares of the side."""
        low, high = (max(SMALLEST, 1 - (1 - share) * strength) for share in self.scale)
        area = low + (high - low) * uniforms[:, 0]
        narrow, broad = (strength * math.log(ratio) for ratio in self.ratio)
        slim, wide = np.maximum(narrow, np.log(area)), np.minimum(broad, -np.log(area))
        ratio = np.exp(slim + (wide - slim) * uniforms[:, 1])
        height, width = np.sqrt(area / ratio), np.sqrt(area * ratio)
        return {
            "top": (1 - height) * uniforms[:, 2],
            "left": (1 - width) * uniforms[:, 3],
            "height": height,
            "width": width,
        }

    def matrix(self, params: Params) -> Numbers:
        """Return where each place of the output is read."""
        width, height = params["width"], params["height"]
        return placed(width, height, 2 * params["left"] + width - 1, 2 * params["top"] + height - 1)

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Cut and enlarge."""
        return warped(batch, self.matrix(params), outside="border")


@augmentation(name="rotate", uniforms=1)
@dataclass(frozen=True)
class Rotate:
    """Turn about the centre by up to `degrees` either way, bilinearly; what comes from outside is black."""

    degrees: float = 30.0

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return the angle in degrees, counter-clockwise."""
        return {"angle": (2 * uniforms[:, 0] - 1) * self.degrees * strength}

    def matrix(self, params: Params) -> Numbers:
        """Return where each place of the output is read."""
        angle = np.deg2rad(params["angle"])
        cosine, sine, none = np.cos(angle), np.sin(angle), np.zeros(len(angle))
        return np.stack([np.stack([cosine, -sine, none], axis=1), np.stack([sine, cosine, none], axis=1)], axis=1)

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Turn."""
        return warped(batch, self.matrix(params), outside="zeros")


@augmentation(name="flip", uniforms=1)
@dataclass(frozen=True)
class Flip:
    """Mirror left and right with `probability`."""

    probability: float = 0.5

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return 1 where the image is mirrored, else 0."""
        return {"on": switched(uniforms[:, 0], self.probability * strength)}

    def matrix(self, params: Params) -> Numbers:
        """Return where each place of the output is read."""
        none = np.zeros(len(params["on"]))
        return placed(1 - 2 * params["on"], 1.0, none, none)

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Mirror."""
        return where(params["on"], batch, lambda images, _: images.flip(3))


@augmentation(name="colorjitter", uniforms=5, colour=True)
@dataclass(frozen=True)
class ColorJitter:
    """Change brightness, contrast, saturation and hue, in this order, by factors of up to so much, with `probability`.

    The order is fixed where torchvision draws it. Saturation and hue do nothing to a grey image.
    """

    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.1
    probability: float = 1.0

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return three factors around 1, a turn of the hue between -1/2 and 1/2, and whether it is done at all."""
        spans = {"brightness": self.brightness, "contrast": self.contrast, "saturation": self.saturation}
        found = {
            name: between(max(0.0, 1 - span * strength), 1 + span * strength, uniforms[:, place])
            for place, (name, span) in enumerate(spans.items(), start=1)
        }
        hue = min(0.5, self.hue * strength)
        return {**found, "hue": between(-hue, hue, uniforms[:, 4]), "on": switched(uniforms[:, 0], self.probability)}

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Change the colours."""

        def jitter(images: Tensor, rows: npt.NDArray[np.intp]) -> Tensor:
            images = adjust_brightness_accumulative(images, like(images, params["brightness"][rows]))
            images = adjust_contrast_with_mean_subtraction(images, like(images, params["contrast"][rows]))
            images = adjust_saturation_with_gray_subtraction(images, like(images, params["saturation"][rows]))
            turn = params["hue"][rows]  # there and back through HSV is half of the work
            return adjust_hue(images, like(images, 2 * math.pi * turn)) if turn.any() else images

        return where(params["on"], batch, jitter)


@augmentation(name="grey", uniforms=1, colour=True)
@dataclass(frozen=True)
class Grey:
    """Take the colour away with `probability`."""

    probability: float = 0.2

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return 1 where the image becomes grey, else 0."""
        return {"on": switched(uniforms[:, 0], self.probability * strength)}

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Take the colour away."""
        return where(params["on"], batch, lambda images, _: rgb_to_grayscale(images).expand_as(images))


@augmentation(name="blur", uniforms=2)
@dataclass(frozen=True)
class Blur:
    """Blur by a Gaussian with `probability`: `sigma` between two shares of the side, the kernel `kernel` of it wide."""

    sigma: tuple[float, float] = (0.1 / 224, 2 / 224)
    kernel: float = 0.1
    probability: float = 0.5

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return sigma as a share of the side, and whether the image is blurred."""
        on = switched(uniforms[:, 0], self.probability * strength)
        return {"sigma": between(*self.sigma, uniforms[:, 1]), "on": on}

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Blur."""
        side = batch.shape[-1]
        size = max(3, 2 * round((self.kernel * side - 1) / 2) + 1)  # the odd number nearest

        def blur(images: Tensor, rows: npt.NDArray[np.intp]) -> Tensor:
            sigma = like(images, params["sigma"][rows] * side)
            return gaussian_blur2d(images, (size, size), torch.stack([sigma, sigma], dim=1))

        return where(params["on"], batch, blur)
