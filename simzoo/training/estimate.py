"""How long a training will take: a few steps of the real loop's work, timed."""

from __future__ import annotations

import time

import torch

from simzoo.catalog import Catalog
from simzoo.names import Spec
from simzoo.training.loop import total
from simzoo.training.prepare import prepare

PROBE_IMAGES = 16


def estimate_seconds(spec: Spec, *, device: str = "cpu", shelves: Catalog | None = None) -> float:
    """Return the estimated seconds of a training, from one timed step on 16 of its images after a step to warm up.

    Right to a factor of two or so: it leaves out reading, and larger batches run somewhat faster.
    """
    run = prepare(spec, device=device, shelves=shelves, timed=True)
    count = min(PROBE_IMAGES, len(run.images))
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        loss = total(run.objective.loss(run.batch(run.images.take(0, range(count)).to(device))))
        torch.autograd.backward(loss)
        seconds = time.perf_counter() - started
    return seconds * run.training.settings.epochs * len(run.images) / count
