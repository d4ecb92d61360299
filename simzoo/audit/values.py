"""What shape a model's features have: spectrum, dimension, uniformity, neural collapse, and what augmentations move."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from simzoo.catalog import Catalog
from simzoo.errors import InputError, UndefinedError
from simzoo.images.augment import drawn
from simzoo.images.imageset import ImageSet
from simzoo.measures.evaluate import evaluate
from simzoo.models.load import Model
from simzoo.representations.extraction import extract
from simzoo.representations.representation import Representation

MEASURES = (
    *("effective_rank", "rankme", "participation_ratio", "stable_rank", "alpha_req", "twonn", "mle_id"),
    *("uniformity", "anisotropy", "neural_collapse", "cdnv", "class_separation"),
)
AUGMENTATIONS = ("crop", "flip", "colorjitter", "rotate", "augs")
DRAWS = 2
MOVED = 64  # images that are augmented: the profile is a mean over them


def describe(
    features: Representation, head: tuple[torch.Tensor, torch.Tensor] | None, seed: int, shelves: Catalog
) -> list[dict[str, Any]]:
    """Return one row for each field of each measure: its value, or why it has none."""
    rows: list[dict[str, Any]] = []
    labels = features.labels
    fits = head is not None and labels is not None and int(labels.max()) < len(head[0])
    for name in MEASURES:
        sheet = shelves.measures[name].sheet
        about = {"measure": name, "larger": sheet.larger, "summary": sheet.summary}
        given: dict[str, Any] = {"labels": labels} if "labels" in sheet.needs else {}
        if "labels" in sheet.needs and labels is None:
            rows.append({**about, "field": "value", "value": None, "reason": "the images have no labels"})
            continue
        if name == "neural_collapse" and fits:
            given["classifier"] = head
        try:
            values = _evaluated(sheet, features, seed, given)
        except (UndefinedError, InputError) as error:
            rows.append({**about, "field": "value", "value": None, "reason": error.what})
            continue
        rows += [{**about, "field": field, "value": value, "reason": ""} for field, value in values.items()]
    return rows


def _evaluated(sheet: Any, features: Representation, seed: int, given: dict[str, Any]) -> dict[str, float]:
    drawn_by = {"seed": seed} if sheet.stochastic else {}
    try:
        return evaluate(sheet, features, **given, **drawn_by)
    except (UndefinedError, InputError):
        if "classifier" not in given:
            raise
        return evaluate(sheet, features, labels=given["labels"], **drawn_by)  # the head is of other classes


def spectrum(features: Representation, most: int = 200) -> list[float]:
    """Return the shares of variance along the principal directions, the largest first."""
    centred = torch.as_tensor(np.asarray(features.values), dtype=torch.float64)
    values = torch.linalg.svdvals(centred - centred.mean(0)).square()
    total = float(values.sum())
    return [float(value) / total for value in values[:most]] if total else []


def invariances(
    model: Model, images: ImageSet, indices: list[int], *, seed: int, shelves: Catalog, device: str
) -> dict[str, float | None]:
    """Return how little each augmentation moves the features (measure `invariance`, field `clean`); None: undefined."""
    some = indices[:: max(1, len(indices) // MOVED)][:MOVED]
    clean = extract(model, images, some, "final", device=device)[0]
    sheet = shelves.measures["invariance"].sheet
    found: dict[str, float | None] = {}
    for name in AUGMENTATIONS:
        views = [
            extract(model, images, some, "final", draw=drawn(name, number, seed), device=device)[0]
            for number in range(DRAWS)
        ]
        try:
            found[name] = evaluate(sheet, clean, views=views)["clean"]
        except (UndefinedError, InputError):
            found[name] = None
    return found
