import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simzoo.errors import DamagedFileError, SimzooError
from simzoo.table.database import STORE_VERSION
from simzoo.table.schema import COLUMNS, Row, frame
from simzoo.table.store import ResultStore, open_results, read_rows

SHEET = {"name": "cka", "version": 1, "range": [0, float("inf")]}
FULL = Row(
    *("cka", 2, "value", '{"k": 1}', 0.1, -1.0, float("inf"), 0.5, 0.0, 1.0, "failed", "why"),
    *("a", "t", "odd", 0.5, "b", "u", "even", 1.0, "digits", "test", 500, 64, 32, "none", 0.5, 3, 1, 2),
    *("run", "host", "now", "then", 1.5, 2.5),
)


@pytest.fixture
def store(tmp_path):
    return ResultStore(tmp_path / "results.sqlite")


def put(store, key, rows, run="run", sheets=()):
    store.put(key, {"key": key}, rows, sheets, run)


def test_the_store_lies_under_home(tmp_path):
    assert ResultStore().path == tmp_path / "home" / "results.sqlite"
    assert ResultStore().path.exists()


def test_rows_come_back_whole_typed_and_in_the_order_asked_for(store):
    put(store, "b", [FULL, Row("cka", 1, value=0.05, n=7)])
    put(store, "a", [Row("twonn", 1, status="undefined", reason="é 'quoted' \"text\"")])
    expected = frame(
        [Row("twonn", 1, status="undefined", reason="é 'quoted' \"text\""), FULL, Row("cka", 1, value=0.05, n=7)]
    )
    pd.testing.assert_frame_equal(store.rows(["a", "b"]), expected)
    assert store.rows(["b", "a"])["measure"].tolist() == ["cka", "cka", "twonn"]


def test_an_empty_block_is_done_and_has_no_rows(store):
    put(store, "empty", [])
    assert store.done(["empty", "never"]) == {"empty"}
    pd.testing.assert_frame_equal(store.rows(["empty", "never"]), frame([]))
    assert store.done([]) == set()


def test_numpy_numbers_are_kept_as_numbers(store):
    put(store, "k", [Row("cka", 1, value=np.float32(0.5), low=np.float64(0.1), n=np.int64(5), p=float("nan"))])
    assert store.rows(["k"]).loc[0, ["value", "low", "n"]].tolist() == [0.5, 0.1, 5]
    assert store.rows(["k"])["p"].isna().all()


def test_a_second_put_of_a_key_changes_nothing(store):
    put(store, "k", [Row("cka", 1, value=1.0)], sheets=[SHEET])
    put(store, "k", [Row("cka", 1, value=2.0), Row("cka", 1)], run="later", sheets=[{**SHEET, "range": []}])
    assert store.rows(["k"])["value"].tolist() == [1.0]
    assert store.sheets([("cka", 1)]) == {"cka": SHEET}


@pytest.mark.parametrize(
    "rows", [[Row("cka", 1, value=1.0), Row("cka", 1, value=object())], [Row("cka", 1), Row("cka", 1, params={"k": 1})]]
)
def test_a_block_that_cannot_be_written_whole_is_not_written_at_all(store, rows):
    with pytest.raises(SimzooError):
        put(store, "k", rows)
    assert store.done(["k"]) == set()
    assert len(store.rows(["k"])) == 0


def test_a_writer_that_dies_inside_a_block_leaves_no_half_of_it(store):
    def rows():
        yield Row("cka", 1)
        raise KeyboardInterrupt

    class Dying(list):
        __iter__ = lambda self: rows()  # noqa: E731

    with pytest.raises(KeyboardInterrupt):
        put(store, "k", Dying())
    assert store.done(["k"]) == set()


def test_sheets_are_kept_for_each_version(store):
    put(store, "a", [], sheets=[SHEET, {**SHEET, "version": 2}, {**SHEET, "name": "twonn"}])
    assert store.sheets([("cka", 2), ("none", 1)]) == {"cka": {**SHEET, "version": 2}}


def test_the_libraries_of_a_run_lie_in_a_table_of_their_own(store):
    store.note_run("run", {"numpy": "1"})
    store.note_run("run", {"numpy": "2"})
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT * FROM runs").fetchall() == [("run", '{"numpy": "2"}')]
    connection.close()


