"""How right a model is: its own head where the labels are its classes, nearest neighbours and a linear probe."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simzoo.catalog import Catalog
from simzoo.errors import UndefinedError
from simzoo.measures.evaluate import evaluate
from simzoo.representations.representation import Representation
from simzoo.table.shares import wilson

PROBES = {"knn_accuracy": "knn_accuracy", "linear_probe": "linear_accuracy"}  # measure -> its name here


def scores(
    features: Representation,
    logits: Representation | None,
    train: Representation | None,
    classes: int,
    shelves: Catalog,
) -> dict[str, Any]:
    """Return top1, top5, knn_accuracy and linear_accuracy (None where undefined), intervals, and why there is none.

    Accuracies are shares from 0 to 1. Their intervals are Wilson's: what is learnt from stays as it is.
    """
    found: dict[str, Any] = {"top1": None, "top5": None, **dict.fromkeys(PROBES.values())}
    intervals: dict[str, tuple[float, float]] = {}
    undefined: dict[str, str] = {}
    for name, hits in _own_head(logits, classes, undefined).items():
        found[name] = float(hits.mean())
        intervals[name] = wilson(int(hits.sum()), len(hits))
    for measure, name in PROBES.items():
        if features.labels is None:
            undefined[name] = "the images have no labels"
            continue
        if train is None and measure == "linear_probe":
            undefined[name] = "the data has no training images to learn from"
            continue
        sheet = shelves.measures[measure].sheet
        given: dict[str, Any] = {"labels": features.labels, "support": train}
        try:
            found[name] = evaluate(sheet, features, **given)["value"]
            intervals[name] = wilson(round(found[name] * len(features)), len(features))
        except UndefinedError as error:
            undefined[name] = f"{error.what} (expected {error.expected}, got {error.got})"
    chance = 1 / classes if classes else None
    return {**found, "intervals": intervals, "undefined": undefined, "chance": chance}


def _own_head(
    logits: Representation | None, classes: int, undefined: dict[str, str]
) -> dict[str, npt.NDArray[np.bool_]]:
    reason = None
    if logits is None:
        reason = "the model has no head"
    elif logits.labels is None:
        reason = "the images have no labels"
    elif logits.values.shape[1] != classes:
        reason = f"its head has {logits.values.shape[1]} classes and the data {classes}"
    if logits is None or reason is not None:
        undefined |= dict.fromkeys(("top1", "top5"), reason or "")
        return {}
    scored = np.asarray(logits.values)
    right = np.take_along_axis(scored, np.asarray(logits.labels)[:, None], axis=1)
    # ties count against the model, so that a head that says the same of all classes is right of none
    rank = (scored >= right).sum(axis=1)
    if classes <= 5:
        undefined["top5"] = f"the data has {classes} classes"
        return {"top1": rank <= 1}
    return {"top1": rank <= 1, "top5": rank <= 5}
