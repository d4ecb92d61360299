"""Values of half-samples: rows of their own while they are stored, and beside the rows in a table.

They are what stability of anything made of many values is judged by, and would be a crowd among the values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from simzoo.table.schema import Row, params_text

PART = "half_sample"  # the word in `params` that says of which half-sample a row is
_ABOUT = (
    "measure",
    "field",
    "params",
    "model",
    "tap",
    "model_b",
    "tap_b",
    "data",
    "split",
    "augmentation",
    "strength",
    "seed",
)


def part_rows(base: Row, parts: Sequence[Mapping[str, float]]) -> list[Row]:
    """Return a row for each field of each half-sample; `base` says of what."""
    params, bare = json.loads(base.params), replace(base, low=None, high=None, chance=None, null_mean=None, p=None)
    return [
        replace(bare, field=name, value=value, params=params_text({**params, PART: number}))
        for number, part in enumerate(parts)
        for name, value in part.items()
    ]


def without_parts(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the rows of whole samples, and the values of half-samples: `about` each, `values` in their order."""
    of_parts = rows["params"].str.contains(f'"{PART}"', regex=False)
    if not of_parts.any():
        return rows, []
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in rows[of_parts].to_dict("records"):
        params = json.loads(record["params"])
        number = params.pop(PART)
        about = {name: None if pd.isna(record[name]) else record[name] for name in _ABOUT}
        about["params"] = params_text(params)
        held = found.setdefault(tuple(about.values()), {**about, "values": []})
        if number != len(held["values"]):
            raise ValueError(f"half-sample {number} of {about} stands at place {len(held['values'])}")
        held["values"].append(float(record["value"]))
    return rows[~of_parts].reset_index(drop=True), list(found.values())
