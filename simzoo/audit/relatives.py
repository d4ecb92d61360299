"""Which models in the store see these images most alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from simzoo.catalog import Catalog
from simzoo.errors import SimzooError
from simzoo.measures.evaluate import evaluate
from simzoo.models.load import Model
from simzoo.representations.representation import Representation
from simzoo.representations.store import open_representations
from simzoo.storage import representations_shelf

LEAST = 50  # images in common
SHOWN = 5


def relatives(features: Representation, model: Model, shelves: Catalog) -> list[dict[str, Any]]:
    """Return the models whose stored final features of these images are most alike by unbiased CKA, the best first."""
    sheet, shelf = shelves.measures["cka_unbiased"].sheet, representations_shelf()
    place = {image_id: row for row, image_id in enumerate(features.ids)}
    best: dict[str, dict[str, Any]] = {}
    for stored in shelf.keys():  # noqa: SIM118 - a shelf is no mapping
        try:
            about = shelf.facts(stored)
        except SimzooError:
            continue
        if not _compares(about, features, model):
            continue
        common = [(row, place[image_id]) for row, image_id in enumerate(about["ids"]) if image_id in place]
        other = _final(stored) if len(common) >= LEAST else None
        if other is None:
            continue
        theirs, ours = (np.array(rows) for rows in zip(*common, strict=True))
        try:
            value = evaluate(sheet, features.take(ours), other.take(theirs))["value"]
        except SimzooError:
            continue
        name = other.model
        if name not in best or len(common) > best[name]["n"]:
            best[name] = {"model": name, "cka": value, "n": len(common)}
    return sorted(best.values(), key=lambda one: -one["cka"])[:SHOWN]


def _compares(about: dict[str, Any], features: Representation, model: Model) -> bool:
    same = (about.get("data"), about.get("split"), about.get("augmentation")) == (features.data, features.split, "none")
    fed = {key: value for key, value in about.get("feed", {}).items() if key != "by"}
    return same and (about.get("model_key") != model.key or fed != model.feed.model_dump(mode="json"))


def _final(stored: str) -> Representation | None:
    try:
        return next((one for one in open_representations(stored) or () if one.kind == "final"), None)
    except SimzooError:
        return None
