"""How well a network does on held-out images: neighbours, a linear probe on its pooled output, a fine-tuned head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from simzoo.catalog import Catalog
from simzoo.errors import UndefinedError
from simzoo.images.find import evaluation_split, open_data
from simzoo.images.sampling import sample
from simzoo.measures.geometry.labels import knn_accuracy
from simzoo.measures.geometry.probe import linear_probe
from simzoo.models.load import Model
from simzoo.representations.extraction import extract
from simzoo.representations.representation import Representation
from simzoo.table.shares import wilson

TEST_IMAGES, SUPPORT_IMAGES = 1_000, 5_000
MEASURES = {"knn": knn_accuracy, "probe": linear_probe}


def held_out(
    model: Model, data: str, wanted: Sequence[str], *, device: str = "cpu", shelves: Catalog | None = None
) -> dict[str, float | None]:
    """Return the accuracies `wanted` (`knn`, `probe`) on at most 1,000 test images; None where one is undefined.

    At most 5,000 training images vote or are fitted (both numbers are ours).
    """
    sides = []
    for split, most in ((evaluation_split(data, shelves), TEST_IMAGES), ("train", SUPPORT_IMAGES)):
        images = open_data(data, split, shelves)
        chosen = sample(images, most)
        sides += extract(model, images, chosen, "final", model.pool, device=device)
    test, support = sides
    found: dict[str, float | None] = {}
    for name in wanted:
        try:
            found[name] = float(MEASURES[name](test, test.labels, support=(support, support.labels)))
        except UndefinedError:
            found[name] = None
    return found


def held_out_accuracy(model: Model, data: str, *, device: str = "cpu", shelves: Catalog | None = None) -> float | None:
    """Return the kNN accuracy that is stored with trained weights; `compare` measures it anew with an interval."""
    return held_out(model, data, ("knn",), device=device, shelves=shelves)["knn"]


def head_accuracy(
    model: Model, head: tuple[Tensor, Tensor], data: str, *, device: str = "cpu", shelves: Catalog | None = None
) -> dict[str, Any]:
    """Return the accuracy of a fine-tuned head on at most 1,000 test images, with Wilson's interval and how many."""
    images = open_data(data, evaluation_split(data, shelves), shelves)
    x = extract(model, images, sample(images, TEST_IMAGES), "final", model.pool, device=device)[0]
    right = head_hits(x, head)
    low, high = wilson(int(right.sum()), len(right))
    return {"value": float(right.mean()), "low": low, "high": high, "n": len(right)}


def head_hits(x: Representation, head: tuple[Tensor, Tensor]) -> npt.NDArray[np.bool_]:
    """Say of each image whether a linear head on its features is right."""
    weight, bias = (part.detach().cpu() for part in head)
    predicted = (torch.from_numpy(np.array(x.values)) @ weight.T + bias).argmax(1).numpy()
    right: npt.NDArray[np.bool_] = predicted == x.labels
    return right
