"""Training images, read once where they fit, in an order that is a pure function of (seed, epoch, image id)."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import torch
from torch import Tensor

from simzoo.cards import Input
from simzoo.errors import DataError
from simzoo.images.batches import WORKERS, prepare
from simzoo.images.draws import uniforms
from simzoo.images.imageset import ImageSet

MARGIN = 8 / 7  # of the side that images are kept at, over that of a view: 256 for 224
SHARE_OF_MEMORY = 0.5  # that images may take, where they are augmented
AT_ONCE = 256  # images that are read before they are put where they stay
AHEAD = 2  # batches that are read while the network is at work


def draw_seed(*parts: object) -> int:
    """Return a 32-bit seed that depends on nothing but its arguments.

    >>> draw_seed(0, 3, "digits/0007") == draw_seed(0, 3, "digits/0007")
    True
    """
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:4], "little")


@dataclass(frozen=True)
class Share:
    """Which part of each batch a process trains on: every `count`-th image, from `rank` on."""

    rank: int = 0
    count: int = 1

    def device(self, name: str) -> str:
        """Return the device of this process: GPUs by their number, one CPU for all."""
        return f"cuda:{self.rank}" if self.count > 1 and name.startswith("cuda") else name


ALL = Share()


def whole_batches(images: int, batch_size: int, count: int = 1) -> tuple[int, int]:
    """Return the images of a batch and how many whole batches there are; each can be shared out among `count`.

    >>> whole_batches(1297, 64), whole_batches(33, 64, 2)
    ((64, 20), (32, 1))
    """
    batch = min(batch_size, images)
    batch -= batch % count
    return batch, images // batch


@dataclass(frozen=True)
class Pictures:
    """A batch of training images before any view is made of them, and what their views are drawn from.

    `raw` is (b, 3, h, w) in uint8; `labels` (b,); `seed` that of the draws of one epoch.
    """

    raw: Tensor
    labels: Tensor
    ids: tuple[str, ...]
    seed: int

    @cached_property
    def pixels(self) -> Tensor:
        """The images (b, 3, h, w) in float32, from 0 to 1."""
        return self.raw.float() / 255

    def numbers(self, operation: str, copy: int, count: int) -> npt.NDArray[np.float64]:
        """Return (b, count) numbers in [0, 1): a pure function of (seed, epoch, image id, copy, operation)."""
        return uniforms(self.seed, self.ids, copy, operation, count)

    def to(self, device: Any, **how: Any) -> Pictures:
        """Return the same on a device."""
        return replace(self, raw=self.raw.to(device, **how), labels=self.labels.to(device, **how))


class EpochOrder:
    """An order of the images that depends on the seed, the epoch and the image ids alone."""

    def __init__(
        self, ids: Sequence[str], seed: int, first: int = 0, share: Share = ALL, whole: int | None = None
    ) -> None:
        """Keep the ids; `first` is the epoch that a resumed training begins with, `whole` how many images it takes."""
        self.ids, self.seed, self.first, self.share = list(ids), seed, first, share
        self.whole = len(self.ids) if whole is None else whole
        self.epoch = first

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next pass yields, counted from the first; pytorch-lightning calls it."""
        self.epoch = self.first + epoch

    def __iter__(self) -> Iterator[int]:
        """Yield the places of the images in one epoch."""
        keys = [draw_seed("order", self.seed, self.epoch, name) for name in self.ids]
        order = sorted(range(len(keys)), key=keys.__getitem__)[: self.whole]
        yield from order[self.share.rank :: self.share.count]


