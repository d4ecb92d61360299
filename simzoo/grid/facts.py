"""What a report must know beside the numbers, as plain data, gathered from the cards and the store."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from simzoo.grid.run import LIBRARIES, Run
from simzoo.grid.study import Source
from simzoo.images.find import open_data
from simzoo.images.imageset import looks_grey
from simzoo.images.sampling import sample
from simzoo.registries import references
from simzoo.storage import representations_shelf, weights_shelf
from simzoo.table.schema import Table


def table_of(run: Run) -> Table:
    """Return the rows of a finished run with everything that a report needs beside them."""
    rows = run.rows()
    sheets = run.store.sheets(zip(rows["measure"], rows["version"], strict=True))
    models = {source.name: model_facts(run, source) for source in (*run.study.models, *run.study.accuracy_only)}
    context = {
        "data": data_facts(run),
        "notes": [*(note for source in run.study.models for note in _notes(source)), *_grey(run)],
        "references": _cited(run, [*sheets.values(), *models.values()]),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    return Table(rows, sheets, models, context)


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


def model_facts(run: Run, source: Source) -> dict[str, Any]:
    """Return what is known of a model: its card, its training, its size, and the name of its untrained twin."""
    extracted = _extraction(run, source)
    facts: dict[str, Any] = {
        "name": source.name,
        "key": source.key(run.shelves),
        "pool": source.pool,
        "parameters": extracted.get("parameters"),
        "feed": extracted.get("feed"),
        "seed": source.seed,
        "untrained": None,
    }
    if source.spec is None:
        return facts | {"backbone": "a module given in Python", "objective": "unknown", "trained_on": "unknown"}
    card, training = source.spec.card, source.spec.training
    wanted = ("backbone", "objective", "paradigm", "trained_on", "licence", "reference", "source", "stem", "summary")
    facts |= {name: getattr(card, name) for name in wanted}
    if source.untrained is not None:
        facts["untrained"] = source.untrained.name
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


def _notes(source: Source) -> list[str]:
    if source.model is not None and source.model.fed_by.startswith("wrap"):
        return [f"{source.name} is fed by {source.model.fed_by}"] if "," in source.model.fed_by else []
    if source.model is not None:
        return [f"{source.name} was given as a bare module and fed by {source.model.fed_by}"]
    training = source.spec.training if source.spec else None
    return [f"{source.name}: shortened training, {training.shortened}"] if training and training.shortened else []


def _grey(run: Run) -> list[str]:
    """What an augmentation that works on colour cannot do to images that have none."""
    colourful = {
        block.draw.augmentation
        for block in run.blocks
        for operation in block.draw.operations
        if operation.part.sheet.facts["colour"]
    }
    study = run.study
    if not colourful:
        return []
    images = open_data(study.data, study.split, run.shelves)
    if not looks_grey(images, sample(images, study.n)):
        return []
    return [f"{study.data} is grey: of {' and '.join(sorted(colourful))}, hue and saturation do nothing to its images"]


def _cited(run: Run, parts: list[dict[str, Any]]) -> dict[str, str]:
    """The entries of the references that the parts name, by key."""
    known = references(run.shelves)
    keys = {part.get("reference") for part in parts}
    return {key: text for key, text in known.items() if key in keys}
