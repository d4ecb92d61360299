import os
import sqlite3
import time

import pytest

from simzoo.cache import REMAKE, contents, prune, verify
from simzoo.storage import home, representations_shelf, scripts_shelf, weights_shelf, write_sealed
from simzoo.table.schema import Row
from simzoo.table.store import ResultStore

A, B, C = "a" * 20, "b" * 20, "c" * 20


def put(shelf, key, content=b"content", **facts):
    return shelf.put(key, facts, lambda path: path.write_bytes(content))


@pytest.fixture
def store():
    """One of everything; the files as they lie on a disk after a while."""
    put(weights_shelf(), A, name="resnet18-sl")
    facts = {"model": "resnet18-sl", "data": "digits", "split": "test", "ids": ["1", "2"], "taps": []}
    put(representations_shelf(), B, **facts)
    put(scripts_shelf(), C, name="vega-embed")
    write_sealed(home() / "weights" / f"{C}.ckpt", {"name": "vit-sl", "epochs": 3}, b"state")
    (home() / "representations" / f".{C}.unfinished").write_bytes(b"12")
    (home() / "weights" / f".{A}.json.77.88.part").write_bytes(b"1")
    (home() / "weights" / f"{C}.safetensors").write_bytes(b"killed before its header")
    (home() / "weights" / f"{B}.safetensors.damaged").write_bytes(b"bad")
    ResultStore().put("block", {}, [Row("cka", 1, value=0.5)], [], "run")
    with weights_shelf().lock(A):
        pass
    return home()


def names(items):
    return sorted((item.kind, item.name) for item in items)


EVERYTHING = [
    ("checkpoint", "vit-sl after 3 epochs"),
    ("damaged", f"{B}.safetensors.damaged"),
    ("representations", "resnet18-sl on digits (test, 2 images)"),
    ("results", "results.sqlite"),
    ("script", "vega-embed"),
    ("unfinished", f".{A}.json.77.88.part"),
    ("unfinished", f".{C}.unfinished"),
    ("unfinished", f"{C}.safetensors"),
    ("weights", "resnet18-sl"),
]


def test_everything_in_the_store_is_listed_with_its_size_age_and_name(store):
    items = contents()
    assert names(items) == EVERYTHING
    weights = next(item for item in items if item.kind == "weights")
    assert weights.bytes == sum(path.stat().st_size for path in weights.files)
    assert weights.key == A
    os.utime(weights.files[0], (0, time.time() - 3 * 86400))
    os.utime(weights.files[1], (0, time.time() - 2 * 86400))
    assert next(item for item in contents() if item.kind == "weights").days == pytest.approx(2, abs=0.01)
    listed = {path.name for item in items for path in item.files}
    assert {path.name for path in store.rglob("*") if path.is_file() and path.suffix != ".lock"} == listed


def test_a_store_that_is_not_there_is_empty_and_sound():
    assert (contents(), verify(), prune(REMAKE), home().exists()) == ([], [], ([], []), False)


def test_a_sound_store_is_sound_and_stays_as_it_is(store):
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*") if "sqlite" not in path.name}
    assert verify() == []
    after = {path: path.stat().st_mtime_ns for path in store.rglob("*") if "sqlite" not in path.name}
    assert {path for path in before if before[path] != after.get(path) and path.is_file()} <= set(store.rglob("*.lock"))


def flip(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("file", "kind", "reason"),
    [
        (f"weights/{A}.safetensors", "weights", f"{A}.safetensors does not match its checksum"),
        (f"weights/{A}.json", "weights", f"{A}.json"),
        (f"representations/{B}.f32", "representations", f"{B}.f32 does not match its checksum"),
        (f"weights/{C}.ckpt", "checkpoint", f"{C}.ckpt does not match its checksum"),
    ],
)
def test_every_damaged_file_is_named_and_left_where_it_is(store, file, kind, reason):
    flip(store / file)
    (found,) = verify()
    assert found["kind"] == kind
    assert found["reason"].startswith(reason)
    assert (store / file).exists()


def test_damaged_results_are_named_and_left(store):
    connection = sqlite3.connect(store / "results.sqlite")
    connection.execute("UPDATE rows SET value = 0.9")
    connection.commit()
    connection.close()
    assert [found["reason"] for found in verify()] == ["1 blocks do not match their checksums (block)"]
    assert ResultStore().damaged() == ["block"]


def test_results_that_are_no_database_are_named(store):
    for path in store.glob("results.sqlite*"):
        path.write_bytes(b"no database" * 100)
    assert "cannot be used" in verify()[0]["reason"]


def test_prune_takes_representations_unless_told_otherwise(store):
    gone, in_use = prune()
    assert (names(gone), in_use) == ([EVERYTHING[2]], [])
    assert names(contents()) == EVERYTHING[:2] + EVERYTHING[3:]


@pytest.mark.parametrize(
    ("kinds", "left"),
    [
        ({"damaged"}, [kind for kind in EVERYTHING if kind[0] != "damaged"]),
        ({"unfinished", "checkpoint"}, [kind for kind in EVERYTHING if kind[0] not in {"unfinished", "checkpoint"}]),
        (REMAKE, [EVERYTHING[3], EVERYTHING[8]]),
        ({"weights"}, EVERYTHING[:8]),
        ({"results"}, EVERYTHING),
    ],
)
def test_prune_takes_what_is_named_and_nothing_else(store, kinds, left):
    prune(kinds)
    assert names(contents()) == left


def test_a_dry_run_removes_nothing(store):
    gone, _ = prune(REMAKE, dry_run=True)
    assert len(gone) == 7
    assert names(contents()) == EVERYTHING


def test_age_spares_what_is_young(store):
    old = store / "representations" / f".{C}.unfinished"
    os.utime(old, (0, time.time() - 8 * 86400))
    assert names(prune(REMAKE, older_than=7)[0]) == [("unfinished", old.name)]


def test_what_another_process_is_making_stays(store):
    with representations_shelf().lock(B), weights_shelf().lock(C):
        gone, in_use = prune(REMAKE)
    assert [kind for kind, _ in names(in_use)] == ["checkpoint", "representations", "unfinished"]
    assert len(gone) == 4
    assert representations_shelf().get(B) is not None
