"""Tables as files: one Parquet file holds the rows and, in its metadata, all that a report needs beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simzoo.errors import DataError
from simzoo.storage import atomic
from simzoo.table.schema import SCHEMA_VERSION, Table, typed

_KEY = b"simzoo"


def write_table(table: Table, path: Path) -> Path:
    """Write the table as Parquet, whole or not at all; return the path."""
    beside = {"version": SCHEMA_VERSION, "sheets": table.sheets, "models": table.models, "context": table.context}
    arrow = pa.Table.from_pandas(table.rows, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _KEY: json.dumps(beside).encode()})
    with atomic(path) as temporary:
        pq.write_table(arrow, temporary)
    return path


def read_table(path: Path) -> Table:
    """Read a table that `write_table` wrote."""
    try:
        arrow = pq.read_table(path)
        beside = json.loads((arrow.schema.metadata or {})[_KEY])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise DataError(
            f"{path} is not a table of simzoo",
            expected="a table.parquet written by simzoo",
            got=f"{type(error).__name__}: {error}".split("\n")[0],
            next_step="name the table.parquet in the output folder of a command",
        ) from error
    return Table(typed(arrow.to_pandas()), beside["sheets"], beside["models"], beside["context"])
