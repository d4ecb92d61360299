"""`features:FILE.npz`: representations in a file, of any tool, one array a layer, rows named by `ids`.

    numpy.savez("dinov2.npz", ids=paths, labels=classes, layer3=x3, layer4=x4)

`ids` (text or whole numbers) name the images as the data set does; `labels` are optional; every other array is a layer,
(n, d), first to last. What `simzoo represent` writes is such a file, with its provenance in one more entry.

A layer may be dissimilarities of the images in place of features, of a brain or of behaviour: condensed, n (n - 1) / 2
numbers in the order of `scipy`'s `pdist`, or square, (n, n), symmetric with zeros on the diagonal: that is what tells.
`rsa`, `rsm_norm_difference` and `distance_correlation` take it as it is, other measures refuse it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simzoo.errors import DataError, TapError, UndefinedError, UsageError
from simzoo.images.imageset import file_hash
from simzoo.representations.representation import Representation
from simzoo.storage import atomic

IDS, LABELS, ABOUT = "ids", "labels", "simzoo"
PRESETS = ("blocks", "residual")
LAYOUT = "numpy.savez(FILE, ids=..., labels=..., LAYER=array of (n, d) or an RDM, ...)"
_KEPT = ("split", "model", "data", "augmentation", "strength", "draw", "seed")
SHOWN = 3


@dataclass(frozen=True, eq=False)
class Features:
    """The layers of one file; `split` is None where the file does not say."""

    path: Path
    layers: tuple[Representation, ...]

    @property
    def name(self) -> str:
        """The file's name, as it stands in tables."""
        return f"features:{self.path.name}"

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the rows."""
        return self.layers[0].ids

    @property
    def labels(self) -> npt.NDArray[np.int64] | None:
        """The labels of the rows, where the file has them."""
        return self.layers[0].labels

    @property
    def key(self) -> str:
        """The content address: the SHA-256 of the file."""
        return file_hash(self.path)

    def taps(self, wanted: str) -> list[Representation]:
        """Return the layers of these presets, names or globs, in the order of the file.

        `blocks` and `residual` are all layers, then `final`: the layer of that name, else the last one once more.
        """
        first, bar, rest = wanted.partition("|")
        if bar:  # alternatives: the first that this file has
            try:
                return self.taps(first)
            except TapError:
                return self.taps(rest)
        last = self.layers[-1]
        final = next((layer for layer in self.layers if layer.tap == "final"), replace(last, tap="final", kind="final"))
        every = [layer for layer in self.layers if layer.tap != "final"]
        found: dict[str, Representation] = {}
        for word in (part.strip() for part in wanted.split(",")):
            if word in PRESETS:
                matching = [*every, final]
            elif word == "final":
                matching = [final]
            else:
                matching = [layer for layer in self.layers if fnmatchcase(layer.tap, word)]
            if not matching:
                raise TapError(
                    f"{self.name} has no layer {word!r}",
                    expected=", ".join(layer.tap for layer in self.layers),
                    got=repr(word),
                    next_step="--taps final, or globs over these names",
                )
            found |= {layer.tap: layer for layer in matching}
        return list(found.values())

    def rows_of(self, ids: Sequence[str], data: str, split: str) -> list[int]:
        """Return the rows that hold these images, in their order; all of them must be there."""
        place = {image_id: row for row, image_id in enumerate(self.ids)}
        absent = [image_id for image_id in ids if image_id not in place]
        if len(absent) == len(ids) and split == "train":
            raise UndefinedError(
                f"{self.name} holds no training images of {data}",
                expected=f"rows for the {len(ids):,} training images that vote, such as {ids[0]!r}",
                got=f"ids such as {self.ids[0]!r}",
                next_step="add the training images to the file, or choose a measure that needs no training side",
            )
        if absent:
            raise DataError(
                f"{self.name} does not hold all images of {data} ({split})",
                expected=f"rows with the ids of all {len(ids):,} images, such as {ids[0]!r}",
                got=f"{len(absent):,} missing: {_first(absent)}; the file's own ids are like {self.ids[0]!r}",
                next_step=f"--data {self.name.partition(':')[0]}:{self.path} to use the file's own images, "
                "a smaller --n, or the data set that the file was made from",
            )
        return [place[image_id] for image_id in ids]


def open_features(path: str | Path) -> Features:
    """Open a file of features; it is read once a process as long as its content stays the same."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise UsageError(
            f"there is no features file at {path}",
            expected=LAYOUT,
            got="no such file",
            next_step="check the path; simzoo represent MODEL writes such a file",
        )
    return _opened(path, file_hash(path))


