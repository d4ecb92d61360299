"""From images to the tensors that a model takes, in order, with the ids of what could be read."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from simzoo.cards import Input
from simzoo.errors import DataError
from simzoo.images.augment import CLEAN, Draw
from simzoo.images.imageset import ImageSet

WORKERS = 4
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Batch:
    """Some images as a model wants them.

    `pixels` is float32, (b, 3, size, size), normalised; `rows` are the places of these images in the `indices` asked
    for.
    """

    ids: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    pixels: torch.Tensor
    rows: npt.NDArray[np.intp]


@dataclass
class Batches:
    """Batches in the order of `indices`, decoded by threads. Iterating fills `left_out`: (id, reason) pairs.

    On another device than the CPU the next batch is made ready while the network runs; on the CPU, whose cores the
    network uses already, that made both slower.
    """

    images: ImageSet
    indices: Sequence[int]
    feed: Input
    batch_size: int
    draw: Draw = CLEAN
    device: str | torch.device = "cpu"
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of batches when every image decodes."""
        return math.ceil(len(self.indices) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Decode, prepare and stack; an image that does not decode is left out of its batch and named in `left_out`."""
        self.left_out.clear()
        ahead: deque[tuple[int, list[Future[list[Pixels | str]]]]] = deque()
        beside = int(torch.device(self.device).type != "cpu")
        with ThreadPoolExecutor(WORKERS) as pool:
            for start in range(0, len(self.indices), self.batch_size):
                chunk = self.indices[start : start + self.batch_size]
                share = math.ceil(len(chunk) / WORKERS)  # a task an image costs as much as a small image
                parts = [chunk[first : first + share] for first in range(0, len(chunk), share)]
                ahead.append((start, [pool.submit(self._prepare_all, part) for part in parts]))
                if len(ahead) > beside:
                    yield from self._collect(*ahead.popleft())
            while ahead:
                yield from self._collect(*ahead.popleft())
        if self.left_out and len(self.left_out) == len(self.indices):
            image_id, reason = self.left_out[0]
            raise DataError(
                f"no image of {self.images.name} ({self.images.split}) decodes",
                expected=f"{len(self.indices)} readable images",
                got=f"{image_id}: {reason}",
                next_step="open one of the files in a viewer; replace or remove what is damaged",
            )

    def _prepare_all(self, indices: Sequence[int]) -> list[Pixels | str]:
        return [self._prepare(i) for i in indices]

    def _prepare(self, i: int) -> Pixels | str:
        """Return the pixels of one image, or the reason why there are none."""
        try:
            image = self.images.image(i)
        except Exception as error:  # noqa: BLE001 - a data set may come from a plugin, and its images from anywhere
            return str(error).partition("\n")[0] or type(error).__name__
        return prepare(image, self.feed)

    def _collect(self, start: int, futures: list[Future[list[Pixels | str]]]) -> Iterator[Batch]:
        kept, rows = [], []
        for row, result in enumerate(chain.from_iterable(future.result() for future in futures), start):
            if isinstance(result, str):
                self.left_out.append((self.images.id(self.indices[row]), result))
            else:
                kept.append(result)
                rows.append(row)
        if not kept:
            return
        chosen = [self.indices[row] for row in rows]
        ids = tuple(self.images.id(i) for i in chosen)
        yield Batch(
            ids=ids,
            labels=np.array([self.images.label(i) for i in chosen], np.int64),
            pixels=self._fed(np.stack(kept), ids),
            rows=np.array(rows, np.intp),
        )

    def _fed(self, pixels: Pixels, ids: Sequence[str]) -> torch.Tensor:
        """Return the pixels as the network takes them, with the draw applied before they are normalised."""
        if not self.draw.operations:
            return normalise(pixels, self.feed).to(self.device)
        scaled = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2).contiguous().float() / 255
        mean, std = (scaled.new_tensor(values).view(3, 1, 1) for values in (self.feed.mean, self.feed.std))
        return (self.draw.apply(scaled, ids) - mean) / std


def batches(
    images: ImageSet,
    indices: Sequence[int],
    feed: Input,
    batch_size: int,
    *,
    draw: Draw = CLEAN,
    device: str | torch.device = "cpu",
) -> Batches:
    """Return the batches of some images of a set, fed as a card says; the pixels do not depend on `batch_size`.

    A `draw` of an augmentation is applied on the device, after resizing and cropping and before normalisation.
    """
    return Batches(images, indices, feed, batch_size, draw, device)


def prepare(image: Image.Image, feed: Input) -> Pixels:
    """Resize the shorter side to size / crop, rounded down as in timm, and crop the centre: (size, size, 3) uint8."""
    from torchvision.transforms import InterpolationMode  # two seconds, which a grid that is finished need not take
    from torchvision.transforms.v2 import functional as transforms

    side = int(feed.size / feed.crop + 1e-6)  # 192 / (192 / 236) must give 236
    if min(image.size) != side:  # the checks of torchvision take longer than a small image that fits
        image = transforms.resize(image, [side], InterpolationMode(feed.interpolation), antialias=True)
    if image.size != (feed.size, feed.size):
        image = transforms.center_crop(image, [feed.size])
    return np.array(image)


def normalise(pixels: Pixels, feed: Input) -> torch.Tensor:
    """Turn (b, size, size, 3) uint8 into (b, 3, size, size) float32: from 0 to 1, less the mean, by the deviation.

    In numpy, which gives the same bits as torch and no thread pool that spins: 0.004 against 0.6 ms an image of
    32 px on busy cores.
    """
    scaled = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)).astype(np.float32)
    mean, std = (np.array(values, np.float32).reshape(3, 1, 1) for values in (feed.mean, feed.std))
    scaled /= np.float32(255)
    scaled -= mean
    scaled /= std
    return torch.from_numpy(scaled)
