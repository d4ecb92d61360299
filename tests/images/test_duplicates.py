from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simzoo.images import imageset
from simzoo.images.digits import digits
from simzoo.images.duplicates import duplicates
from simzoo.images.find import open_data
from simzoo.images.folder import open_folder


@pytest.fixture
def ready(pets, tmp_path):
    """Cats and dogs with train/ and test/, two of whose files are the same on both sides."""
    root = tmp_path / "ready"
    shutil.copytree(pets, root / "train")
    (root / "test" / "cat").mkdir(parents=True)
    for i, source in enumerate(["cat/07.png", "dog/00.png"]):
        shutil.copy(pets / source, root / "test" / "cat" / f"copy{i}.png")
    (root / "test" / "cat" / "own.png").write_bytes(b"another")
    return root


def test_identical_files_are_found_whatever_the_reader(ready, tmp_path):
    shutil.make_archive(str(tmp_path / "packed"), "tar", ready)
    for data in (ready, tmp_path / "packed.tar"):
        found = duplicates(open_data(str(data), "test"), [open_data(str(data), "train")])
        # cats and dogs of the fixture are the same pictures: the first place in training is told
        assert [str(twin) for twin in found] == [
            (
                "2 test images are in train too, byte for byte: test/cat/copy0.png = train/cat/07.png; "
                "test/cat/copy1.png = train/cat/00.png"
            )
        ]


def test_rows_of_parquet_by_their_encoded_bytes(tmp_path):
    for split, rows in (("train", [b"a", b"b", None]), ("test", [b"c", b"b", None])):
        images = [None if row is None else {"bytes": row, "path": None} for row in rows]
        pq.write_table(pa.table({"image": images, "label": [0, 1, 0]}), tmp_path / f"{split}.parquet")
    name = tmp_path.name
    found = duplicates(open_data(str(tmp_path), "test"), [open_data(str(tmp_path), "train")])
    assert [(twin.count, twin.pairs) for twin in found] == [(1, ((f"{name}/test/000001", f"{name}/train/000001"),))]


def test_only_the_first_pairs_are_listed(ready):
    for i in range(9):
        shutil.copy(ready / "train" / "cat" / "07.png", ready / "test" / "cat" / f"more{i}.png")
    twins = duplicates(open_folder(ready, "test"), [open_folder(ready, "train")])
    assert twins[0].count == 11
    assert len(twins[0].pairs) == 3
    assert str(twins[0]).endswith(" ...")


def test_no_duplicates_and_sets_without_hashes(pets):
    assert duplicates(digits("test"), [digits("train")]) == []
    (pets / "dog").rename(pets.parent / "dog")  # whose pictures are those of the cats
    for i in range(5):
        (pets / "dog").mkdir(exist_ok=True)
        (pets / "dog" / f"{i}.png").write_bytes(b"dog" + bytes([i]))
    assert duplicates(open_folder(pets, "test"), [open_folder(pets, "train")]) == []


def test_no_file_is_hashed_twice(ready, monkeypatch):
    read = []
    monkeypatch.setattr(imageset, "checksum", lambda path: read.append(path) or str(path))
    for _ in range(2):
        test, train = (open_folder(ready, split) for split in ("test", "train"))
        assert test.fingerprint != train.fingerprint
        duplicates(test, [train])
    assert len(read) == len(set(read)) == 18