def write_features(path: Path, taps: Sequence[Representation]) -> Path:
    """Write all taps of one model as a file that `features:FILE.npz` and `numpy.load` read."""
    if clash := {tap.tap for tap in taps} & {IDS, LABELS, ABOUT}:
        raise TapError(
            f"tap {min(clash)!r} cannot be written under its name",
            expected=f"names other than {IDS}, {LABELS} and {ABOUT}, which the file uses itself",
            got=", ".join(sorted(clash)),
            next_step="name other --taps",
        )
    first = taps[0]
    about = {"taps": {tap.tap: {"kind": tap.kind, "depth": tap.depth} for tap in taps}}
    about |= {word: getattr(first, word) for word in _KEPT}
    arrays: dict[str, Any] = {IDS: np.array(first.ids), ABOUT: np.array(json.dumps(about))}
    if first.labels is not None:
        arrays[LABELS] = first.labels
    arrays |= {tap.tap: tap.values for tap in taps}
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)
    return path


@cache
def _opened(path: Path, content: str) -> Features:  # noqa: ARG001 - it is the key of the cache
    arrays = _arrays(path)
    ids = _ids(path, arrays)
    labels = _labels(path, arrays, len(ids))
    about = _about(arrays)
    names = [name for name in arrays if name not in {IDS, LABELS, ABOUT}]
    if not names:
        raise _odd(path, "no layer", f"only {', '.join(arrays)}")
    layers = []
    for at, name in enumerate(names):
        facts = about.get("taps", {}).get(name, {"kind": "block", "depth": at / max(1, len(names) - 1)})
        kept = {word: about[word] for word in _KEPT if word in about}
        values, rdm = _squared(arrays[name], len(ids))
        values = _values(path, name, values, len(ids))
        layers.append(Representation(values, ids, labels, tap=name, rdm=rdm, **facts, **kept))
    return Features(path, tuple(layers))


def _arrays(path: Path) -> dict[str, Any]:
    try:
        # opened here, because numpy leaves a file open that it cannot read
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise _odd(path, "pickled objects, which are never opened", "an array of dtype object") from error
        raise _odd(path, "no archive of arrays", str(error).partition("\n")[0]) from error
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError, MemoryError) as error:
        raise _odd(path, "damaged or no archive", f"{type(error).__name__}: {error}") from error
    except Exception as error:  # zlib, struct and tokenize raise errors of their own on damaged files
        raise _odd(path, "damaged", f"{type(error).__name__}: {error}") from error


def _ids(path: Path, arrays: dict[str, Any]) -> tuple[str, ...]:
    if IDS not in arrays:
        raise _odd(path, "no `ids`", f"only {', '.join(arrays) or 'nothing'}")
    given = arrays[IDS]
    if given.ndim != 1 or given.dtype.kind not in "UiuS" or not len(given):
        raise _odd(path, "`ids` that name no rows", f"{given.dtype} of shape {given.shape}")
    ids = tuple(value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in given.tolist())
    if len(set(ids)) < len(ids):
        twice = next(value for value in ids if ids.count(value) > 1)
        raise _odd(path, "`ids` that name two rows alike", f"{twice!r} more than once")
    return ids


def _labels(path: Path, arrays: dict[str, Any], n: int) -> npt.NDArray[np.int64] | None:
    if LABELS not in arrays:
        return None
    given = arrays[LABELS]
    if given.shape != (n,) or given.dtype.kind not in "iuU":
        raise _odd(path, "`labels` that do not fit", f"{given.dtype} of shape {given.shape} for {n} ids")
    return np.unique(given, return_inverse=True)[1].astype(np.int64) if given.dtype.kind == "U" else given.astype(int)


def _about(arrays: dict[str, Any]) -> dict[str, Any]:
    """What simzoo wrote beside the layers; another tool's entry of that name counts for nothing."""
    try:
        about = json.loads(str(arrays[ABOUT]))
    except (KeyError, ValueError):
        return {}
    return about if isinstance(about, dict) and isinstance(about.get("taps"), dict) else {}


def _squared(values: npt.NDArray[Any], n: int) -> tuple[npt.NDArray[Any], bool]:
    """Return condensed dissimilarities as a square, all else as it is, and whether it is dissimilarities."""
    if n < 2 or values.dtype.kind not in "fiu":
        return values, False
    if values.shape == (n * (n - 1) // 2,):
        square = np.zeros((n, n), values.dtype)
        square[np.triu_indices(n, 1)] = values
        return square + square.T, True
    return values, values.shape == (n, n) and not values.diagonal().any() and np.allclose(values, values.T)


def _values(path: Path, name: str, values: npt.NDArray[Any], n: int) -> npt.NDArray[np.float32]:
    if values.ndim != 2 or len(values) != n or values.dtype.kind not in "fiu" or not values.shape[1]:
        raise _odd(path, f"a layer {name!r} that is no (n, d) matrix", f"{values.dtype} of shape {values.shape}")
    values = np.ascontiguousarray(values, np.float32)
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(1).sum())
        raise _odd(
            path, f"a layer {name!r} that is not finite", f"{bad} of {n} rows with infinite or undefined numbers"
        )
    return values


def _odd(path: Path, what: str, got: str) -> DataError:
    return DataError(
        f"{path.name} is no features file: {what}", expected=LAYOUT, got=got, next_step=f"write {path} again"
    )


def _first(ids: Sequence[str]) -> str:
    return ", ".join(repr(value) for value in ids[:SHOWN]) + (", ..." if len(ids) > SHOWN else "")
