"""The results store: finished blocks and their rows in one SQLite file that many processes may use at once."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simzoo.errors import DamagedFileError
from simzoo.storage import home, make_folder
from simzoo.table.database import connect, migrate, read_only, write_ahead
from simzoo.table.files import read_table
from simzoo.table.parts import PART, without_parts
from simzoo.table.schema import COLUMNS, Row, typed

LASTING_EVERY = 1.0  # seconds: of blocks that take less, a loss of power may cost the last ones, which are made again

_COLUMNS = ", ".join(f'"{name}"' for name in COLUMNS)
_STATUS = COLUMNS.index("status")
_values = attrgetter(*COLUMNS)
_Rows = list[tuple[Any, ...]]
_AS_THEY_ARE = {str, int, type(None)}
_INSERT = f"INSERT INTO rows VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"  # noqa: S608 - only the number of places


class ResultStore:
    """Blocks by key. A block and all its rows are written in one transaction, so a killed run leaves no half block."""

    def __init__(self, path: Path | None = None) -> None:
        """Open (and make, if need be) the store at `path`, by default `results.sqlite` under the store's home."""
        self.path = path or home() / "results.sqlite"
        self._held = threading.local()
        self._lasted = -LASTING_EVERY
        self._read: dict[str, _Rows] = {}  # by checksum, from the look at what is done until they are asked for
        self._read_only = read_only(self.path)
        if not self._read_only:
            make_folder(self.path.parent)
        with self.transaction() as connection:
            migrate(connection, self.path.name)

    def done(self, keys: Iterable[str], *, mend: bool = True) -> set[str]:
        """Return which of the keys are finished.

        A block whose rows were damaged is reported and taken out; one with failed rows is taken out to be tried again.
        Without `mend` both are only left out of the answer.
        """
        with self.transaction() as connection:
            known = dict(connection.execute("SELECT key, checksum FROM blocks").fetchall())
            asked = {key: known[key] for key in keys if key in known}
            wanting = self._wanting(connection, asked)
            if not wanting or not mend or self._read_only:
                return set(asked) - set(wanting)
            connection.execute("BEGIN IMMEDIATE")  # another run may have made some of them again in the meantime
            known = dict(connection.execute("SELECT key, checksum FROM blocks").fetchall())
            asked = {key: known[key] for key in asked if key in known}
            # again after each removal: where an index is damaged, taking out one block may change another
            while wanting := self._wanting(connection, asked):
                for key, damaged in wanting.items():
                    if damaged:
                        warnings.warn(
                            f"results {key} do not match their checksum: taken out and made again", stacklevel=2
                        )
                    connection.execute("DELETE FROM rows WHERE block = ?", (key,))
                    connection.execute("DELETE FROM blocks WHERE key = ?", (key,))
                    del asked[key]
        return set(asked)

    def _wanting(self, connection: sqlite3.Connection, asked: Mapping[str, str]) -> dict[str, bool]:
        """Return the blocks that must be made again: True where rows are damaged, False where one of them failed."""
        wanting = {}
        for key in sorted(asked):
            rows = _rows_of(connection, key)
            if _checksum(rows) != asked[key]:
                wanting[key] = True
            elif any(row[_STATUS] == "failed" for row in rows):
                wanting[key] = False
            else:
                self._read[asked[key]] = rows
        return wanting

    def there(self, keys: Iterable[str]) -> set[str]:
        """Return which of the keys have rows, whatever they say."""
        with self.transaction(lasting=False) as connection:
            known = {key for (key,) in connection.execute("SELECT key FROM blocks")}
        return known.intersection(keys)

    def damaged(self) -> list[str]:
        """Return the keys of all blocks whose rows do not match their checksum, and leave them where they are."""
        with self.transaction() as connection:
            known = connection.execute("SELECT key, checksum FROM blocks ORDER BY rowid").fetchall()
            return [key for key, checksum in known if _checksum(_rows_of(connection, key)) != checksum]

    def put(
        self, key: str, spec: Mapping[str, Any], rows: Sequence[Row], sheets: Sequence[Mapping[str, Any]], run_id: str
    ) -> None:
        """Write one finished block; a block that is already there stays as it is."""
        seconds = sum(row.seconds or 0.0 for row in rows)
        plain = [tuple(map(_plain, _values(row))) for row in rows]
        with self.transaction() as connection:
            fresh = connection.execute(
                "INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?, ?)",
                (key, json.dumps(spec, sort_keys=True), run_id, seconds, _checksum(plain)),
            ).rowcount
            if not fresh:
                return
            connection.executemany(_INSERT, [(key, *row) for row in plain])
            connection.execute("DELETE FROM claims WHERE key = ?", (key,))
            connection.executemany(
                "INSERT OR REPLACE INTO sheets VALUES (?, ?, ?)",
                [(sheet["name"], sheet["version"], json.dumps(sheet)) for sheet in sheets],
            )

    def note_run(self, run_id: str, libraries: Mapping[str, str]) -> None:
        """Keep the library versions of a run, as provenance."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?)", (run_id, json.dumps(libraries)))

    def note_extraction(self, key: str, facts: Mapping[str, Any]) -> None:
        """Keep what reports say of an extraction, which stays known when the representations are gone."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO extractions VALUES (?, ?)", (key, json.dumps(facts)))

    def extraction(self, key: str) -> dict[str, Any]:
        """Return what was noted of an extraction; nothing where none was."""
        with self.transaction() as connection:
            found = connection.execute("SELECT facts FROM extractions WHERE key = ?", (key,)).fetchone()
        try:
            facts: dict[str, Any] = json.loads(found[0]) if found else {}
        except (ValueError, TypeError) as error:
            raise self._unusable(f"facts of an extraction that are not JSON: {error}") from error
        return facts

    def rows(self, keys: Sequence[str], unwritten: Mapping[str, Row] = {}) -> pd.DataFrame:
        """Return the rows of the blocks named, block by block in the order given; none of a block that is not there.

        `unwritten` are rows that stand in the place of blocks which have none in the store.
        """
        found: list[tuple[Any, ...]] = []
        with self.transaction() as connection:
            known = dict(connection.execute("SELECT key, checksum FROM blocks").fetchall())
            for key in keys:
                if key in unwritten:
                    found.append(_values(unwritten[key]))
                    continue
                rows = self._read.pop(known.get(key, ""), None)
                if rows is None:
                    rows = _rows_of(connection, key)
                    if rows and _checksum(rows) != known.get(key):
                        raise self._unusable(f"rows of {key} that do not match their checksum")
                found += rows
        return typed(pd.DataFrame(found, columns=list(COLUMNS), dtype=object))

    def everything(self) -> pd.DataFrame:
        """Return the rows of all finished blocks, in the order in which they were measured."""
        with self.transaction() as connection:
            keys = [key for (key,) in connection.execute("SELECT key FROM blocks ORDER BY rowid")]
        return self.rows(keys)

    def rates(self) -> dict[str, tuple[float, float]]:
        """Return for each measure that ever gave a value the mean seconds a row, and the mean number of images."""
        whole = f"SUM(params NOT LIKE '%\"{PART}\"%')"  # values of half-samples are no rows of their own
        query = (
            f"SELECT measure, SUM(seconds) / {whole}, AVG(n) FROM rows WHERE status = 'ok' AND n IS NOT NULL "  # noqa: S608 - our own words
            f"GROUP BY measure HAVING {whole} > 0"
        )
        with self.transaction() as connection:
            return {name: (seconds or 0.0, n) for name, seconds, n in connection.execute(query)}

    def sheets(self, measures: Iterable[tuple[str, int]]) -> dict[str, dict[str, Any]]:
        """Return the stored fact sheets of the measures named, by name."""
        with self.transaction() as connection:
            found = connection.execute("SELECT measure, version, sheet FROM sheets").fetchall()
        wanted = set(measures)
        try:
            return {name: json.loads(sheet) for name, version, sheet in found if (name, version) in wanted}
        except (ValueError, TypeError) as error:
            raise self._unusable(f"a fact sheet that is not JSON: {error}") from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the file open in this thread: opening and closing it takes longer than a transaction."""
        try:
            connection = connect(self.path)
        except sqlite3.DatabaseError as error:
            raise self._unusable(f"{type(error).__name__}: {error}") from error
        with closing(connection):
            self._held.connection = connection
            try:
                yield
            finally:
                del self._held.connection

    @contextmanager
    def transaction(self, *, lasting: bool = True) -> Iterator[sqlite3.Connection]:
        """Open the file, unless it is held open, for one transaction.

        One that is not `lasting` may be lost with the power, and so may those of the last second (`LASTING_EVERY`).
        """
        now = time.monotonic()
        through = lasting and now - self._lasted >= LASTING_EVERY
        try:
            with self._connection() as connection:
                if not self._read_only:
                    write_ahead(connection)
                    connection.execute(f"PRAGMA synchronous = {'FULL' if through else 'NORMAL'}")
                with connection:
                    yield connection
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter where a name in the schema is damaged
            raise self._unusable(f"{type(error).__name__}: {error}") from error
        if through:
            self._lasted = now

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        held: sqlite3.Connection | None = getattr(self._held, "connection", None)
        return closing(connect(self.path)) if held is None else nullcontext(held)

    def _unusable(self, got: str) -> DamagedFileError:
        return DamagedFileError(
            f"the results store {self.path.name} cannot be used",
            expected=f"a writable SQLite file at {self.path}",
            got=got,
            next_step="check space and permissions; if the file is damaged, move it away: results are made again",
        )


def open_results(path: Path | None = None) -> ResultStore:
    """Open the results to add to them: a file that is no database any more is set aside, and a new one begun."""
    path = path or home() / "results.sqlite"
    try:
        if path.exists():
            with closing(connect(path)) as connection:
                connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError:
        pass  # locked, or not to be opened: told when it is used
    except sqlite3.DatabaseError as error:
        warnings.warn(f"{path.name} is damaged ({error}): set aside as *.damaged and made again", stacklevel=2)
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(f"{path.name}{suffix}")
            if part.exists():
                part.replace(part.with_name(f"{part.name}.damaged"))
    return ResultStore(path)


def read_rows(source: str = "") -> pd.DataFrame:
    """Return the rows of a table.parquet, of an output folder that holds one, or, unnamed, of all finished blocks."""
    if not source:
        return without_parts(ResultStore().everything())[0]
    path = Path(source).expanduser()
    return read_table(path / "table.parquet" if path.is_dir() else path).rows


def _rows_of(connection: sqlite3.Connection, key: str) -> _Rows:
    return connection.execute(f"SELECT {_COLUMNS} FROM rows WHERE block = ? ORDER BY rowid", (key,)).fetchall()  # noqa: S608 - our own columns


def _checksum(rows: Sequence[tuple[Any, ...]]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return what SQLite gives back as it was: numpy numbers would become bytes, and NaN is kept as NULL."""
    if type(value) in _AS_THEY_ARE:
        return value
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and math.isnan(value) else value
