"""The one row schema: what is known about every value simzoo ever measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

import pandas as pd

SCHEMA_VERSION = 1

Status = Literal["ok", "undefined", "failed", "skipped"]


@dataclass(slots=True)
class Row:
    """One measured value. All but the last six fields are equal between two runs of one plan.

    `tap`, `kind` and `depth` are None in rows about a whole model or a whole pair of models; `params` is JSON.
    `field` is `value` for a plain float, the name of the field for measures with several, and `match` or `lag`
    for the summaries of a layers-by-layers matrix (see `simzoo.grid.summaries`).
    """

    measure: str
    version: int
    field: str = "value"
    params: str = "{}"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    null_mean: float | None = None
    p: float | None = None
    status: Status = "ok"
    reason: str | None = None
    model: str = ""
    tap: str | None = None
    kind: str | None = None
    depth: float | None = None
    model_b: str | None = None
    tap_b: str | None = None
    kind_b: str | None = None
    depth_b: float | None = None
    data: str = ""
    split: str = ""
    n: int | None = None
    d: int | None = None
    d_b: int | None = None
    augmentation: str = "none"
    strength: float | None = None
    draw: int = 0
    seed: int | None = None
    seed_b: int | None = None
    run_id: str = ""
    host: str = ""
    created: str = ""
    started: str = ""
    seconds: float | None = None
    device_seconds: float | None = None


COLUMNS: tuple[str, ...] = tuple(column.name for column in fields(Row))
RUN_COLUMNS: tuple[str, ...] = ("run_id", "host", "created", "started", "seconds", "device_seconds")

_TEXT, _REAL, _WHOLE = "string", "Float64", "Int64"
_WHOLE_COLUMNS = {"version", "n", "d", "d_b", "draw", "seed", "seed_b"}
_REAL_COLUMNS = {
    *("value", "low", "high", "chance", "null_mean", "p", "depth", "depth_b", "strength"),
    *("seconds", "device_seconds"),
}
DTYPES: dict[str, str] = {
    name: _WHOLE if name in _WHOLE_COLUMNS else _REAL if name in _REAL_COLUMNS else _TEXT for name in COLUMNS
}


def params_text(params: Mapping[str, Any]) -> str:
    """Return measure options as the canonical JSON that stands in the `params` column.

    >>> params_text({"k": 20, "metric": "cosine"})
    '{"k": 20, "metric": "cosine"}'
    """
    return json.dumps(dict(params), sort_keys=True)


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a DataFrame with the columns and types of the schema."""
    return typed(pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS), dtype=object))


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the schema's column order and nullable types."""
    return table.reindex(columns=list(COLUMNS)).astype(DTYPES)


@dataclass
class Table:
    """Rows, and what a report needs beside them so that it never has to load a model or a measure.

    `sheets` maps a measure's name to its fact sheet as plain data; `models` maps a model's name to its facts
    (`name`, `backbone`, `objective`, `trained_on`, `epochs`, `train_images`, `train_seconds`, `shortened`, `pool`,
    `parameters`, `licence`, `reference`, ...); `context` holds `command`, `data` (name, classes, n, images left out)
    and `notes`.
    """

    rows: pd.DataFrame
    sheets: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
