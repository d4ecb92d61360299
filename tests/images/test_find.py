from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from simzoo.errors import DataError, NameClashError, UnknownNameError, UsageError
from simzoo.images.find import data_facts, evaluation_split, known_data, open_data, splits


@pytest.fixture
def home(pets, monkeypatch):
    """SIMZOO_DATA, with `pets` in it."""

    def set_home(folder):
        monkeypatch.setenv("SIMZOO_DATA", str(folder))
        return folder

    return set_home


def test_catalog_name(shelves):
    assert open_data("digits", "test", shelves).id(0).startswith("digits/")
    assert splits("digits", shelves) == ("train", "test")
    assert known_data(shelves) == ["digits"]


def test_name_under_simzoo_data(shelves, pets, home):
    home(pets.parent)
    (pets.parent / ".cache").mkdir()
    assert known_data(shelves) == ["digits", "pets"]
    assert open_data("pets", "train", shelves).name == "pets+split-seed=0"


def test_name_in_a_folder_below_simzoo_data(shelves, pets, home):
    home(pets.parent.parent)
    name = f"{pets.parent.name}/pets"
    assert open_data(name, "train", shelves).name == f"{name}+split-seed=0"


def test_path(shelves, pets):
    images = open_data(str(pets), "test", shelves)
    assert (images.name, len(images)) == ("pets+split-seed=0", 3)


def test_path_and_name_give_the_same_ids(shelves, real, home):
    home(real)
    by_name, by_path = (open_data(data, "test", shelves) for data in ("cmaterdb_telugu", str(real / "cmaterdb_telugu")))
    assert by_name.id(3) == by_path.id(3) == "cmaterdb_telugu/test/000003"
    assert by_name.fingerprint == by_path.fingerprint


def test_evaluation_split(shelves, pets, tmp_path):
    assert evaluation_split("digits", shelves) == "test"
    shutil.copytree(pets, tmp_path / "only" / "train")
    assert evaluation_split(str(tmp_path / "only"), shelves) == "train"


@pytest.mark.parametrize("data", ["digits", "pets"])
def test_missing_split_says_which_exist(shelves, pets, home, data):
    home(pets.parent)
    with pytest.raises(DataError) as caught:
        open_data(data, "validation", shelves)
    assert str(caught.value) == (
        f"{data} has no split 'validation'\n  expected: train or test\n  got: 'validation'\n  next: simzoo show {data}"
    )


def test_unknown_name_without_simzoo_data(shelves):
    with pytest.raises(UnknownNameError) as caught:
        open_data("digit", "test", shelves)
    assert str(caught.value) == (
        "unknown data 'digit'\n"
        "  expected: digits, the only known data\n"
        "  got: 'digit'\n"
        "  next: simzoo list data; set SIMZOO_DATA to the folder where your data sets lie, or give a path"
    )


def test_unknown_name_with_simzoo_data(shelves, pets, home):
    home(pets.parent)
    with pytest.raises(UnknownNameError, match="did you mean pets") as caught:
        open_data("petz", "test", shelves)
    assert caught.value.next_step == f"simzoo list data; put the set into {pets.parent} (SIMZOO_DATA), or give a path"


def test_unknown_name_with_a_wrong_simzoo_data(shelves, tmp_path, home):
    home(tmp_path / "nowhere")
    with pytest.raises(UnknownNameError, match="nowhere, which is not a folder"):
        open_data("petz", "test", shelves)


def test_name_of_two_sources_is_refused(shelves, pets, home):
    pets.rename(pets.parent / "digits")
    home(pets.parent)
    with pytest.raises(NameClashError, match="two data sets are named 'digits'"):
        open_data("digits", "test", shelves)


def test_file_of_another_kind(shelves, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("no data")
    with pytest.raises(DataError, match="is not a data set\n  expected: a folder of images or of class folders, a tar"):
        open_data(str(file), "test", shelves)


def test_data_facts(shelves, pets, home):
    home(pets.parent)
    facts = data_facts("pets", shelves)
    assert facts == {
        "name": "pets",
        "splits": {"train": 12, "test": 3},
        "classes": ["cat", "dog"],
        "pixel_size": (20, 16),
        "source": str(pets),
    }
    digits = data_facts("digits", shelves)
    assert digits["splits"] == {"train": 1297, "test": 500}
    assert digits["pixel_size"] == (32, 32)
    assert "scikit-learn" in digits["source"]
    json.dumps(digits)


def test_data_facts_of_a_set_whose_first_image_is_damaged(shelves, pets):
    first = next(iter(open_data(str(pets), "test", shelves).ids))
    (pets / first).write_bytes(b"damaged")
    assert data_facts(str(pets), shelves)["pixel_size"] is None


@pytest.mark.parametrize("module", ["simzoo.images", "simzoo.images.find", "simzoo.images.digits"])
def test_finding_data_loads_neither_torch_nor_scikit_learn(module):
    code = f"import sys, {module}; print(sorted({{'torch', 'sklearn'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_that_a_loaded_library_would_be_seen():
    code = "import sys, sklearn.datasets; print(sorted({'torch', 'sklearn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert "sklearn" in done.stdout


def test_the_name_says_how_a_folder_is_divided(shelves, pets):
    first, other = (open_data(f"{pets}+split-seed={seed}", "test", shelves) for seed in (0, 1))
    assert set(first.ids) == set(open_data(str(pets), "test", shelves).ids) != set(other.ids)
    grouped = open_data(rf"{pets}+group-by=\d(\d)\.png", "test", shelves)
    assert grouped.name == r"pets+split-seed=0+group-by=\d(\d)\.png"


@pytest.mark.parametrize("layout", ["digits", "folders", "flat", "parquet"])
def test_data_with_splits_of_its_own_is_not_divided_again(shelves, pets, layout, tmp_path):
    name, got = "digits", "a set with its own train and test"
    if layout == "folders":
        for split in ("train", "test"):
            shutil.copytree(pets, tmp_path / "ready" / split)
        name = str(tmp_path / "ready")
    elif layout == "flat":
        name, got = str(pets / "cat"), "one undivided split, 'all'"
    elif layout == "parquet":
        (tmp_path / "set").mkdir()
        for split in ("train", "test"):
            (tmp_path / "set" / f"{split}-00000-of-00001.parquet").touch()
        name = str(tmp_path / "set")
    with pytest.raises(UsageError) as caught:
        splits(f"{name}+split-seed=1", shelves)
    assert str(caught.value) == (
        f"{name} is not divided by simzoo, so it takes no --split-seed or --group-by\n"
        "  expected: a folder or tar of class folders without train and test\n"
        f"  got: {got}\n"
        f"  next: --data {name}"
    )


def test_a_tar_under_simzoo_data(shelves, pets, home):
    shutil.make_archive(str(pets.parent / "packed"), "tar", pets)
    home(pets.parent)
    assert known_data(shelves) == ["digits", "packed.tar", "pets"]
    packed = open_data("packed.tar", "test", shelves)
    assert (packed.name, packed.ids) == ("packed.tar+split-seed=0", open_data("pets", "test", shelves).ids)
