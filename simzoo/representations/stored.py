"""A file of features in the place of a model, and in the place of a data set: what a comparison makes of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from simzoo.catalog import Catalog
from simzoo.errors import DataError
from simzoo.facts import dataset
from simzoo.images.imageset import UNLABELLED, WHOLE, ImageSet, missing_split
from simzoo.representations.features import Features, open_features
from simzoo.representations.store import NUMBER
from simzoo.storage import Artifact, representations_shelf

SOURCE = "features:"


@dataclass(frozen=True)
class StoredImages:
    """The images that a file of features speaks of: ids and labels, without pixels."""

    features: Features
    name: str
    split: str = WHOLE

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels as text, up to the largest."""
        labels = self.features.labels
        return () if labels is None else tuple(str(label) for label in range(int(labels.max()) + 1))

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the file."""
        return self.features.key

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.features.ids)

    def id(self, i: int) -> str:
        """Return the id of row `i`."""
        return self.features.ids[i]

    def label(self, i: int) -> int:
        """Return the label of row `i`."""
        return UNLABELLED if self.features.labels is None else int(self.features.labels[i])

    def image(self, i: int) -> Image.Image:
        """Refuse: a file of features holds no pixels."""
        raise DataError(
            f"{self.name} holds features of images, not the images",
            expected="a data set with the images, for models that have to see them",
            got=f"only the id {self.id(i)!r}",
            next_step="--data NAME of the images whose ids the file holds, or compare files of features alone",
        )


def with_features(data: Any, shelves: Catalog) -> tuple[Any, Catalog]:
    """Return data, and a catalog that knows it where it is `features:FILE.npz`; all else only passes through."""
    if not isinstance(data, str) or not data.startswith(SOURCE):
        return data, shelves
    images = StoredImages(open_features(Path(data.removeprefix(SOURCE))), data)

    @dataset(name=data, splits=(WHOLE,), classes=len(images.classes), source="a file of features")
    def part(split: str) -> StoredImages:
        """Ids and labels of a file of features."""
        if split != WHOLE:
            raise missing_split(data, split, (WHOLE,))
        return images

    return data, shelves.with_dataset(part)


def keep(features: Features, images: ImageSet, indices: Sequence[int], *, name: str, taps: str, key: str) -> Artifact:
    """Put the rows of these images at these taps on the shelf, as an extraction would."""
    ids = [images.id(i) for i in indices]
    rows = features.rows_of(ids, images.name, images.split)
    labels = [images.label(i) for i in indices]
    if features.labels is not None and set(labels) == {UNLABELLED}:
        labels = features.labels[rows].tolist()
    found = features.taps(taps)
    first, offset, described = found[0], 0, []
    for tap in found:
        shape = [len(rows), len(rows) if tap.rdm else tap.shape[1]]
        described.append({"name": tap.tap, "kind": tap.kind, "depth": tap.depth, "offset": offset, "shape": shape})
        described[-1] |= {"rdm": True} if tap.rdm else {}
        offset += shape[0] * shape[1]
    facts: dict[str, Any] = {
        "model": name,
        "model_key": features.key,
        "seed": first.seed,
        "parameters": None,
        "feed": {"by": "file"},
    }
    facts |= {"data": images.name, "split": images.split, "pool": "as stored", "augmentation": first.augmentation}
    facts |= {"strength": first.strength, "draw": first.draw, "taps": described, "ids": ids, "labels": labels}

    def write(path: Path) -> None:
        with path.open("wb") as file:
            for tap in found:
                file.write(np.ascontiguousarray(tap.some(np.asarray(rows)), NUMBER).data)

    return representations_shelf().put(key, {**facts, "left_out": []}, write)