class TrainingImages:
    """Images of a training split, square: `side` pixels, a margin more than a view where they are larger than one.

    Of an image that is not square the middle is taken. They are read once and kept where they are augmented, if they
    take no more than half of the free memory there; others are read again in each epoch.
    """

    def __init__(
        self,
        images: ImageSet,
        indices: Sequence[int],
        size: int,
        seed: int,
        device: str = "cpu",
        *,
        memory: float | None = None,
    ) -> None:
        """Read the images, or the first one; one that does not decode raises: a training must know what it saw.

        `size` is that of a view, `memory` which share of the free memory they may take to be kept; 0 keeps none.
        """
        self.images, self.indices, self.seed = images, list(indices), seed
        self.ids = [images.id(index) for index in self.indices]
        self.labels = torch.tensor([images.label(index) for index in self.indices], dtype=torch.int64)
        smaller = min(_picture(images, self.indices[0]).size) <= size
        self.side = size if smaller else round(MARGIN * size)
        share = SHARE_OF_MEMORY if memory is None else memory
        keep = len(self) * 3 * self.side**2 <= share * _free(device)
        self.kept = self._read_all(device) if keep else None

    def __len__(self) -> int:
        """Count the images."""
        return len(self.ids)

    def take(self, epoch: int, places: Sequence[int], pool: ThreadPoolExecutor | None = None) -> Pictures:
        """Return some images as they are in one epoch."""
        rows = torch.tensor(places)
        raw = self._read(places, pool) if self.kept is None else self.kept[rows.to(self.kept.device)]
        ids = tuple(self.ids[place] for place in places)
        return Pictures(raw, self.labels[rows], ids, draw_seed("view", self.seed, epoch))

    def _read_all(self, device: str) -> Tensor:
        """Read into place, some at a time: no image lies twice in memory."""
        kept = torch.empty((len(self), 3, self.side, self.side), dtype=torch.uint8, device=device)
        with ThreadPoolExecutor(WORKERS) as pool:
            for start in range(0, len(self), AT_ONCE):
                places = range(start, min(start + AT_ONCE, len(self)))
                kept[start : start + len(places)] = self._read(places, pool).to(device)
        return kept

    def _read(self, places: Sequence[int], pool: ThreadPoolExecutor | None) -> Tensor:
        read = list((pool.map if pool else map)(self._pixels, places))
        return torch.from_numpy(np.stack(read)).permute(0, 3, 1, 2).contiguous()

    def _pixels(self, place: int) -> npt.NDArray[np.uint8]:
        return prepare(_picture(self.images, self.indices[place]), Input(size=self.side))


def _picture(images: ImageSet, index: int) -> Any:
    try:
        return images.image(index)
    except (DataError, OSError) as error:
        raise DataError(
            f"{images.id(index)} of {images.name} ({images.split}) cannot be trained on",
            expected="an image that decodes",
            got=str(error).splitlines()[0],
            next_step="mend or remove the file: a training must know what it saw",
        ) from error


def _free(device: str) -> int:
    return int(torch.cuda.mem_get_info(device)[0]) if device.startswith("cuda") else psutil.virtual_memory().available


class Loader:
    """Batches in the order of each epoch from `first` on, or a share of each; what pytorch-lightning goes through.

    The last, short batch is left out (batch statistics, contrastive losses). Images that are not kept are read ahead by
    threads.
    """

    def __init__(self, images: TrainingImages, batch_size: int, first: int = 0, share: Share = ALL) -> None:
        """Choose the order; nothing is read yet."""
        batch, self.batches = whole_batches(len(images), batch_size, share.count)
        self.images, self.size = images, batch // share.count
        self.sampler = EpochOrder(images.ids, images.seed, first, share, batch * self.batches)
        self.waited = 0.0  # seconds, until somebody sets it back

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return self.batches

    def __iter__(self) -> Iterator[Pictures]:
        """Yield one epoch."""
        order, epoch = list(self.sampler), self.sampler.epoch
        chunks = [order[start : start + self.size] for start in range(0, len(order), self.size)]
        made = self._read_ahead(epoch, chunks) if self.images.kept is None else self._kept(epoch, chunks)
        started = time.perf_counter()
        for pictures in made:
            self.waited += time.perf_counter() - started
            yield pictures
            started = time.perf_counter()

    def _kept(self, epoch: int, chunks: list[list[int]]) -> Iterator[Pictures]:
        return (self.images.take(epoch, chunk) for chunk in chunks)

    def _read_ahead(self, epoch: int, chunks: list[list[int]]) -> Iterator[Pictures]:
        ahead: deque[Future[Pictures]] = deque()
        with ThreadPoolExecutor(AHEAD) as batches, ThreadPoolExecutor(WORKERS) as images:
            for chunk in chunks:
                ahead.append(batches.submit(self.images.take, epoch, chunk, images))
                if len(ahead) > AHEAD:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
