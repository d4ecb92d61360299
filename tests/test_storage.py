import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import platformdirs
import pytest

from simzoo.errors import DamagedFileError, SimzooError
from simzoo.storage import (
    Shelf,
    atomic,
    checksum,
    home,
    key_of,
    make_folder,
    representations_shelf,
    weights_shelf,
)

NEXT = "name another folder (SIMZOO_HOME, --out), then run the same command again"


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "shelf", ".bin")


def put(shelf, key="k", content=b"content", **facts):
    return shelf.put(key, facts, lambda path: path.write_bytes(content))


def flip(path, position=0):
    damaged = bytearray(path.read_bytes())
    damaged[position] ^= 1
    path.write_bytes(damaged)


def visible(folder):
    return sorted(path.name for path in folder.iterdir())


def test_home_is_what_the_variable_says_or_the_users_cache(monkeypatch):
    monkeypatch.setenv("SIMZOO_HOME", "~/zoo")
    assert home() == Path.home() / "zoo"
    for unset in ("", None):
        monkeypatch.setenv("SIMZOO_HOME", unset) if unset is not None else monkeypatch.delenv("SIMZOO_HOME")
        assert home() == platformdirs.user_cache_path("simzoo")


def test_the_shelves_lie_under_home(tmp_path):
    assert weights_shelf().path("k") == tmp_path / "home" / "weights" / "k.safetensors"
    assert representations_shelf().path("k") == tmp_path / "home" / "representations" / "k.f32"


def test_a_key_is_the_same_in_every_process_and_release():
    spec = {"b": [1, 2.5, None, True], "a": {"é": "x"}}
    assert key_of(spec) == "9aa47a681f01e692d627"  # sha256sum of {"a":{"é":"x"},"b":[1,2.5,null,true]}
    code = f"from simzoo.storage import key_of; print(key_of({spec!r}))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert shown.stdout.strip() == key_of(spec)