def test_a_store_that_is_held_open_writes_what_others_see_at_once(store, tmp_path, monkeypatch):
    opened, connect = [], sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: opened.append(args) or connect(*args, **options))
    with store.held():
        for key in "abc":
            put(store, key, [Row("cka", 1, value=1.0)])
        assert len(opened) == 1
        assert ResultStore(store.path).done("abc") == set("abc")
        with ThreadPoolExecutor(1) as pool:  # a connection belongs to its thread
            assert pool.submit(store.done, "abc").result() == set("abc")
        with pytest.raises(SimzooError):
            put(store, "d", [Row("cka", 1, value=object())])
        put(store, "e", [Row("cka", 1)])
    assert store.done("abcde") == set("abce")
    store.path = tmp_path / "no" / "folder.sqlite"
    with pytest.raises(DamagedFileError, match="cannot be used"), store.held():
        pytest.fail("it opened")


def test_of_quick_transactions_one_a_second_is_written_through(store, monkeypatch):
    clock, levels = [0.0], []
    monkeypatch.setattr("simzoo.table.store.time.monotonic", lambda: clock[0])

    def level(at, *, lasting):
        clock[0] = 1e9 + at
        with store.transaction(lasting=lasting) as connection:
            levels.append(connection.execute("PRAGMA synchronous").fetchone()[0])

    for at, lasting in ((0.0, False), (0.1, True), (0.2, True), (1.0, True), (1.2, True), (9.0, True)):
        level(at, lasting=lasting)
    full, normal = 2, 1
    assert levels == [normal, full, normal, normal, full, full]


def test_threads_that_write_at_once_write_every_block_once(tmp_path):
    def write(name):
        store = ResultStore(tmp_path / "results.sqlite")
        for key in range(10):
            put(store, f"k{key}", [Row("cka", 1, value=key), Row("cka", 1, value=key)], run=name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, "abcd"))
    rows = ResultStore(tmp_path / "results.sqlite").rows([f"k{key}" for key in range(10)])
    assert rows["value"].tolist() == [key for key in range(10) for _ in "12"]


def test_processes_that_write_at_once_write_every_block_once(tmp_path):
    path, go = tmp_path / "results.sqlite", tmp_path / "go"
    code = f"""
import time
from pathlib import Path
from simzoo.table.schema import Row
from simzoo.table.store import ResultStore
while not Path({str(go)!r}).exists():
    time.sleep(0.001)
store = ResultStore(Path({str(path)!r}))
for key in range(10):
    store.put(f"k{{key}}", {{}}, [Row("cka", 1, value=key)] * 2, [], "run")
"""
    writers = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(2)]  # noqa: S603
    go.touch()
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [(b"", 0), (b"", 0)]
    assert len(ResultStore(path).rows([f"k{key}" for key in range(10)])) == 20


def test_another_schema_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "results.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {STORE_VERSION + 1}")
        connection.execute("CREATE TABLE rows (other)")
    connection.close()
    with pytest.raises(DamagedFileError) as caught:
        ResultStore(path)
    error = caught.value
    assert error.what == "results.sqlite has another schema"
    assert (error.expected, error.got) == (f"schema version {STORE_VERSION} or older", f"version {STORE_VERSION + 1}")
    assert error.next_step == "update simzoo, or move the file away to begin a new one"
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("rows",)]
    connection.close()


def test_a_store_that_cannot_be_opened_is_told(tmp_path):
    path = tmp_path / "results.sqlite"
    path.mkdir()
    with pytest.raises(DamagedFileError) as caught:
        ResultStore(path)
    error = caught.value
    assert error.what == "the results store results.sqlite cannot be used"
    assert error.expected == f"a writable SQLite file at {path}"
    assert error.got.startswith("OperationalError: unable to open")
    assert error.next_step.endswith("if the file is damaged, move it away: results are made again")


def test_a_store_whose_folder_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SimzooError, match=r"cannot write store\n  expected: .*\n  got: NotADirectoryError"):
        ResultStore(tmp_path / "file" / "store" / "results.sqlite")


