"""Tables as files: one Parquet file holds the rows and, in its metadata, all that a report needs beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simzoo.errors import DataError
from simzoo.storage import atomic
from simzoo.table.schema import COLUMNS, SCHEMA_VERSION, Table, typed

_KEY = b"simzoo"


def write_table(table: Table, path: Path) -> Path:
    """Write the table as Parquet, whole or not at all; return the path."""
    beside = {"version": SCHEMA_VERSION, "sheets": table.sheets, "models": table.models, "context": table.context}
    arrow = pa.Table.from_pandas(table.rows, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _KEY: json.dumps(beside).encode()})
    with atomic(path) as temporary:
        pq.write_table(arrow, temporary, write_page_checksum=True)
    return path


def read_table(path: Path) -> Table:
    """Read a table that `write_table` wrote."""
    try:
        with path.open("rb") as file:
            arrow = pq.read_table(file, page_checksum_verification=True)
        beside = json.loads((arrow.schema.metadata or {}).get(_KEY, b"{}"))
        if beside.get("version") != SCHEMA_VERSION or tuple(arrow.column_names) != COLUMNS:
            raise _not_a_table(path, f"a Parquet file, schema version {beside.get('version')}")
        rows = typed(arrow.to_pandas(ignore_metadata=True, integer_object_nulls=True))  # the schema knows the types
        return Table(rows, beside["sheets"], beside["models"], beside["context"])
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise _not_a_table(path, f"{type(error).__name__}: {error}".split("\n")[0]) from error


def _not_a_table(path: Path, got: str) -> DataError:
    return DataError(
        f"{path} is not a table of simzoo",
        expected=f"a table.parquet written by simzoo, schema version {SCHEMA_VERSION}",
        got=got,
        next_step="name the table.parquet in the output folder of a command",
    )
