"""What a report must know beside the numbers, as plain data, gathered from the cards and the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simzoo.grid.run import Run
from simzoo.grid.study import Source
from simzoo.images.find import open_data
from simzoo.storage import representations_shelf, weights_shelf


def data_facts(run: Run) -> dict[str, Any]:
    """Return what was looked at: the data set, the split, how many images, and those that did not decode."""
    study = run.study
    images = open_data(study.data, study.split, run.shelves)
    header = _extraction(run, study.models[0])
    return {
        "name": study.data,
        "split": study.split,
        "classes": len(images.classes),
        "images": len(images),
        "n": len(header.get("ids", [])) or None,
        "left_out": header.get("left_out", []),
    }


def model_facts(run: Run, source: Source, twins: Mapping[str, str]) -> dict[str, Any]:
    """Return a model's facts; `twins` names the untrained network of each model that has one."""
    extracted = _extraction(run, source)
    facts: dict[str, Any] = {
        "name": source.name,
        "key": source.key(run.shelves),
        "pool": source.pool,
        "parameters": extracted.get("parameters"),
        "feed": extracted.get("feed"),
        "seed": source.seed,
        "untrained": twins.get(source.name),
    }
    if source.spec is None:
        return facts | {"backbone": "a module given in Python", "objective": "unknown", "trained_on": "unknown"}
    card, training = source.spec.card, source.spec.training
    wanted = ("backbone", "objective", "paradigm", "trained_on", "licence", "reference", "source", "stem", "summary")
    facts |= {name: getattr(card, name) for name in wanted}
    if training is not None:
        made = weights_shelf().get(source.key(run.shelves))
        header = made.header if made else {}
        facts |= {
            "trained_on": training.data,
            "recipe": training.recipe,
            "epochs": training.settings.epochs,
            "train_images": header.get("train_images"),
            "train_seconds": header.get("seconds"),
            "stored_knn_accuracy": header.get("knn_accuracy"),
            "losses": header.get("losses"),
            "shortened": training.shortened,
        }
    return facts


def _extraction(run: Run, source: Source) -> dict[str, Any]:
    """The header of one extraction of a model from the images that were measured, if the store still holds it."""
    blocks = (block for block in run.blocks if block.kind == "extract" and block.spec["split"] == run.study.split)
    key = next(block.key for block in blocks if block.spec["model"] == source.key(run.shelves))
    held = representations_shelf().get(key)
    return held.header if held else {}
