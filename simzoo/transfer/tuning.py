"""Fine-tuning the best models of a report, and comparing them on the same test images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from simzoo.api import ready_to_train
from simzoo.errors import SimzooError, UsageError
from simzoo.grid.source import Source
from simzoo.images.find import open_data
from simzoo.images.sampling import sample
from simzoo.models.load import load
from simzoo.names import Spec, finetuned
from simzoo.progress import Progress
from simzoo.report.candidates import holm, mcnemar
from simzoo.representations.extraction import extract
from simzoo.table.shares import wilson
from simzoo.training.accuracy import head_hits
from simzoo.training.train import train
from simzoo.transfer.asked import TRAIN, Asked

Found = dict[str, Any]
Hits = npt.NDArray[np.bool_]


def fine_tuned(
    given: Asked,
    names: Sequence[str],
    recipe: str,
    *,
    n: int | None,
    epochs: int | None,
    seed: int,
    device: str,
    yes: bool,
    progress: Progress,
) -> dict[str, list[Found]]:
    """Return what came of fine-tuning these models: one entry each (`reason`: why there is none), one for each pair.

    Every model is trained on the training images (at most n) and judged on the same test images as the probes are.
    """
    sources = {source.name: source for source in given.models}
    specs, entries, hits = dict[str, Spec](), dict[str, Found](), dict[str, Hits]()
    for name in names:
        try:
            specs[name] = _spec(given, sources[name], recipe, n=n, epochs=epochs, seed=seed)
        except SimzooError as error:
            entries[name] = _lost(name, given, error)
    ready_to_train(list(specs.values()), device=device, yes=yes, progress=progress)  # one consent, to all of it
    for name, spec in specs.items():
        try:
            entry, hits[name] = _one(given, spec, n=n, device=device, progress=progress)
            entries[name] = {"model": name, **entry}
        except (SimzooError, RuntimeError, MemoryError) as error:
            entries[name] = _lost(name, given, error)
    pairs = [_pair(a, b, hits) for a, b in combinations(_ordered(hits), 2)]
    corrected = holm([one["p"] for one in pairs])
    return {
        "finetuned": [entries[name] for name in names],
        "finetuned_pairs": [{**one, "p": p} for one, p in zip(pairs, corrected, strict=True)],
    }


def _lost(name: str, given: Asked, error: Exception) -> Found:
    """Return the entry of a model that could not be fine-tuned, with the reason."""
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, SimzooError):
        reason = error.what + (f" ({error.got})" if error.got else "")
        reason += f"; {error.next_step}" if isinstance(error, UsageError) else ""
    return {"model": name, "name": f"{name}@@{given.data}", "reason": reason}


def _spec(given: Asked, source: Source, recipe: str, *, n: int | None, epochs: int | None, seed: int) -> Spec:
    if source.spec is None:
        raise UsageError(
            f"{source.name} cannot be fine-tuned",
            expected="a model with a name, under which the fine-tuned one is kept",
            got="a module given in Python, or a file of features",
            next_step="save its state dict with torch, then simzoo zoo add FILE --backbone BACKBONE",
        )
    changes = {} if epochs is None else {"epochs": epochs}
    if n is not None and n < len(open_data(given.data, TRAIN, given.shelves)):
        changes["train-images"] = n
    return finetuned(source.spec, given.data, recipe, changes=changes, seed=seed, shelves=given.shelves)


def _one(given: Asked, spec: Spec, *, n: int | None, device: str, progress: Progress) -> tuple[Found, Hits]:
    """Fine-tune one model, unless it is, and judge its head on the test images."""
    facts = train(spec, device=device, progress=progress, shelves=given.shelves).header
    model = load(spec, given.shelves, device)
    images = open_data(given.data, given.split, given.shelves)
    chosen = sample(images, n)
    with progress.step(f"{spec.name}: its head on {len(chosen):,} test images", len(chosen)) as step:
        x = extract(model, images, chosen, "final", model.pool, device=device, progress=step)[0]
    if model.classifier is None:
        raise UsageError(
            f"{spec.name} has no head of its own",
            expected="a model that fine-tuning made",
            got="weights without a head",
            next_step="simzoo cache prune, and run the same command again",
        )
    right = head_hits(x, model.classifier)
    low, high = wilson(int(right.sum()), len(right))
    entry = {"name": spec.name, "recipe": facts["recipe"], "epochs": facts["settings"]["epochs"]}
    entry |= {"train_images": facts["train_images"], "seconds": facts["seconds"]}
    entry |= {"accuracy": float(right.mean()), "low": low, "high": high, "n": len(right)}
    return entry, right


def _ordered(hits: dict[str, Hits]) -> list[str]:
    return sorted(hits, key=lambda name: -int(hits[name].sum()))


def _pair(a: str, b: str, hits: dict[str, Hits]) -> Found:
    only_a, only_b = int((hits[a] & ~hits[b]).sum()), int((hits[b] & ~hits[a]).sum())
    difference = (only_a - only_b) / len(hits[a])
    return {"a": a, "b": b, "difference": difference, "only_a": only_a, "only_b": only_b, "p": mcnemar(only_a, only_b)}
