"""Representations as files for other tools: an archive of arrays, one array a tap, or dissimilarity matrices."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from simzoo.errors import UndefinedError, UsageError
from simzoo.representations.features import write_features
from simzoo.representations.representation import Representation
from simzoo.storage import atomic, file_name

RDMS = ("correlation", "cosine", "euclidean", "sqeuclidean")


def write_npz(folder: Path, taps: Sequence[Representation], rdm: str = RDMS[0]) -> list[Path]:  # noqa: ARG001
    """Write `features.npz`: ids, labels and one (n, d) array for each tap; `features:FILE.npz` names it as a model."""
    return [write_features(folder / "features.npz", taps)]


def write_npy(folder: Path, taps: Sequence[Representation], rdm: str = RDMS[0]) -> list[Path]:  # noqa: ARG001
    """Write `TAP.npy` for each tap, and `about.json` with the ids of the rows, the labels and the provenance."""
    written = []
    for tap in taps:
        path = folder / f"{file_name(tap.tap)}.npy"
        with atomic(path) as temporary, temporary.open("wb") as file:
            np.save(file, tap.values)
        written.append(path)
    first = taps[0]
    about: dict[str, Any] = {
        word: getattr(first, word) for word in ("model", "data", "split", "augmentation", "strength", "draw", "seed")
    }
    about["taps"] = [
        {"tap": tap.tap, "kind": tap.kind, "depth": tap.depth, "file": path.name}
        for tap, path in zip(taps, written, strict=True)
    ]
    about |= {"ids": first.ids, "labels": None if first.labels is None else first.labels.tolist()}
    with atomic(folder / "about.json") as temporary:
        temporary.write_text(json.dumps(about, indent=1))
    return [*written, folder / "about.json"]


def write_rdm(folder: Path, taps: Sequence[Representation], rdm: str = RDMS[0]) -> list[Path]:
    """Write `rdm.npz`: ids, labels, and for each tap its condensed dissimilarities, (n (n - 1) / 2,).

    `scipy.spatial.distance.squareform` makes the square matrix of one. `rdm` is a metric of `scipy`'s `pdist`;
    `correlation` is 1 - Pearson's r of two images' features.
    """
    from scipy.spatial.distance import pdist

    if rdm not in RDMS:
        raise UsageError(
            f"unknown dissimilarity {rdm!r}", expected=", ".join(RDMS), got=repr(rdm), next_step=f"--rdm {RDMS[0]}"
        )
    metric: Any = rdm  # one of scipy's own names
    made = []
    for tap in taps:
        values = pdist(np.asarray(tap.values, np.float64), metric=metric)
        if not np.isfinite(values).all():
            raise UndefinedError(
                f"the {rdm} dissimilarities of {tap.model} at {tap.tap} are not defined",
                expected="features that vary within each image"
                if rdm == "correlation"
                else "no image whose features are all zero",
                got=f"{int((~np.isfinite(values)).sum()):,} of {len(values):,} pairs undefined",
                next_step="--rdm euclidean, or name other --taps",
            )
        made.append(replace(tap, values=values))
    return [write_features(folder / "rdm.npz", made)]


FORMATS: dict[str, Callable[[Path, Sequence[Representation], str], list[Path]]] = {
    "npz": write_npz,
    "npy": write_npy,
    "rdm": write_rdm,
}
