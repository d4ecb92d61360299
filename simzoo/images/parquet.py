"""Image sets in the Hugging Face Parquet layout: a column of encoded images and a column of labels.

A set is one Parquet file, or a folder of `SPLIT-*.parquet` (or `SPLIT.parquet`), which may lie in its `data/`, or of
`SPLIT/*.parquet`. A split is held in memory in its encoded form, as Arrow.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from PIL import Image

from simzoo.errors import DataError
from simzoo.images.imageset import WHOLE, decode, file_hash, missing_split, undecodable
from simzoo.images.parquet_files import parquet_splits

LAYOUT = "an `image` column (struct of bytes and path) and a `label` column (integers, ClassLabel or strings)"


@dataclass(frozen=True, eq=False)
class ParquetImages:
    """One split of a Parquet set."""

    name: str
    split: str
    classes: tuple[str, ...]
    files: tuple[Path, ...]
    labels: npt.NDArray[np.int64] = field(repr=False)
    encoded: Any = field(repr=False)

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of each row's encoded image, empty where the row holds none."""
        return tuple(hashlib.sha256(row.as_buffer()).hexdigest() if row.is_valid else "" for row in self.encoded)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the files' content."""
        return hashlib.sha256("".join(file_hash(file) for file in self.files).encode()).hexdigest()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.labels)

    def id(self, i: int) -> str:
        """Return `NAME/SPLIT/ROW`, rows counted through the split's files in the order of their names."""
        return f"{self.name}/{self.split}/{i:06d}"

    def image(self, i: int) -> Image.Image:
        """Decode row `i`."""
        content = self.encoded[i].as_py()
        if content is None:
            raise undecodable("the row holds no bytes")
        return decode(content)

    def label(self, i: int) -> int:
        """Return the label of row `i`."""
        return int(self.labels[i])


def parquet_counts(path: Path) -> dict[str, int]:
    """Return the number of rows of each split, from the files' footers."""
    splits = parquet_splits(path).items()
    return {split: sum(_open(file).metadata.num_rows for file in files) for split, files in splits}


def open_parquet(path: Path, split: str, name: str | None = None) -> ParquetImages:
    """Open one split. Without `name` the set is called as its folder, or as its file where that names no split."""
    files = parquet_splits(path)
    if name is None:
        folder = path.absolute().parent if path.is_file() else path.absolute()
        name = path.stem if WHOLE in files else folder.name
    if split not in files:
        raise missing_split(name, split, tuple(files))
    image, label = _columns(_open(files[split][0]).schema_arrow, files[split][0])
    table = _read(files[split], [image, label])
    encoded = table[image]
    if pa.types.is_struct(encoded.type):
        encoded = pc.struct_field(encoded, "bytes")
    classes, labels = _labels(files, split, label, name)
    return ParquetImages(name, split, classes, files[split], labels, encoded)


def _open(file: Path) -> Any:
    try:
        opened = pq.ParquetFile(file)
        opened.schema_arrow  # noqa: B018 - read when asked for, and a damaged one is refused only then
        return opened  # noqa: TRY300 - both lines may raise
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{file.name} cannot be read", expected="a Parquet file", got=str(error), next_step=f"check {file}"
        ) from error


def _read(files: tuple[Path, ...], columns: list[str]) -> Any:
    try:
        return pa.concat_tables([pq.read_table(file, columns=columns) for file in files])
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{files[0].name} cannot be read",
            expected=f"files that all have {LAYOUT}",
            got=str(error),
            next_step="write the files again",
        ) from error


def _columns(schema: Any, file: Path) -> tuple[str, str]:
    """Find the first image column, and the column `label`, else the first ClassLabel, else the only other one."""
    images = [column.name for column in schema if _holds_images(column.type)]
    others = [column.name for column in schema if pa.types.is_integer(column.type) or pa.types.is_string(column.type)]
    declared = [name for name in others if "names" in _feature(schema, name)]
    labels = [name for name in others if name == "label"] or declared or (others if len(others) == 1 else [])
    if not images or not labels:
        raise DataError(
            f"{file.name} is not an image set",
            expected=LAYOUT,
            got=", ".join(f"{column.name}: {column.type}" for column in schema) or "no columns",
            next_step="rename the columns",
        )
    return images[0], labels[0]


def _holds_images(kind: Any) -> bool:
    if pa.types.is_struct(kind):
        return any(kind.field(i).name == "bytes" for i in range(kind.num_fields))
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _feature(schema: Any, column: str) -> dict[str, Any]:
    """Return what the Hugging Face metadata says of a column."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return dict(features[column])
    except (KeyError, TypeError, ValueError):
        return {}


def _labels(
    files: dict[str, tuple[Path, ...]], split: str, column: str, name: str
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return class names and labels. Without declared names, the values found in any split are the classes."""
    values = _read(files[split], [column])[column]
    if values.null_count:
        raise _unlabelled(name, split, f"{values.null_count} empty rows")
    if names := _feature(_open(files[split][0]).schema_arrow, column).get("names"):
        labels = values.to_numpy().astype(np.int64)
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(names):
            raise _unlabelled(name, split, f"labels from {labels.min()} to {labels.max()} for {len(names)} class names")
        return tuple(map(str, names)), labels
    every_file = tuple(file for part in files.values() for file in part)
    known = sorted(_read(every_file, [column])[column].unique().drop_null().to_pylist())
    place = {value: i for i, value in enumerate(known)}
    return tuple(map(str, known)), np.array([place[value] for value in values.to_pylist()], np.int64)


def _unlabelled(name: str, split: str, got: str) -> DataError:
    return DataError(
        f"{name}: rows of split {split!r} have no label",
        expected="a label in every row",
        got=got,
        next_step="drop them",
    )
