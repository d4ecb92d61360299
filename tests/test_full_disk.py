"""A store that cannot be written: a clear error, a store that stays valid, and work that goes on afterwards."""

import errno
import os
import resource
import shutil
import subprocess
from contextlib import contextmanager

import filelock
import numpy as np
import pytest

from simzoo.errors import SimzooError
from simzoo.storage import Shelf, home, representations_shelf, set_aside, weights_shelf, write_sealed
from simzoo.table.schema import Row, Table, frame
from simzoo.table.store import ResultStore

LONG = [Row("cka", 1, reason=f"{i} " + "y" * 100) for i in range(5_000)]


@contextmanager
def small_disk(size=40_000):
    """Let every write beyond a few kilobytes fail, whatever library does it, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def weights():
    weights_shelf().put("k", {"name": "x"}, lambda path: path.write_bytes(b"x" * 10**6))


def checkpoint():
    write_sealed(home() / "weights" / "k.ckpt", {}, b"x" * 10**6)


def results():
    ResultStore().put("k", {}, LONG, [], "run")


def table():
    from simzoo.table.files import write_table

    write_table(Table(frame([Row("cka", 1, reason=os.urandom(20).hex()) for _ in range(5_000)])), home() / "t.parquet")


def representation():
    from simzoo.representations.store import TapWriter
    from simzoo.storage import atomic

    with atomic(home() / "r.f32") as path, path.open("wb+") as file:
        TapWriter(file, 100).append([np.zeros((100, 1_000), np.float32)])


@pytest.mark.parametrize("write", [weights, checkpoint, results, table, representation])
def test_a_full_disk_is_told_leaves_the_store_valid_and_the_work_goes_on_afterwards(write):
    ResultStore().put("before", {}, [Row("cka", 1, value=0.5)], [], "run")
    representations_shelf().put("before", {}, lambda path: path.write_bytes(b"whole"))
    with small_disk(), pytest.raises(SimzooError) as caught:
        write()
    assert caught.value.expected
    assert caught.value.got
    assert "space" in caught.value.next_step
    assert ResultStore().done(["before", "k"]) == {"before"}
    assert representations_shelf().get("before")
    assert weights_shelf().get("k") is None
    assert not [path for path in home().rglob("*") if path.suffix in {".part", ".ckpt"}]
    write()
    assert ResultStore().damaged() == []


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of its own, and a function that gives it another size, as one frees space."""
    place, mount, unmount = tmp_path / "disk", shutil.which("mount"), shutil.which("umount")
    place.mkdir()
    if not (mount and unmount):
        pytest.skip("there is no mount command")

    def sized(options):
        return subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)  # noqa: S603

    if sized("size=64k").returncode:
        pytest.skip("file systems cannot be mounted here (it takes root)")
    yield place, lambda size: sized(f"remount,size={size}")
    subprocess.run([unmount, place], check=True)  # noqa: S603


def test_a_comparison_on_a_disk_that_is_really_full_is_told_and_ends_as_on_another(tiny_disk, monkeypatch):
    import simzoo

    disk, resize = tiny_disk
    monkeypatch.setenv("SIMZOO_HOME", str(disk / "home"))

    def compared():
        return simzoo.compare("resnet18-init", "resnet18-init#1", n=40, resamples=2, permutations=0, may_train=False)

    def told(what):
        return pytest.raises(SimzooError, match=f"{what}\n  expected: .*\n  got: .*\n  next: .*space")

    with told("the results store results.sqlite cannot be used"):
        compared()
    resize("400k")
    with told(r"cannot write \w+\.f32"):
        compared()
    resize("60m")
    found = compared()
    resize(shutil.disk_usage(disk).used + 100_000)
    with told("cannot write report.html"):
        found.save(disk / "out")
    resize("60m")
    found.save(disk / "out")
    assert not [path for path in disk.rglob("*") if path.suffix in {".part", ".damaged", ".unfinished"}]
    monkeypatch.setenv("SIMZOO_HOME", str(disk.parent / "elsewhere"))
    run = ["run_id", "host", "created", "started", "seconds", "device_seconds"]
    assert found.table.drop(columns=run).equals(compared().table.drop(columns=run))


def read_only(*_, **__):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_store_that_is_read_only_is_told_where_a_lock_is_taken(monkeypatch, tmp_path):
    shelf = Shelf(tmp_path / "shelf", ".bin")
    lock = shelf.lock("k")
    monkeypatch.setattr(filelock.FileLock, "acquire", read_only)
    with pytest.raises(
        SimzooError, match=r"cannot write \.k\.lock\n.*\n  got: OSError: Read-only file system\n  next: "
    ):
        lock.acquire()


def test_a_damaged_file_that_cannot_be_set_aside_is_told(monkeypatch, tmp_path):
    (tmp_path / "k.bin").write_bytes(b"bad")
    monkeypatch.setattr(type(tmp_path), "replace", read_only)
    with pytest.raises(SimzooError, match=r"cannot write k\.bin\n.*\n  got: OSError: Read-only file system"):
        set_aside(tmp_path / "k.bin")


def test_a_store_where_a_file_is_in_the_way_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "file"))
    for write in (weights, results):
        with pytest.raises(SimzooError, match=r"cannot write .*\n  expected: a writable folder .*\n  got: "):
            write()
    (tmp_path / "file").unlink()
    weights()
    results()
    assert weights_shelf().get("k")
