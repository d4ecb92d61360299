from __future__ import annotations

import gzip
import hashlib
import pickle
import struct

import numpy as np
import pytest
import scipy.io
import torchvision.datasets

from simzoo.errors import DataError, NameClashError, UnknownNameError
from simzoo.images.find import data_facts, known_data, open_data, splits
from simzoo.images.torchvision_files import how_to_fetch


class Evil:
    """What a pickle runs when it is read."""

    def __reduce__(self):
        return (open, ("was-run", "w"))


@pytest.fixture
def home(tmp_path, monkeypatch, shelves):
    monkeypatch.setenv("SIMZOO_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def levels():
    return np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)


@pytest.fixture
def mnist(home, levels):
    """MNIST in its published format: idx files."""
    raw = home / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for stem, part in (("train", levels[:8]), ("t10k", levels[8:])):
        (raw / f"{stem}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, len(part), 28, 28) + part.tobytes())
        (raw / f"{stem}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(part)) + bytes(range(len(part))))
    return home


@pytest.fixture
def cifar(home, monkeypatch):
    """CIFAR-10 in its published format, with the MD5s of these small batches in place of the published ones."""
    folder = home / "cifar-10-batches-py"
    folder.mkdir()
    pixels = np.random.default_rng(1).integers(0, 256, (6, 3072), dtype=np.uint8)

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return hashlib.md5((folder / name).read_bytes()).hexdigest()  # noqa: S324 - as torchvision checks

    kind = torchvision.datasets.CIFAR10
    names = [str(i) for i in range(10)]
    train = write("data_batch_1", {"data": pixels[:4], "labels": [0, 1, 2, 3]})
    test = write("test_batch", {"data": pixels[4:], "labels": [4, 5]})
    meta = write("batches.meta", {"label_names": names})
    monkeypatch.setattr(kind, "train_list", [["data_batch_1", train]])
    monkeypatch.setattr(kind, "test_list", [["test_batch", test]])
    monkeypatch.setattr(kind, "meta", {"filename": "batches.meta", "key": "label_names", "md5": meta})
    return folder, pixels


def test_mnist_from_its_own_files(mnist, levels, shelves):
    assert known_data(shelves) == ["digits", "mnist"]
    assert splits("mnist", shelves) == ("train", "test")
    test = open_data("mnist", "test", shelves)
    assert (test.name, len(test), test.id(1), test.label(1)) == ("mnist", 4, "mnist/test/000001", 1)
    assert test.classes[3] == "3 - three"
    assert np.array_equal(test.image(2), np.repeat(levels[10][..., None], 3, axis=2))
    assert open_data("mnist", "test", shelves) is test  # read once
    assert data_facts("mnist", shelves)["splits"] == {"train": 8, "test": 4}


def test_cifar_from_its_own_files(cifar, shelves):
    _, pixels = cifar
    train = open_data("torchvision:cifar10", "train", shelves)
    assert (len(train), train.label(3), train.id(3)) == (4, 3, "cifar10/train/000003")
    assert np.array_equal(train.image(3), pixels[3].reshape(3, 32, 32).transpose(1, 2, 0))
    before = train.fingerprint
    assert before != open_data("cifar10", "test", shelves).fingerprint


def test_a_tampered_batch_is_refused_unread(cifar, home, shelves):
    folder, _ = cifar
    (folder / "test_batch").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(DataError) as caught:
        open_data("cifar10", "train", shelves)
    assert str(caught.value) == (
        "torchvision's files of cifar10 cannot be read\n"
        f"  expected: the published files under {folder}, whole and unchanged\n"
        "  got: Dataset not found or corrupted. You can use download=True to download it\n"
        f"  next: fetch them again: {how_to_fetch('cifar10', home)}"
    )
    assert not (home / "was-run").exists()
    pickle.loads((folder / "test_batch").read_bytes()).close()  # noqa: S301 - the trap would have sprung
    assert (home / "was-run").exists()


def test_svhn_and_stl10(home, shelves, monkeypatch):
    rng = np.random.default_rng(2)
    for split in ("train", "test"):
        pixels = rng.integers(0, 256, (32, 32, 3, 5), dtype=np.uint8)
        scipy.io.savemat(home / f"{split}_32x32.mat", {"X": pixels, "y": np.array([[10], [1], [2], [3], [4]])})
    monkeypatch.setattr(torchvision.datasets.SVHN, "_check_integrity", lambda self: True)
    test = open_data("svhn", "test", shelves)
    assert (len(test), test.label(0), test.classes[0]) == (5, 0, "0")
    assert np.array_equal(test.image(4), pixels[..., 4])
    binary = home / "stl10_binary"
    binary.mkdir()
    stl = rng.integers(0, 256, (2, 3, 96, 96), dtype=np.uint8)
    for split in ("train", "test"):
        (binary / f"{split}_X.bin").write_bytes(stl.transpose(0, 1, 3, 2).tobytes())
        (binary / f"{split}_y.bin").write_bytes(bytes([1, 10]))
    (binary / "class_names.txt").write_text("\n".join(f"kind {i}" for i in range(10)))
    monkeypatch.setattr(torchvision.datasets.STL10, "_check_integrity", lambda self: True)
    images = open_data("stl10", "train", shelves)
    assert (images.label(1), images.classes[9]) == (9, "kind 9")
    assert np.array_equal(images.image(0), stl[0].transpose(1, 2, 0))
    assert known_data(shelves) == ["digits", "stl10", "svhn"]


def test_two_sources_of_one_name_are_refused_and_may_be_told_apart(mnist, shelves, picture):
    for kind in ("a", "b"):
        (mnist / "mnist" / kind).mkdir(parents=True)
        for i in range(3):
            picture(i).save(mnist / "mnist" / kind / f"{i}.png")
    with pytest.raises(NameClashError) as caught:
        open_data("mnist", "test", shelves)
    assert str(caught.value) == (
        "two data sets are named 'mnist'\n"
        "  expected: one source for each name\n"
        f"  got: {mnist / 'mnist'} and {mnist / 'MNIST'}\n"
        f"  next: rename {mnist / 'mnist'}, or say --data torchvision:mnist or --data {mnist / 'mnist'}"
    )
    assert len(open_data("torchvision:mnist", "test", shelves)) == 4
    assert len(open_data(str(mnist / "mnist"), "test", shelves)) == 2


def test_files_that_are_not_there_say_how_to_fetch_them(home, shelves, monkeypatch):
    with pytest.raises(UnknownNameError) as caught:
        open_data("cifar10", "test", shelves)
    fetch = f"python -c \"from torchvision.datasets import CIFAR10; CIFAR10('{home}', download=True, train=True)\""
    assert caught.value.next_step == f"simzoo never downloads data by itself: {fetch}"
    with pytest.raises(DataError) as caught:
        open_data("torchvision:svhn", "test", shelves)
    assert str(caught.value).startswith(
        "the files of svhn are not there\n"
        "  expected: test_32x32.mat in the folder that SIMZOO_DATA names\n"
        f"  got: SIMZOO_DATA={home}, without it\n"
        '  next: python -c "from torchvision.datasets import SVHN; SVHN('
    )
    with pytest.raises(UnknownNameError, match="did you mean torchvision:stl10"):
        open_data("torchvision:stl1", "test", shelves)
    monkeypatch.delenv("SIMZOO_DATA")
    with pytest.raises(DataError, match="got: no SIMZOO_DATA"):
        open_data("torchvision:mnist", "test", shelves)


def test_incomplete_files_are_a_named_error(mnist, shelves):
    (mnist / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(gzip.compress(b"no labels"))
    with pytest.raises(DataError, match="torchvision's files of mnist cannot be read"):
        open_data("mnist", "test", shelves)
