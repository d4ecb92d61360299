"""What a report must know beside the numbers, as plain data, gathered from the cards and the store."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from simzoo.errors import WeightsError
from simzoo.grid.drive import LIBRARIES
from simzoo.grid.parts import without_parts
from simzoo.grid.plan import blocks_of
from simzoo.grid.run import Run
from simzoo.grid.source import Source
from simzoo.grid.study import Study
from simzoo.grid.work import extraction_facts
from simzoo.images.division import parse
from simzoo.images.duplicates import duplicates
from simzoo.images.find import open_data, splits
from simzoo.images.imageset import looks_grey, notes_of
from simzoo.images.sampling import sample
from simzoo.registries import references
from simzoo.storage import weights_shelf
from simzoo.table.schema import Table


def table_of(run: Run) -> Table:
    """Return the rows of a finished run with everything that a report needs beside them.

    `context["datasets"]` says what was looked at, one mapping for each data set; `context["data"]` is the first.
    `context["half_samples"]` holds the values of half-samples of measures that give them cheaply.
    """
    rows, parts = without_parts(run.rows())
    sheets = run.store.sheets(zip(rows["measure"], rows["version"], strict=True))
    sources = {source.name: source for study in run.studies for source in (*study.models, *study.accuracy_only)}
    models = {name: model_facts(run, source) for name, source in sources.items()}
    shown = {source.name: source for study in run.studies for source in study.models}
    of_data = {study.data: study for study in run.studies}
    datasets = [data_facts(run, study) for study in of_data.values()]
    notes = [note for about in datasets for note in about["notes"]]
    notes += [note for source in shown.values() for note in _notes(source)]
    notes += [note for study in of_data.values() for note in _grey(run, study)]
    context = {
        "half_samples": parts,
        "data": datasets[0],
        "datasets": datasets,
        "notes": notes,
        "references": _cited(run, [*sheets.values(), *models.values()]),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    return Table(rows, sheets, models, context)


def data_facts(run: Run, study: Study) -> dict[str, Any]:
    """Return what was looked at: the data set, the split, how many images, those that did not decode, and what to note.

    The notes say how the set was divided, which images lie on both sides, and what models saw of them in training.
    """
    images = open_data(study.data, study.split, run.shelves)
    header = _extraction(run, study.models[0], study)
    trains = study.split != "train" and "train" in splits(study.data, run.shelves)
    twins = duplicates(images, [open_data(study.data, "train", run.shelves)] if trains else [])
    return {
        "name": study.data,
        "split": study.split,
        "classes": len(images.classes),
        "images": len(images),
        "n": header.get("n"),
        "left_out": header.get("left_out", []),
        "notes": [*notes_of(images), *(f"{images.name}: {twin}" for twin in twins), *_seen(study)],
        "duplicates": [asdict(twin) for twin in twins],
    }


def model_facts(run: Run, source: Source) -> dict[str, Any]:
    """Return what is known of a model: its card, its training, its size, and the name of its untrained twin."""
    extracted = _extraction(run, source)
    facts: dict[str, Any] = {
        "name": source.name,
        "key": _key(run, source),
        "pool": source.pool,
        "parameters": extracted.get("parameters"),
        "feed": extracted.get("feed"),
        "seed": source.seed,
        "untrained": None,
    }
    if source.features is not None:
        return facts | {"backbone": "features in a file", "objective": "unknown", "trained_on": "unknown"}
    if source.spec is None:
        return facts | {"backbone": "a module given in Python", "objective": "unknown", "trained_on": "unknown"}
    card, training = source.spec.card, source.spec.training
    wanted = ("backbone", "objective", "paradigm", "trained_on", "licence", "reference", "source", "stem", "summary")
    facts |= {name: getattr(card, name) for name in wanted}
    if source.untrained is not None:
        facts["untrained"] = source.untrained.name
    if training is not None:
        made = weights_shelf().get(_key(run, source))
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


def _extraction(run: Run, source: Source, study: Study | None = None) -> dict[str, Any]:
    """What is known of one extraction of a model from images that were measured: from the results, or the shelf."""
    splits_of = {(each.data, each.split) for each in ([study] if study else run.studies)}
    key = _key(run, source)
    for block in blocks_of(run.graph, "extract"):
        fits = block.spec["model"] == key and (block.spec["data"][0], block.spec["split"]) in splits_of
        if fits and (facts := run.store.extraction(block.key) or extraction_facts(block.key)):
            return facts
    return {}


def _key(run: Run, source: Source) -> str:
    """The key of a model; empty where its weights cannot be found."""
    try:
        return source.key(run.shelves)
    except WeightsError:
        return ""


def _notes(source: Source) -> list[str]:
    if source.model is not None and source.model.fed_by.startswith("wrap"):
        return [f"{source.name} is fed by {source.model.fed_by}"] if "," in source.model.fed_by else []
    if source.model is not None:
        return [f"{source.name} was given as a bare module and fed by {source.model.fed_by}"]
    training, card = (source.spec.training, source.spec.card) if source.spec else (None, None)
    short = [f"{source.name}: shortened training, {training.shortened}"] if training and training.shortened else []
    return short + (
        [f"{source.name}: non-commercial use only ({card.licence})"] if card and card.non_commercial else []
    )


def _grey(run: Run, study: Study) -> list[str]:
    """What an augmentation that works on colour cannot do to images that have none."""
    colourful = {
        block.draw.augmentation
        for block in blocks_of(run.graph, "extract")
        for operation in block.draw.operations
        if operation.part.sheet.facts["colour"]
    }
    if not colourful:
        return []
    images = open_data(study.data, study.split, run.shelves)
    if not looks_grey(images, sample(images, study.n)):
        return []
    return [f"{study.data} is grey: of {' and '.join(sorted(colourful))}, hue and saturation do nothing to its images"]


def _seen(study: Study) -> list[str]:
    """Warn of models that were trained on the same images under another division, so on some of the test images."""
    source, division = parse(study.data)
    trained = {model.spec.training.data for model in study.models if model.spec and model.spec.training}
    other = sorted(name for name in trained if parse(name)[0] == source and parse(name)[1] != division)
    return [
        f"models trained on {name} have seen test images of {study.data}: it is divided otherwise" for name in other
    ]


def _cited(run: Run, parts: list[dict[str, Any]]) -> dict[str, str]:
    """The entries of the references that the parts name, by key."""
    known = references(run.shelves)
    keys = {part.get("reference") for part in parts}
    return {key: text for key, text in known.items() if key in keys}
