"""Training images in an order, and as views, that are pure functions of (seed, epoch, image id)."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from simzoo.errors import DataError
from simzoo.images.imageset import ImageSet

Views = Callable[[Any], list[Tensor]]


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


class EpochOrder(Sampler[tuple[int, int]]):
    """Yield `(epoch, index)` in an order that depends on the seed, the epoch and the image ids alone.

    The epoch travels with the index, so that workers need no state of their own.
    """

    def __init__(
        self, ids: Sequence[str], seed: int, first: int = 0, share: Share = ALL, whole: int | None = None
    ) -> None:
        """Keep the ids; `first` is the epoch that a resumed training begins with, `whole` how many images it takes."""
        self.ids, self.seed, self.first, self.share = list(ids), seed, first, share
        self.whole = len(self.ids) if whole is None else whole
        self.epoch = first  # workers fetch ahead before anybody names an epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next pass yields, counted from the first; pytorch-lightning calls it."""
        self.epoch = self.first + epoch

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield one epoch."""
        keys = [draw_seed("order", self.seed, self.epoch, name) for name in self.ids]
        order = sorted(range(len(keys)), key=keys.__getitem__)[: self.whole]
        yield from ((self.epoch, index) for index in order[self.share.rank :: self.share.count])

    def __len__(self) -> int:
        """Count the images."""
        return len(range(self.share.rank, self.whole, self.share.count))


class TrainingImages(Dataset[tuple[list[Tensor], int]]):
    """Images of a training split as views and labels, decoded once and kept in memory."""

    def __init__(self, images: ImageSet, indices: Sequence[int], views: Views, seed: int) -> None:
        """Decode the images; an image that does not decode raises, since a training must know what it saw."""
        self.pictures = [_picture(images, index) for index in indices]
        self.ids = [images.id(index) for index in indices]
        self.labels = [images.label(index) for index in indices]
        self.views, self.seed = views, seed

    def __len__(self) -> int:
        """Count the images."""
        return len(self.ids)

    def __getitem__(self, place: tuple[int, int]) -> tuple[list[Tensor], int]:
        """Return the views of one image in one epoch, and its label; the global generators stay as they were."""
        epoch, index = place
        seed = draw_seed("view", self.seed, epoch, self.ids[index])
        python, arrays = random.getstate(), np.random.get_state()  # noqa: NPY002 - lightly draws from the global one
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002 - the same
            try:
                return self.views(self.pictures[index]), self.labels[index]
            finally:
                random.setstate(python)
                np.random.set_state(arrays)  # noqa: NPY002 - the same


def _picture(images: ImageSet, index: int) -> Image.Image:
    try:
        return images.image(index)
    except (DataError, OSError) as error:
        raise DataError(
            f"{images.id(index)} of {images.name} ({images.split}) cannot be trained on",
            expected="an image that decodes",
            got=str(error).splitlines()[0],
            next_step="mend or remove the file: a training must know what it saw",
        ) from error


def loader(
    images: TrainingImages, batch_size: int, workers: int, first: int = 0, share: Share = ALL
) -> DataLoader[tuple[list[Tensor], int]]:
    """Return batches in the order of each epoch from `first` on, or a share of each.

    The last, short batch is left out (batch statistics, contrastive losses).
    """
    # a worker of a grid is spawned and would spawn its own, to which the views, closures, cannot be sent
    forks = "fork" in multiprocessing.get_all_start_methods()
    workers = workers if forks else 0
    batch, batches = whole_batches(len(images), batch_size, share.count)
    return DataLoader(
        images,
        batch_size=batch // share.count,
        sampler=EpochOrder(images.ids, images.seed, first, share, batch * batches),
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,
        drop_last=True,
        persistent_workers=workers > 0,
        generator=torch.Generator(),  # else starting workers, which resuming does anew, draws from the global one
    )
