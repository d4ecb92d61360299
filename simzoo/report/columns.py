"""A column of a long table as the page holds it: numbers, or each different text once with the place of every row's."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

DIGITS = 5


def packed(name: object, column: pd.Series) -> dict[str, Any]:
    """Return `{"name", "numbers"}` of a column of numbers, with None for gaps, or `{"name", "texts", "at"}` of others.

    >>> packed("value", pd.Series([0.123456789, None]))
    {'name': 'value', 'numbers': [0.12346, None]}
    >>> packed("model", pd.Series(["b", "a", "b", None]))
    {'name': 'model', 'texts': ['b', 'a', ''], 'at': [0, 1, 0, 2]}
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.astype("Float64").astype("float64").tolist()
        return {"name": str(name), "numbers": [_number(value) for value in values]}
    texts = column.astype(object).where(column.notna(), "").astype(str)
    codes, different = pd.factorize(texts)
    return {"name": str(name), "texts": [str(text) for text in different], "at": codes.tolist()}


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 1e15 else float(f"{value:.{DIGITS}g}")