def test_a_flipped_value_is_reported_taken_out_and_made_again(tmp_path):
    store = ResultStore(tmp_path / "results.sqlite")
    for key in ("whole", "flipped"):
        store.put(key, {}, [Row("cka", 1, value=0.25), Row("cka", 1, value=float("nan"))], [], "run")
    assert store.done(["whole", "flipped"]) == {"whole", "flipped"}
    with sqlite3.connect(tmp_path / "results.sqlite") as connection:
        connection.execute("UPDATE rows SET value = 0.26 WHERE block = 'flipped' AND value = 0.25")
    with pytest.warns(UserWarning, match="results flipped do not match their checksum: taken out and made again"):
        assert store.done(["whole", "flipped"]) == {"whole"}
    assert len(store.rows(["whole", "flipped"])) == 2
    store.put("flipped", {}, [Row("cka", 1, value=0.25)], [], "run")
    assert store.done(["flipped"]) == {"flipped"}


def test_a_file_that_is_no_database_is_set_aside_and_made_again(tmp_path):
    path = tmp_path / "results.sqlite"
    ResultStore(path).put("key", {}, [Row("cka", 1)], [], "run")
    path.write_bytes(b"not a database at all" * 500)
    with pytest.warns(UserWarning, match="results.sqlite is damaged .*: set aside as .*damaged and made again"):
        store = open_results(path)
    assert store.done(["key"]) == set()
    assert path.with_name("results.sqlite.damaged").exists()


V1 = """
CREATE TABLE blocks (
    key TEXT PRIMARY KEY, spec TEXT NOT NULL, run_id TEXT NOT NULL, seconds REAL, checksum TEXT NOT NULL
);
CREATE TABLE rows (block TEXT NOT NULL REFERENCES blocks (key), {columns});
CREATE INDEX rows_of_block ON rows (block);
CREATE TABLE sheets (measure TEXT, version INTEGER, sheet TEXT NOT NULL, PRIMARY KEY (measure, version));
CREATE TABLE runs (run_id TEXT PRIMARY KEY, libraries TEXT NOT NULL);
PRAGMA user_version = 1;
"""


def test_a_store_of_the_first_version_is_brought_up_with_its_rows(tmp_path):
    fresh = ResultStore(tmp_path / "fresh.sqlite")
    put(fresh, "k", [FULL], sheets=[SHEET])
    with sqlite3.connect(fresh.path) as connection:
        rows = connection.execute("SELECT * FROM rows").fetchall()
        blocks = connection.execute("SELECT * FROM blocks").fetchall()
    connection.close()
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(V1.format(columns=", ".join(f'"{name}"' for name in COLUMNS)))
        connection.executemany(f"INSERT INTO rows VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608
        connection.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", blocks)
    connection.close()
    store = ResultStore(path)
    assert store.done(["k"]) == set()  # it failed, and is tried again
    put(store, "new", [FULL])
    pd.testing.assert_frame_equal(store.rows(["new"]), frame([FULL]))
    store.note_extraction("x", {"n": 3})
    assert store.extraction("x") == {"n": 3}
    with sqlite3.connect(path) as connection:
        tables = [sorted(row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        tables.append(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.close()
    assert tables == [["blocks", "claims", "extractions", "rows", "runs", "sheets"], STORE_VERSION]


def test_processes_that_open_an_old_store_at_once_bring_it_up_once(tmp_path):
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(V1.format(columns=", ".join(f'"{name}"' for name in COLUMNS)))
    connection.close()
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: ResultStore(path), range(8)))
    assert stores[0].done(["k"]) == set()


def test_facts_of_an_extraction_that_was_never_noted_are_none(store):
    assert store.extraction("nothing") == {}


def test_rates_are_means_over_what_gave_a_value(store):
    rows = [Row("cka", 1, n=100, seconds=1.0), Row("cka", 1, n=300, seconds=3.0), Row("cka", 1, n=9, status="failed")]
    put(store, "k", rows)
    assert store.rates() == {"cka": (2.0, 200.0)}


def test_values_of_half_samples_are_no_rows_of_their_own():
    store = ResultStore()
    whole = Row("mgm", 1, value=2.0, n=9, seconds=1.0)
    parts = [replace(whole, params=f'{{"half_sample": {number}}}') for number in range(3)]
    put(store, "k", [whole, *parts])
    assert store.rates() == {"mgm": (4.0, 9.0)}
    assert len(store.everything()) == 4
    assert read_rows()["params"].tolist() == ["{}"]


def test_rows_that_are_not_written_stand_in_their_place(store):
    put(store, "a", [Row("cka", 1, value=1.0)])
    found = store.rows(["b", "a"], {"b": Row("cka", 1, status="skipped", reason="so")})
    assert found["status"].tolist() == ["skipped", "ok"]
