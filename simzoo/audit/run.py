"""One audit: load, extract, measure, look for what is wrong, with the time that each part took."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from simzoo.api import load, one_spec, require_device
from simzoo.audit.accuracy import scores
from simzoo.audit.checks import warnings_of
from simzoo.audit.relatives import relatives
from simzoo.audit.values import describe, invariances, spectrum
from simzoo.catalog import catalog
from simzoo.errors import TapError
from simzoo.images.find import evaluation_split, open_data, splits
from simzoo.images.imageset import ImageSet, looks_grey
from simzoo.images.sampling import sample
from simzoo.models.load import Model
from simzoo.progress import Progress, Silent
from simzoo.representations.extraction import EXTRACTOR_VERSION, extract
from simzoo.representations.representation import Representation
from simzoo.storage import key_of

MOST_SUPPORT = 10_000  # training images that kNN and probe learn from: more cost minutes and move little
TIMED = 16  # blank images of the speed test


@dataclass
class Audit:
    """What an audit found, as plain data, and the features it was found of."""

    facts: dict[str, Any]
    features: Representation
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def as_dict(self) -> dict[str, Any]:
        """Return everything that `--json` prints."""
        return {**self.facts, "seconds": {name: round(value, 2) for name, value in self.seconds.items()}}


def audit(
    name: str,
    data: str | None = None,
    *,
    n: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Audit:
    """Audit one model on one data set: its test images (all, or at most `n`), learning from its training images."""
    progress, shelves, seconds = progress or Silent(), catalog(), dict[str, float]()
    require_device(device)
    with _timed(seconds, "load"):
        spec = one_spec(name)
        model = load(name, device=device)
    data = data or (spec.training.data if spec.training else "digits")
    split = evaluation_split(data, shelves)
    images = open_data(data, split, shelves)
    indices = sample(images, n)
    with _timed(seconds, "speed"):
        speed = _speed(model, device)
    with _timed(seconds, "extract"):
        taps = _taps(model)
        found = _extracted(model, images, indices, taps, progress=progress, device=device)
    features = next(one for one in found if one.kind == "final")
    logits = next((one for one in found if one.kind == "logits"), None)
    train = None
    if "train" in splits(data, shelves) and split != "train":
        with _timed(seconds, "extract the training images"):
            learnt = open_data(data, "train", shelves)
            rows = sample(learnt, MOST_SUPPORT)
            train = _extracted(model, learnt, rows, "final", progress=progress, device=device)[0]
    facts: dict[str, Any] = {"model": model.name, "data": data, "split": split, "n": len(features), "seed": seed}
    facts |= _identity(model, len(train) if train is not None else 0)
    facts |= {"speed": speed, "memory": _memory(model)}
    facts |= {"grey": looks_grey(images, indices), "classes": len(images.classes), "d": features.values.shape[1]}
    with _timed(seconds, "accuracy"):
        facts |= scores(features, logits, train, len(images.classes), seed=seed, shelves=shelves)
    with _timed(seconds, "geometry"):
        facts["values"] = describe(features, _head(model, features.values.shape[1]), seed, shelves)
        facts["spectrum"] = spectrum(features)
    with _timed(seconds, "invariance"):
        facts["invariance"] = invariances(model, images, indices, seed=seed, shelves=shelves, device=device)
    with _timed(seconds, "relatives"):
        facts["relatives"] = relatives(features, model, shelves)
    with _timed(seconds, "checks"):
        facts["warnings"] = warnings_of(model, images, indices, features, facts)
    seconds["all"] = sum(seconds.values())
    return Audit(facts, features, seconds)


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - start


def _taps(model: Model) -> str:
    try:
        model.taps("logits")
    except TapError:
        return "final"
    return "final,logits"


def _extracted(
    model: Model, images: ImageSet, indices: list[int], taps: str, *, progress: Progress, device: str
) -> list[Representation]:
    """Return the representations, kept in the store: the next audit and its relatives find them there."""
    ids = [images.id(i) for i in indices]
    key = key_of(
        {
            "audit": EXTRACTOR_VERSION,
            "model": model.key,
            "images": images.fingerprint,
            "ids": ids,
            "taps": taps,
            "pool": model.pool,
            "feed": model.feed.model_dump(mode="json"),
        }
    )
    with progress.step(f"{model.name}: {len(ids):,} images of {images.name} ({images.split})", len(ids)) as step:
        return extract(model, images, indices, taps, key=key, device=device, progress=step)


def _identity(model: Model, train: int) -> dict[str, Any]:
    card = model.spec.card if model.spec else None
    known = ("backbone", "licence", "source", "trained_on", "objective", "paradigm", "reference", "unverified", "notes")
    identity: dict[str, Any] = {name: getattr(card, name) for name in known} if card else {}
    weights = card.weights.model_dump(exclude_defaults=True) if card and card.weights else {}
    identity |= {"key": model.key, "non_commercial": bool(card and card.non_commercial), "weights": weights}
    identity |= {"feed": {**model.feed.model_dump(mode="json"), "by": model.fed_by}, "pool": model.pool}
    state = model.module.state_dict()
    finite = all(bool(value.isfinite().all()) for value in state.values() if value.is_floating_point())
    return {
        "identity": identity,
        "parameters": model.parameters,
        "load": {"tensors": len(state), "finite": finite, "missing": 0, "unexpected": 0},
        "train_images": train,
    }


def _head(model: Model, width: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Return weight and bias of a linear classifier that stands on the features, where the network has one."""
    last = [part for part in model.module.modules() if isinstance(part, torch.nn.Linear)]
    if last and last[-1].in_features == width and last[-1].bias is not None and model.pool == "gap":
        return last[-1].weight.detach(), last[-1].bias.detach()
    return None


@torch.inference_mode()
def _speed(model: Model, device: str) -> dict[str, Any]:
    size = model.feed.size
    pixels = torch.zeros(TIMED, 3, size, size, device=device)
    spent = []
    for _ in range(3):
        start = time.perf_counter()
        model.module(pixels)
        if pixels.is_cuda:
            torch.cuda.synchronize()
        spent.append(time.perf_counter() - start)
    best = float(np.min(spent))
    return {"images_per_second": TIMED / best, "ms_per_image": 1000 * best / TIMED, "batch": TIMED, "device": device}


def _memory(model: Model) -> dict[str, float]:
    held = sum(value.numel() * value.element_size() for value in model.module.state_dict().values())
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"weights_mib": held / 2**20, "peak_mib": peak / 2**20}
