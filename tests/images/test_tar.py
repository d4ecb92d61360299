from __future__ import annotations

import io
import os
import shutil
import tarfile

import numpy as np
import pytest

from simzoo.errors import DataError
from simzoo.images.division import Division
from simzoo.images.folder import Folder
from simzoo.images.tar import is_tar, open_tar
from simzoo.images.tree import open_tree, tree_splits

KINDS = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz"}


@pytest.fixture
def pack(tmp_path):
    """Pack a folder: `pack(folder, suffix, top)`; `top` is the folder that everything lies in, `.` as `tar c .` has."""

    def packed(folder, suffix=".tar", top="."):
        path = tmp_path / f"packed{suffix}"
        with tarfile.open(path, KINDS[suffix]) as archive:
            archive.add(folder, arcname=top)
        return path

    return packed


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("top", [".", "pets", "some-top"])
def test_a_packed_folder_is_the_folder(pets, pack, suffix, top):
    tree = open_tar(pack(pets, suffix, top))
    for split in ("train", "test"):
        mine, theirs = open_tree(tree, split, "pets"), open_tree(Folder(pets), split)
        assert (mine.ids, mine.labels, mine.classes, mine.name) == (
            theirs.ids,
            theirs.labels,
            theirs.classes,
            theirs.name,
        )
        assert mine.fingerprint == theirs.fingerprint
        assert np.array_equal(mine.image(1), theirs.image(1))
    assert open_tree(tree, "test").name == "packed+split-seed=0"


def test_split_folders_and_flat_archives(pets, pack, tmp_path):
    root = tmp_path / "ready"
    shutil.copytree(pets, root / "train")
    shutil.copytree(pets, root / "test")
    for top in (".", "ready"):
        assert tree_splits(open_tar(pack(root, ".tgz", top))) == {"train": "train", "test": "test"}
    shutil.rmtree(root / "test")
    assert tree_splits(open_tar(pack(root, ".tgz"))) == {"train": "train"}  # `train` is no wrapping
    for top in (".", "cat"):
        flat = open_tree(open_tar(pack(pets / "cat", ".tar", top)), "all")
        assert (len(flat), flat.id(0), flat.label(0)) == (10, "00.png", -1)


def test_members_that_lead_outside_are_ignored_counted_and_never_written(pets, pack, tmp_path, monkeypatch):
    path = pack(pets)
    content = (pets / "cat" / "00.png").read_bytes()
    with tarfile.open(path, "a") as archive:
        for name, kind in (
            ("../evil.png", tarfile.REGTYPE),
            ("/tmp/evil.png", tarfile.REGTYPE),  # noqa: S108 - a name in an archive
            ("cat/../../evil.png", tarfile.REGTYPE),
            ("cat/soft.png", tarfile.SYMTYPE),
            ("cat/hard.png", tarfile.LNKTYPE),
            ("cat/device.png", tarfile.CHRTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(content) if member.size else None)
        for name in ("cat/.hidden.png", "cat/._00.png", "notes.txt", ".cache/x.png"):
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))
    before = {os.path.join(place, file) for place, _, files in os.walk(tmp_path) for file in files}  # noqa: PTH118
    monkeypatch.setattr(tarfile.TarFile, "extract", None)
    monkeypatch.setattr(tarfile.TarFile, "extractall", None)
    images = [open_tree(open_tar(path), split) for split in ("train", "test")]
    assert sum(map(len, images)) == 15
    assert images[1].notes[0] == (
        "packed: 6 members are ignored in packed.tar (a link, a device or a path that leads outside): ../evil.png"
    )
    after = {os.path.join(place, file) for place, _, files in os.walk(tmp_path) for file in files}  # noqa: PTH118
    assert after == before


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
@pytest.mark.parametrize("damage", ["empty", "cut", "rubbish", "header"])
def test_a_damaged_archive_is_a_named_error(pets, pack, suffix, damage):
    path = pack(pets, suffix)
    content = path.read_bytes()
    if damage == "header" and suffix == ".tar":
        with tarfile.open(path) as archive:
            place = archive.getmembers()[7].offset
        content = content[:place] + b"\xff" * 512 + content[place + 512 :]
    else:
        content = {"empty": b"", "cut": content[: len(content) // 2], "rubbish": b"rubbish" * 200}.get(
            damage, content[:100] + b"\0" * 50 + content[150:]
        )
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_tar(path)
    text = str(caught.value)
    assert text.startswith(f"packed{suffix} cannot be read\n  expected: a sound .tar, .tar.gz or .tgz\n  got: ")
    assert text.endswith(f"\n  next: make it anew, or fetch it again: tar tf {path}")


def test_a_damaged_image_is_the_images_own_error(pets, pack):
    (pets / "cat" / "00.png").write_bytes(b"damaged")
    parts = [open_tree(open_tar(pack(pets)), split) for split in ("train", "test")]
    images, i = next((part, part.ids.index("cat/00.png")) for part in parts if "cat/00.png" in part.ids)
    with pytest.raises(DataError, match="does not decode"):
        images.image(i)


def test_too_large_an_archive_to_hold(pets, pack, monkeypatch):
    monkeypatch.setattr("simzoo.images.tar.LARGEST", 1000)
    with pytest.raises(DataError) as caught:
        open_tar(pack(pets, ".tgz"))
    assert "packed.tgz is too large to be read compressed\n  expected: at most 0 GiB unpacked" in str(caught.value)
    assert caught.value.next_step.startswith("gunzip it and name the .tar, or unpack it and name the folder")


def test_a_changed_archive_is_read_again(pets, pack):
    first = open_tar(pack(pets))
    assert open_tar(first.path) is first
    shutil.rmtree(pets / "dog")
    assert len(open_tar(pack(pets)).places) == 10


def test_division_of_an_archive(pets, pack):
    images = open_tree(open_tar(pack(pets)), "test", division=Division(1, r"\d(\d)"))
    assert images.name == r"packed+split-seed=1+group-by=\d(\d)"


def test_names_of_archives(tmp_path):
    assert [is_tar(tmp_path / name) for name in ("a.tar", "a.tar.gz", "a.tgz", "a.gz", "a.zip")] == [True] * 3 + [
        False
    ] * 2
