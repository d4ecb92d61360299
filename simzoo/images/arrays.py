"""Images held in memory as 8-bit arrays: what torchvision's files and Python's tensors become."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ArrayImages:
    """One split in memory; each of `pixels` is (h, w) or (h, w, 3) uint8, a label is a place in `classes` or -1."""

    name: str
    split: str
    classes: tuple[str, ...]
    pixels: Sequence[Pixels] = field(repr=False)
    labels: npt.NDArray[np.int64] = field(repr=False)
    ids: Sequence[str] = field(repr=False)
    notes: tuple[str, ...] = ()

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of each image's size and pixels."""
        return tuple(pixel_hash(pixels) for pixels in self.pixels)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of every id with its image and label."""
        digest = hashlib.sha256()
        for image_id, content, label in zip(self.ids, self.hashes, self.labels, strict=True):
            digest.update(f"{image_id}\0{content}\0{label}\n".encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def id(self, i: int) -> str:
        """Return the id."""
        return self.ids[i]

    def image(self, i: int) -> Image.Image:
        """Return the image in RGB."""
        return Image.fromarray(self.pixels[i]).convert("RGB")

    def label(self, i: int) -> int:
        """Return the label, -1 where there is none."""
        return int(self.labels[i])


def pixel_hash(pixels: Pixels) -> str:
    """Return the SHA-256 of the size and the pixels; a grey image has that of its RGB form."""
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    size = f"{pixels.shape[0]} {pixels.shape[1]}\n".encode()
    return hashlib.sha256(size + np.ascontiguousarray(pixels).tobytes()).hexdigest()