def test_a_key_depends_on_every_value_but_not_on_the_order_of_names():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert key_of((1, 2)) == key_of([1, 2])
    assert (
        len({key_of(value) for value in ({"a": 1}, {"a": "1"}, {"a": None}, {"a": [1]}, {"b": 1}, [1, 2], [2, 1])}) == 7
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_a_key_of_what_is_not_a_number_is_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        key_of(value)


def test_a_file_is_written_whole_and_its_folders_are_made(tmp_path):
    target = tmp_path / "a" / "b" / "file.txt"
    for content in ("one", "two"):
        with atomic(target) as temporary:
            temporary.write_text(content)
            assert temporary.parent == target.parent
        assert target.read_text() == content
    assert visible(target.parent) == ["file.txt"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_writer_that_dies_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    target = tmp_path / "file.txt"
    target.write_text("old")

    def write_half(path):
        path.write_text("half")
        raise failure

    with pytest.raises(failure), atomic(target) as temporary:
        write_half(temporary)
    assert (visible(tmp_path), target.read_text()) == (["file.txt"], "old")


def test_a_full_disk_is_told_with_the_next_step(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SimzooError) as caught, atomic(tmp_path / "file.txt") as temporary:
        temporary.write_text("half")
    error = caught.value
    assert error.what == "cannot write file.txt"
    assert error.expected == f"a writable folder with free space at {tmp_path}"
    assert error.got == "OSError: No space left on device"
    assert error.next_step == f"free some space or {NEXT}"
    assert visible(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told_the_same_way(tmp_path):
    (tmp_path / "file").write_text("in the way")
    blocked = Shelf(tmp_path / "file" / "shelf", ".bin")
    attempts = [lambda: put(blocked), lambda: blocked.lock("k"), lambda: make_folder(blocked.folder)]
    for attempt in attempts:
        with pytest.raises(
            SimzooError, match=r"cannot write .*\n  expected: .*\n  got: NotADirectoryError: "
        ) as caught:
            attempt()
        assert caught.value.next_step == NEXT


def test_threads_that_write_one_file_do_not_mix(tmp_path):
    target, barrier, failures = tmp_path / "file.txt", threading.Barrier(8), []

    def write(letter):
        barrier.wait()
        try:
            for _ in range(10):
                with atomic(target) as temporary:
                    temporary.write_text(letter * 1000)
        except SimzooError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=[letter]) for letter in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(target.read_text())) == 1
    assert visible(tmp_path) == ["file.txt"]


def test_what_is_put_on_a_shelf_comes_back_with_its_facts(shelf):
    facts = {"name": "é", "shape": (2, 3), "counts": {2: 1, 10: 4}, "loss": 0.1}
    made = shelf.put("k", facts, lambda path: path.write_bytes(b"content"))
    found = shelf.get("k")
    assert found == made
    assert found.path.read_bytes() == b"content"
    assert found.header == {"name": "é", "shape": [2, 3], "counts": {"2": 1, "10": 4}, "loss": 0.1}
    assert visible(shelf.folder) == ["k.bin", "k.json"]


def test_facts_that_are_known_only_when_all_is_written_are_kept(shelf):
    facts = {"name": "x"}

    def write(path):
        path.write_bytes(b"content")
        facts["rows"] = 7

    assert shelf.put("k", facts, write).header == {"name": "x", "rows": 7}
    assert shelf.get("k").header == {"name": "x", "rows": 7}


def test_a_later_put_replaces_both_files(shelf):
    put(shelf, content=b"one", n=1)
    put(shelf, content=b"two", n=2)
    assert (shelf.get("k").path.read_bytes(), shelf.get("k").header) == (b"two", {"n": 2})


def test_facts_that_json_cannot_hold_are_refused_and_leave_nothing(shelf):
    with pytest.raises(ValueError, match="not JSON compliant"):
        put(shelf, loss=float("nan"))
    assert list(shelf.folder.iterdir()) == []


def test_nothing_is_found_where_nothing_was_finished(shelf):
    assert shelf.get("k") is None
    put(shelf)
    shelf.folder.joinpath("k.json").unlink()
    assert shelf.get("k") is None
    assert visible(shelf.folder) == ["k.bin"]


def test_a_put_that_dies_is_as_if_it_had_not_been(shelf):
    def die(path):
        path.write_bytes(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        shelf.put("k", {}, die)
    assert shelf.get("k") is None
    assert visible(shelf.folder) == []


@pytest.mark.parametrize(
    ("damage", "warning"),
    [
        (lambda folder: flip(folder / "k.bin", 3), "k.bin does not match its checksum"),
        (lambda folder: (folder / "k.bin").write_bytes(b""), "k.bin does not match its checksum"),
        (lambda folder: (folder / "k.bin").unlink(), "k.bin does not match its checksum"),
        (lambda folder: flip(folder / "k.json", 0), "k.json is not a header of the store"),
        (lambda folder: (folder / "k.json").write_text('["header"]'), "k.json is not a header of the store"),
        (lambda folder: (folder / "k.json").write_text("{}"), "k.json is not a header of the store"),
        (lambda folder: (folder / "k.json").write_bytes(b"\xff\xfe"), "k.json is not a header of the store"),
        (
            lambda folder: (folder / "k.json").write_text(
                (folder / "k.json").read_text().replace("fact one", "fact two")
            ),
            "k.json does not match its checksum",
        ),
    ],
)
def test_a_damaged_artifact_is_reported_set_aside_and_never_read(shelf, damage, warning):
    put(shelf, name="fact one")
    before = set(visible(shelf.folder))
    damage(shelf.folder)
    left = set(visible(shelf.folder))
    with pytest.warns(UserWarning, match=f"^{warning}: set aside as \\*.damaged and made again$"):
        assert shelf.get("k") is None
    assert set(visible(shelf.folder)) == {f"{name}.damaged" for name in left}
    put(shelf, name="again")
    assert shelf.get("k").header == {"name": "again"}
    assert before <= set(visible(shelf.folder))


def test_a_flipped_byte_of_a_header_is_noticed_wherever_it_is(shelf):
    put(shelf, n=1, name="x")
    header = shelf.folder / "k.json"
    content = header.read_bytes()
    for position in range(0, len(content), 3):
        put(shelf, n=1, name="x")
        flip(header, position)
        if json.loads(content) == _or_none(header):
            continue  # a space that became another space
        with pytest.warns(UserWarning, match="k.json"):
            assert shelf.get("k") is None


def _or_none(path):
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def test_one_process_at_a_time_makes_a_key(shelf):
    with shelf.lock("k"), shelf.lock("another"):
        with pytest.raises(filelock.Timeout):
            shelf.lock("k").acquire(timeout=0)
        assert shelf.get("k") is None
    with shelf.lock("k").acquire(timeout=0):
        pass


def test_the_checksum_is_sha256(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert checksum(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1


def test_a_payload_is_checked_by_a_fast_checksum_and_old_headers_by_sha256(shelf):
    shelf.put("k", {}, lambda path: path.write_bytes(b"abc"))
    header = json.loads((shelf.folder / "k.json").read_text())
    assert header["payload"] == "xxh3_128:06b05ab6733a618578af5f94892f3950"  # xxhsum -H2 of "abc"
    old = {"facts": {}, "payload": checksum(shelf.path("k"))}
    (shelf.folder / "k.json").write_text(json.dumps({**old, "header": key_of(old)}))
    assert shelf.get("k").header == {}
    shelf.path("k").write_bytes(b"abd")
    with pytest.raises(DamagedFileError, match="does not match its checksum"):
        shelf.read("k")
