"""The handwritten digits that scikit-learn bundles: real images without a download."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from simzoo.facts import dataset
from simzoo.images.imageset import missing_split

SPLITS = ("train", "test")
SIDE = 32


@dataclass(frozen=True, eq=False)
class Digits:
    """One split; `levels` are the 8 x 8 scans as uint8, `numbers` their places in scikit-learn's array."""

    split: str
    levels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    name: str = "digits"
    classes: tuple[str, ...] = tuple("0123456789")

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of scans, labels and numbers."""
        arrays = (self.levels, self.labels.astype("<i8"), self.numbers.astype("<i8"))
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.numbers)

    def id(self, i: int) -> str:
        """Return `digits/NUMBER`, the number being the scan's place in scikit-learn's array."""
        return f"digits/{self.numbers[i]:04d}"

    def image(self, i: int) -> Image.Image:
        """Return the scan, upsampled to 32 x 32 RGB."""
        return Image.fromarray(self.levels[i]).resize((SIDE, SIDE), Image.Resampling.BILINEAR).convert("RGB")

    def label(self, i: int) -> int:
        """Return the digit."""
        return int(self.labels[i])


@dataset(
    name="digits",
    version=1,
    reference="10.24432/C50P49",
    splits=SPLITS,
    classes=10,
    source="bundled by scikit-learn (UCI optical recognition of handwritten digits), CC BY 4.0",
)
def digits(split: str) -> Digits:
    """1,797 scanned digits, grey, 8 px upsampled to 32 px RGB; a fixed stratified split of 1,297 train and 500 test."""
    if split not in SPLITS:
        raise missing_split("digits", split, SPLITS)
    scans, labels, parts = _load()
    chosen = parts[SPLITS.index(split)]
    levels = np.rint(scans[chosen] / 16 * 255).astype(np.uint8)
    return Digits(split, levels, labels[chosen], chosen)


@cache
def _load() -> tuple[npt.NDArray[Any], npt.NDArray[np.int64], tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bundle = load_digits()
    labels = bundle.target.astype(np.int64)
    train, test = train_test_split(range(len(labels)), test_size=500, stratify=labels, random_state=0)
    return bundle.images, labels, (np.sort(np.asarray(train, np.int64)), np.sort(np.asarray(test, np.int64)))
