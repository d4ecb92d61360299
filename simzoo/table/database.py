"""The SQLite file of the results store: how it is opened, and how one of an older simzoo becomes one of this."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from simzoo.errors import DamagedFileError
from simzoo.table.schema import COLUMNS

STORE_VERSION = 2
WAIT = 60  # seconds that a process waits for another to finish its transaction
PAUSE = 0.01  # seconds between two tries of what SQLite does not wait for

_COLUMNS = ", ".join(f'"{name}"' for name in COLUMNS)
_TABLES = f"""
CREATE TABLE IF NOT EXISTS blocks (
    key TEXT PRIMARY KEY, spec TEXT NOT NULL, run_id TEXT NOT NULL, seconds REAL, checksum TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS rows (block TEXT NOT NULL REFERENCES blocks (key), {_COLUMNS});
CREATE INDEX IF NOT EXISTS rows_of_block ON rows (block);
CREATE TABLE IF NOT EXISTS sheets (measure TEXT, version INTEGER, sheet TEXT NOT NULL, PRIMARY KEY (measure, version));
CREATE TABLE IF NOT EXISTS runs (run_id TEXT PRIMARY KEY, libraries TEXT NOT NULL);
"""
# what takes a file of one version to the next; each is run once, in one transaction
_MIGRATIONS = {
    1: """
CREATE TABLE claims (key TEXT PRIMARY KEY, run_id TEXT NOT NULL);
CREATE TABLE extractions (key TEXT PRIMARY KEY, facts TEXT NOT NULL);
PRAGMA user_version = 2;
""",
}


def read_only(path: Path) -> bool:
    """Whether the file is there but cannot be written: an archive, a shared store, a read-only disk."""
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, for reading only where it cannot be written."""
    if not read_only(path):
        return sqlite3.connect(path, timeout=WAIT)
    log = path.with_name(f"{path.name}-wal")
    # what nobody can write needs no lock, and where no log is left SQLite may not make one
    still = "" if log.exists() and log.stat().st_size else "&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{still}", uri=True, timeout=WAIT)


def write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work at once (a lasting trait of the file); where another is at work on it, wait.

    SQLite waits for other locks (`WAIT`), but turns away at once who meets another while switching.
    """
    until = time.monotonic() + WAIT
    waiting = connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal"
    while waiting:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            waiting = False
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(PAUSE)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring the file to the version of this simzoo; of several processes one does it, and the others wait."""
    if _version(connection) == STORE_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    found = _version(connection)
    if not 0 <= found <= STORE_VERSION:
        raise DamagedFileError(
            f"{name} has another schema",
            expected=f"schema version {STORE_VERSION} or older",
            got=f"version {found}",
            next_step="update simzoo, or move the file away to begin a new one",
        )
    steps = [_TABLES if found == 0 else "", *(_MIGRATIONS[version] for version in range(found or 1, STORE_VERSION))]
    for statement in filter(str.strip, "".join(steps).split(";")):
        connection.execute(statement)


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
