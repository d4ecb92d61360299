"""The data sets whose own files torchvision reads, where they lie under `SIMZOO_DATA`. Nothing is ever fetched.

CIFAR's batches are pickles, which torchvision unpickles: it first compares each file's MD5 with the published one, and
refuses a file that differs unread. That check stands in its constructors, so the files are read by no other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from simzoo.errors import DataError
from simzoo.images.arrays import ArrayImages

SPLITS = ("train", "test")


@dataclass(frozen=True)
class Layout:
    """One data set: torchvision's class, a file or folder by which it is seen, and how a split is asked for."""

    kind: str
    marker: str
    by_train: bool = True


LAYOUTS = {
    "cifar10": Layout("CIFAR10", "cifar-10-batches-py"),
    "cifar100": Layout("CIFAR100", "cifar-100-python"),
    "mnist": Layout("MNIST", "MNIST"),
    "fashionmnist": Layout("FashionMNIST", "FashionMNIST"),
    "kmnist": Layout("KMNIST", "KMNIST"),
    "svhn": Layout("SVHN", "test_32x32.mat", by_train=False),
    "stl10": Layout("STL10", "stl10_binary", by_train=False),
}


def files_under(home: Path | None, name: str) -> Path | None:
    """Return the file or folder by which the data set of that name is seen under `home`, or None."""
    layout = LAYOUTS.get(name)
    place = home / layout.marker if home and layout else None
    # a name of the same letters is another folder's where the file system tells capitals apart, so ask the listing
    listed = home.iterdir() if home and home.is_dir() else ()
    return place if place in listed else None


def how_to_fetch(name: str, home: Path | None) -> str:
    """Return the command that fetches the files of a data set, for a person to type."""
    kind, by_train = LAYOUTS[name].kind, LAYOUTS[name].by_train
    folder = home or "FOLDER"
    sides = ("train=True", "train=False") if by_train else ("split='train'", "split='test'")
    calls = "; ".join(f"{kind}('{folder}', download=True, {side})" for side in (sides[:1] if by_train else sides))
    return f'python -c "from torchvision.datasets import {kind}; {calls}"' + ("" if home else " and SIMZOO_DATA=FOLDER")


def open_torchvision(home: Path, name: str, split: str) -> ArrayImages:
    """Open one split; it is read once a process as long as the files' times stay the same."""
    place = home / LAYOUTS[name].marker
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file())
    return _open(home, name, split, tuple(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=2)
def _open(home: Path, name: str, split: str, modified: tuple[int, ...]) -> ArrayImages:  # noqa: ARG001 - the key
    from torchvision import datasets

    layout = LAYOUTS[name]
    given: dict[str, Any] = {"train": split == "train"} if layout.by_train else {"split": split}
    try:
        opened = getattr(datasets, layout.kind)(str(home), download=False, **given)
    except Exception as error:  # torchvision raises RuntimeError, its readers OSError, ValueError and others
        raise DataError(
            f"torchvision's files of {name} cannot be read",
            expected=f"the published files under {home / layout.marker}, whole and unchanged",
            got=(str(error).splitlines() or [type(error).__name__])[0],
            next_step=f"fetch them again: {how_to_fetch(name, home)}",
        ) from error
    pixels = np.asarray(opened.data)
    if pixels.ndim == 4 and pixels.shape[1] == 3 and pixels.shape[3] != 3:
        pixels = pixels.transpose(0, 2, 3, 1)
    labels = np.asarray(opened.targets if layout.by_train else opened.labels, np.int64)
    classes = tuple(map(str, getattr(opened, "classes", range(10))))
    ids = tuple(f"{name}/{split}/{i:06d}" for i in range(len(labels)))
    return ArrayImages(name, split, classes, list(pixels), labels, ids)
