import os
import sqlite3
from threading import Timer

import pandas as pd
import pytest

from simzoo.cache import verify
from simzoo.errors import DamagedFileError
from simzoo.table import database
from simzoo.table.database import connect, read_only
from simzoo.table.schema import Row, frame
from simzoo.table.store import ResultStore, open_results, read_rows

ROWS = [Row("cka", 1, value=0.5), Row("cka", 1, status="failed")]


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A store with a finished block and one that failed, on a disk that cannot be written."""
    store = ResultStore(tmp_path / "home" / "results.sqlite")
    store.put("k", {}, ROWS[:1], [], "run")
    store.put("failed", {}, ROWS, [], "run")
    store.path.chmod(0o444)
    store.path.parent.chmod(0o555)
    allowed = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: mode != os.W_OK and allowed(path, mode)
    )  # root may do anything
    yield store.path
    store.path.parent.chmod(0o755)


def test_a_store_that_cannot_be_written_is_read(archive):
    before = sorted(archive.parent.iterdir())
    store = open_results(archive)
    assert store.done(["k", "failed", "never"]) == {"k"}
    pd.testing.assert_frame_equal(store.rows(["k"]), frame(ROWS[:1]))
    assert store.damaged() == []
    assert store.there(["failed"]) == {"failed"}
    with store.held():
        assert len(store.everything()) == 3
    assert len(read_rows()) == 3
    assert verify() == []
    assert sorted(archive.parent.iterdir()) == before


def test_what_is_added_to_it_is_refused_by_name(archive):
    with pytest.raises(DamagedFileError) as caught:
        ResultStore(archive).put("new", {}, ROWS, [], "run")
    error = caught.value
    assert error.what == "the results store results.sqlite cannot be used"
    assert error.expected == f"a writable SQLite file at {archive}"
    assert error.got == "OperationalError: attempt to write a readonly database"
    assert "check space and permissions" in error.next_step


def test_only_a_file_that_is_there_and_cannot_be_written_is_read_only(archive, monkeypatch):
    assert read_only(archive)
    assert not read_only(archive.with_name("none.sqlite"))
    monkeypatch.undo()
    assert not read_only(archive) or os.geteuid() != 0


def test_a_log_that_was_left_beside_it_is_read_too(tmp_path, monkeypatch):
    path = tmp_path / "results.sqlite"
    ResultStore(path)
    with sqlite3.connect(path) as writer:
        writer.execute("INSERT INTO runs VALUES ('a', '{}')")
        writer.commit()
        monkeypatch.setattr(os, "access", lambda *_: False)
        reader = connect(path)
        assert reader.execute("SELECT run_id FROM runs").fetchall() == [("a",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM runs")
        reader.close()
    writer.close()


def test_a_new_store_that_another_process_is_making_is_waited_for(tmp_path):
    other = sqlite3.connect(tmp_path / "results.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    Timer(0.2, other.rollback).start()
    store = ResultStore(tmp_path / "results.sqlite")
    store.put("k", {}, ROWS[:1], [], "run")
    assert store.done(["k"]) == {"k"}
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


def test_a_new_store_that_another_process_keeps_is_not_waited_for_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "WAIT", 0.05)
    other = sqlite3.connect(tmp_path / "results.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DamagedFileError, match=r"cannot be used\n  expected: .*\n  got: OperationalError: .*locked"):
        ResultStore(tmp_path / "results.sqlite")
    other.close()
