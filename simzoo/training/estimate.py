"""How long a training will take: a few steps of the real loop's work, timed."""

from __future__ import annotations

import time

import torch

from simzoo.catalog import Catalog
from simzoo.errors import TrainingError
from simzoo.names import Spec
from simzoo.training.loop import total
from simzoo.training.prepare import Run, prepare

PROBE_IMAGES = 16


def estimate_seconds(spec: Spec, *, device: str = "cpu", shelves: Catalog | None = None) -> float:
    """Return the estimated seconds of a training, from one timed step on 16 of its images after a step to warm up.

    An objective that refuses so few by a `TrainingError` (one that whitens a batch, say) gets a whole batch. Right to a
    factor of two or so: it leaves out reading, and larger batches run somewhat faster.
    """
    run = prepare(spec, device=device, shelves=shelves, timed=True)
    settings = run.training.settings
    whole = min(settings.batch_size, len(run.images))
    count = min(PROBE_IMAGES, whole)
    try:
        seconds = _step(run, count, device)
    except TrainingError:
        if count == whole:
            raise
        count = whole
        seconds = _step(run, count, device)
    return seconds * settings.epochs * len(run.images) / count


def _step(run: Run, count: int, device: str) -> float:
    """Return the seconds that the second of two steps takes."""
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        loss = total(run.objective.loss(run.batch(run.images.take(0, range(count)).to(device))))
        torch.autograd.backward(loss)
        seconds = time.perf_counter() - started
    return seconds
