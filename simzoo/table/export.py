"""A table of rows as text or as a file: Parquet, CSV, JSON, Markdown, LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from simzoo.errors import UsageError
from simzoo.storage import atomic

DIGITS = 3


def as_text(rows: pd.DataFrame, form: str) -> str:
    """Return the table in one of `TEXTS`; numbers in Markdown and LaTeX have three digits after the point."""
    if form not in TEXTS:
        raise UsageError(f"unknown form {form!r}", expected=", ".join(TEXTS), got=repr(form), next_step="--format csv")
    return TEXTS[form](rows)


def write_rows(rows: pd.DataFrame, path: Path) -> Path:
    """Write the table in the form that the file's ending names, whole or not at all."""
    form = ENDINGS.get(path.suffix)
    if form is None:
        raise UsageError(
            f"{path.name} has no ending that names a form",
            expected=", ".join(ENDINGS),
            got=path.suffix or "no ending",
            next_step=f"--out {path.stem or 'table'}.csv",
        )
    with atomic(path) as temporary:
        if form == "parquet":
            _flat(rows).to_parquet(temporary)
        else:
            temporary.write_text(as_text(rows, form), encoding="utf-8")
    return path


def _csv(rows: pd.DataFrame) -> str:
    return str(_flat(rows).to_csv(index=False))


def _json(rows: pd.DataFrame) -> str:
    return str(_flat(rows).to_json(orient="records", double_precision=15))


def _markdown(rows: pd.DataFrame) -> str:
    flat = _flat(rows)
    lines = [[str(name) for name in flat.columns], ["---"] * len(flat.columns)]
    lines += [[_cell(value) for value in row] for row in flat.itertuples(index=False)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _latex(rows: pd.DataFrame) -> str:
    flat = _flat(rows).map(_cell)
    return str(flat.to_latex(index=False, escape=True))


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - NaN is what differs from itself
        return ""
    # a reason has several lines, a cell one
    return f"{value:.{DIGITS}f}" if isinstance(value, float) else " ".join(str(value).split("\n"))


def _flat(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table with plain columns: what a pivot put into the index stands first, levels are joined."""
    flat = rows.copy() if isinstance(rows.index, pd.RangeIndex) or rows.index.names == [None] else rows.reset_index()
    if isinstance(flat.columns, pd.MultiIndex):
        flat.columns = pd.Index([" ".join(str(part) for part in name if part) for name in flat.columns])
    return flat


TEXTS: dict[str, Callable[[pd.DataFrame], str]] = {"csv": _csv, "json": _json, "md": _markdown, "latex": _latex}
ENDINGS = {".parquet": "parquet", ".csv": "csv", ".json": "json", ".md": "md", ".tex": "latex"}
