"""More operations: shifts, and what a camera or a file does to an image. As those of `simzoo.images.operations`."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from simzoo.facts import augmentation
from simzoo.images.batched import Numbers, Params, between, like, placed, switched, warped, where


@augmentation(name="translate", uniforms=2)
@dataclass(frozen=True)
class Translate:
    """Shift by up to `share` of the side either way, in both directions, bilinearly; what comes from outside is black.

    The default is what four pixels are of 32.
    """

    share: float = 0.125

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return how far to the right and how far down, as shares of the side."""
        most = self.share * strength
        return {"right": between(-most, most, uniforms[:, 0]), "down": between(-most, most, uniforms[:, 1])}

    def matrix(self, params: Params) -> Numbers:
        """Return where each place of the output is read."""
        return placed(1.0, 1.0, -2 * params["right"], -2 * params["down"])

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Shift."""
        return warped(batch, self.matrix(params), outside="zeros")


@augmentation(name="shear", uniforms=1)
@dataclass(frozen=True)
class Shear:
    """Slant to the left or right by up to `degrees`, about the centre; what comes from outside is black."""

    degrees: float = 10.0

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return the slope, as sideways per down."""
        most = self.degrees * strength
        return {"slope": np.tan(np.deg2rad(between(-most, most, uniforms[:, 0])))}

    def matrix(self, params: Params) -> Numbers:
        """Return where each place of the output is read."""
        none = np.zeros(len(params["slope"]))
        matrix = placed(1.0, 1.0, none, none)
        matrix[:, 0, 1] = -params["slope"]
        return matrix

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Slant."""
        return warped(batch, self.matrix(params), outside="zeros")


@augmentation(name="solarise", uniforms=2)
@dataclass(frozen=True)
class Solarise:
    """Invert what is brighter than a threshold drawn between two, with `probability`, as overexposed film does."""

    threshold: tuple[float, float] = (0.5, 1.0)
    probability: float = 1.0

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return the threshold, which strength moves away from white, and whether anything is inverted."""
        low, high = (1 - (1 - threshold) * strength for threshold in self.threshold)
        on = switched(uniforms[:, 0], self.probability if strength else 0.0)
        return {"threshold": np.maximum(0.0, between(low, high, uniforms[:, 1])), "on": on}

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Invert what is bright."""

        def solarise(images: Tensor, rows: npt.NDArray[np.intp]) -> Tensor:
            threshold = like(images, params["threshold"][rows]).view(-1, 1, 1, 1)
            return torch.where(images > threshold, 1 - images, images)

        return where(params["on"], batch, solarise)


@augmentation(name="jpeg", uniforms=1)
@dataclass(frozen=True)
class Jpeg:
    """Write as JPEG of a `quality` between two and read again, on the CPU.

    Its blocks are of 8 pixels of what the network takes: larger to a network of small images.
    """

    quality: tuple[int, int] = (10, 90)

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return the quality, from 1 to 100; above 100 nothing is done."""
        low, high = (101 - (101 - quality) * strength for quality in self.quality)
        return {"quality": np.maximum(1.0, np.round(between(low, high, uniforms[:, 0])))}

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Write and read."""

        def written(images: Tensor, rows: npt.NDArray[np.intp]) -> Tensor:
            plain = (images * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
            qualities = params["quality"][rows].astype(int).tolist()
            read = [_through_a_file(image, quality) for image, quality in zip(plain, qualities, strict=True)]
            return torch.from_numpy(np.stack(read)).permute(0, 3, 1, 2).to(images) / 255

        return where(switched(params["quality"], 100.5), batch, written)


@augmentation(name="noise", uniforms=1)
@dataclass(frozen=True)
class Noise:
    """Add Gaussian noise of a standard deviation `sd` in each colour, the same picture of it at every input size.

    It lies on a grid of `cells` by `cells`, of which an image of fewer pixels sees every so many and one of more
    pixels sees each several times; its deviation is the same in all.
    """

    sd: float = 0.1
    cells: int = 64

    def params(self, uniforms: Numbers, strength: float) -> dict[str, Numbers]:
        """Return the deviation, and the number that the noise is made of."""
        return {"sd": np.full(len(uniforms), self.sd * strength), "picture": uniforms[:, 0]}

    def apply(self, batch: Tensor, params: Params) -> Tensor:
        """Add it, and keep to [0, 1]."""
        shape = (batch.shape[1], self.cells, self.cells)
        fields = [np.random.default_rng(int(number * 2**53)).normal(size=shape) for number in params["picture"]]
        noise = interpolate(like(batch, np.stack(fields)), size=batch.shape[2:], mode="nearest-exact")
        return (batch + like(batch, params["sd"]).view(-1, 1, 1, 1) * noise).clamp(0, 1)


def _through_a_file(image: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    with Image.open(file) as read:
        return np.array(read)
