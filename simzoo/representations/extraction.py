"""Extraction: all asked taps of a model over a set of images in one pass, pooled on the fly, streamed to the store."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from simzoo.errors import DataError, InputError
from simzoo.images.augment import CLEAN, Draw
from simzoo.images.batches import Batches, batches
from simzoo.images.imageset import ImageSet
from simzoo.mkl import settle
from simzoo.models.load import Model
from simzoo.models.pooling import Pool, pooling
from simzoo.models.tap import Tap
from simzoo.models.taps import forward_taps
from simzoo.representations.representation import Representation
from simzoo.representations.store import NUMBER, TapWriter, mapped, representations_of
from simzoo.storage import representations_shelf

if TYPE_CHECKING:
    from simzoo.progress import Step

EXTRACTOR_VERSION = 2  # raised when the same images at the same taps would give other numbers
BATCH_SIZE = 64  # ours; the numbers do not depend on it beyond the last bits
SHOWN = 3  # images or taps that a message lists


def extract(
    model: Model,
    images: ImageSet,
    indices: Sequence[int],
    taps: str,
    pool: str | None = None,
    *,
    draw: Draw = CLEAN,
    key: str | None = None,
    batch_size: int = BATCH_SIZE,
    device: str | None = None,
    progress: Step | None = None,
) -> list[Representation]:
    """Return one representation for each tap, all from one pass over the images.

    Args:
        model: a frozen model.
        images: one split of a data set.
        indices: which of its images, in the order of the rows.
        taps: presets, tap names or globs (see `simzoo.models.taps.find_taps`).
        pool: `gap`, `cls`, `flatten`, `grid:K`; None takes the model's own.
        draw: what is done to the images before the model sees them (see `simzoo.images.augment.drawn`).
        key: where to keep the result in the store. What is there already is opened; without a key nothing is stored.
        batch_size: how many images pass the network at once.
        device: where the network runs; None leaves it where it is.
        progress: told of each batch.
    """
    if not len(indices):
        raise DataError(
            f"no images of {images.name} ({images.split}) were asked for",
            expected="one image or more",
            got="0",
            next_step="--n 1000, or leave --n off",
        )
    settle()
    network = model.module.eval()
    if device is not None:
        network.to(device)
    wanted, pool = model.taps(taps), pool or model.pool
    facts: dict[str, Any] = {
        "extractor": EXTRACTOR_VERSION,
        "model": model.name,
        "model_key": model.key,
        "seed": model.seed,
        "parameters": model.parameters,
        "feed": {**model.feed.model_dump(mode="json"), "by": model.fed_by},
        "data": images.name,
        "split": images.split,
        "pool": pool,
        "augmentation": draw.augmentation,
        "strength": draw.strength,
        "draw": draw.number,
        "drawn": draw.facts if draw.operations else None,
    }
    runs_on = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    loaded, pool_batch = batches(images, indices, model.feed, batch_size, draw=draw, device=runs_on), pooling(pool)
    if key is None:
        memory = BytesIO()
        facts |= _pass(model, loaded, wanted, memory, pool=pool_batch, progress=progress)
        return representations_of(np.frombuffer(memory.getbuffer(), NUMBER), facts)
    shelf = representations_shelf()
    with shelf.lock(key):
        if stored := shelf.get(key):
            return mapped(stored)

        def write(path: Path) -> None:
            with path.open("wb+") as file:
                facts.update(_pass(model, loaded, wanted, file, pool=pool_batch, progress=progress))

        return mapped(shelf.put(key, facts, write))


@torch.inference_mode()
def _pass(
    model: Model, loaded: Batches, taps: Sequence[Tap], file: BinaryIO, *, pool: Pool, progress: Step | None
) -> dict[str, Any]:
    """Write the pooled outputs of all taps, and return the facts that are known only at the end."""
    writer = TapWriter(file, len(loaded.indices))
    ids: list[str] = []
    labels: list[int] = []
    broken = torch.zeros(len(taps), dtype=torch.int64)
    done = 0
    for batch in loaded:
        pooled = forward_taps(model.module, batch.pixels, taps, pool)
        rows = [pooled[tap].float().cpu() for tap in taps]
        broken += _not_finite(rows)
        writer.append([matrix.numpy() for matrix in rows])
        ids += batch.ids
        labels += batch.labels.tolist()
        if progress:
            progress.advance(int(batch.rows[-1]) + 1 - done)
        done = int(batch.rows[-1]) + 1
    _all_finite(model.name, taps, broken.tolist(), len(ids))
    _tell(loaded)
    places = writer.finish()
    described = [
        {"name": tap.name, "kind": tap.kind, "depth": tap.depth, **place}
        for tap, place in zip(taps, places, strict=True)
    ]
    return {"taps": described, "ids": ids, "labels": labels, "left_out": [list(pair) for pair in loaded.left_out]}


def _not_finite(rows: Sequence[Tensor]) -> Tensor:
    """Count the rows of each tap that are not finite; one such number spoils a sum, so sums tell quickly of none."""
    if torch.stack([matrix.sum() for matrix in rows]).isfinite().all():
        return torch.zeros(len(rows), dtype=torch.int64)
    return torch.stack([(~matrix.isfinite().all(1)).sum() for matrix in rows])


def _all_finite(model: str, taps: Sequence[Tap], broken: Sequence[int], n: int) -> None:
    bad = [(tap.name, count) for tap, count in zip(taps, broken, strict=True) if count]
    if bad:
        listed = ", ".join(f"{name} ({count} of {n} images)" for name, count in bad[:SHOWN])
        raise InputError(
            f"{model} gives features that are not finite",
            expected="finite numbers at every tap",
            got=f"{listed}{', ...' if len(bad) > SHOWN else ''}; {len(bad)} of {len(taps)} taps",
            next_step="check the weights and how the model is fed (simzoo show NAME), or name taps before these",
        )


def _tell(loaded: Batches) -> None:
    if left_out := loaded.left_out:
        listed = "; ".join(f"{image_id}: {reason}" for image_id, reason in left_out[:SHOWN])
        warnings.warn(
            f"{len(left_out)} of {len(loaded.indices)} images of {loaded.images.name} ({loaded.images.split}) do not "
            f"decode and were left out: {listed}{'; ...' if len(left_out) > SHOWN else ''}",
            stacklevel=4,
        )
