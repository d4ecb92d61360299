"""Only names decide here: the files are empty."""

import pytest

from simzoo.errors import DataError
from simzoo.images.parquet_files import is_parquet, parquet_splits


@pytest.fixture
def lay(tmp_path):
    """Make empty files: `lay("train-0.parquet", ...)`."""

    def laid(*paths):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        return tmp_path

    return laid


@pytest.mark.parametrize(
    ("paths", "splits"),
    [
        (["train.parquet", "test.parquet"], {"train": ["train.parquet"], "test": ["test.parquet"]}),
        (
            ["train-00001-of-2.parquet", "train-00000-of-2.parquet"],
            {"train": ["train-00000-of-2.parquet", "train-00001-of-2.parquet"]},
        ),
        (
            ["data/test-0.parquet", "data/validation-0.parquet"],
            {"validation": ["data/validation-0.parquet"], "test": ["data/test-0.parquet"]},
        ),
        (
            ["test/0.parquet", "train/1.parquet", "train/0.parquet"],
            {"train": ["train/0.parquet", "train/1.parquet"], "test": ["test/0.parquet"]},
        ),
        (["train.parquet", "data/test.parquet", "test/0.parquet"], {"train": ["train.parquet"]}),  # the first place
        (["train.parquet", "trained.parquet", "test_extra.parquet"], {"train": ["train.parquet"]}),
    ],
)
def test_a_split_is_in_the_name_of_a_file_or_of_its_folder(lay, paths, splits):
    root = lay(*paths)
    found = parquet_splits(root)
    assert {split: [file.relative_to(root).as_posix() for file in files] for split, files in found.items()} == splits
    assert list(found) == list(splits)
    assert is_parquet(root)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.parquet", "train"),
        ("test-00000-of-00001.parquet", "test"),
        ("validation.parquet", "validation"),
        ("val.parquet", "all"),
        ("mine.parquet", "all"),
    ],
)
def test_a_file_alone_is_its_split_or_the_whole(lay, name, split):
    path = lay(name) / name
    assert parquet_splits(path) == {split: (path,)}
    assert is_parquet(path)


def test_what_is_no_parquet(lay):
    root = lay("notes.txt", "other/0.parquet")
    assert not is_parquet(root)
    assert not is_parquet(root / "notes.txt")
    assert not is_parquet(root / "missing")


def test_files_that_name_no_split_are_refused(lay):
    root = lay(*(f"part-{at}.parquet" for at in range(5)))
    with pytest.raises(DataError) as caught:
        parquet_splits(root)
    assert str(caught.value) == (
        f"{root.name} holds Parquet files, but none that belongs to a split\n"
        "  expected: train-*.parquet, test-*.parquet, validation-*.parquet\n"
        "  got: part-0.parquet, part-1.parquet, part-2.parquet\n"
        "  next: rename the files, or name one of them instead of the folder"
    )
