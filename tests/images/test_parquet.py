from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from simzoo.errors import DataError
from simzoo.images.parquet import open_parquet, parquet_counts, parquet_splits

NAMES = ["cat", "dog"]


@pytest.fixture
def write(picture, encoded):
    """Write a Parquet file: `write(file, labels, image="image", label="label", names=None, images=None)`."""

    def write_file(file, labels, *, image="image", label="label", names=None, images=None, plain=False):
        images = images or [encoded(picture(i), "PNG") for i in range(len(labels))]
        column = images if plain else [{"bytes": content, "path": f"{i}.png"} for i, content in enumerate(images)]
        table = pa.table({image: column, label: labels})
        if names:
            features = {image: {"_type": "Image"}, label: {"_type": "ClassLabel", "names": names}}
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        file.parent.mkdir(exist_ok=True)
        pq.write_table(table, file)
        return file

    return write_file


@pytest.fixture
def folder(write, tmp_path):
    write(tmp_path / "zoo" / "train-00000-of-00002.parquet", [0, 1, 0], names=NAMES)
    write(tmp_path / "zoo" / "train-00001-of-00002.parquet", [1, 1], names=NAMES)
    write(tmp_path / "zoo" / "test-00000-of-00001.parquet", [1, 0], names=NAMES)
    return tmp_path / "zoo"


def test_folder_of_splits(folder, picture):
    images = open_parquet(folder, "train")
    assert (images.name, images.split, images.classes, len(images)) == ("zoo", "train", ("cat", "dog"), 5)
    assert [images.id(i) for i in (0, 4)] == ["zoo/train/000000", "zoo/train/000004"]
    assert [images.label(i) for i in range(5)] == [0, 1, 0, 1, 1]
    assert np.array_equal(images.image(2), picture(2))
    assert np.array_equal(images.image(4), picture(1))
    assert parquet_counts(folder) == {"train": 5, "test": 2}


def test_single_file_with_and_without_a_split_in_its_name(folder, write, tmp_path):
    one = open_parquet(folder / "test-00000-of-00001.parquet", "test")
    assert (one.name, one.id(1)) == ("zoo", "zoo/test/000001")
    file = write(tmp_path / "birds.v2.parquet", [0, 1], names=NAMES)
    assert list(parquet_splits(file)) == ["all"]
    assert open_parquet(file, "all").id(0) == "birds.v2/all/000000"


def test_string_labels_agree_between_splits(write, tmp_path):
    write(tmp_path / "set" / "train.parquet", ["dog", "cat"])
    write(tmp_path / "set" / "validation.parquet", ["eel", "dog"])
    train, held_out = (open_parquet(tmp_path / "set", split) for split in ("train", "validation"))
    assert train.classes == held_out.classes == ("cat", "dog", "eel")
    assert [held_out.label(i) for i in range(2)] == [2, 1]


def test_other_columns_and_plain_integers_are_tolerated(write, tmp_path):
    file = write(tmp_path / "x.parquet", [7, 3], image="img", label="fine_label", plain=True)
    images = open_parquet(file, "all")
    assert images.classes == ("3", "7")
    assert [images.label(0), images.label(1)] == [1, 0]
    assert images.image(0).mode == "RGB"


def test_class_label_column_is_preferred_to_other_integers(write, tmp_path):
    file = write(tmp_path / "x.parquet", [1, 0], label="species", names=NAMES)
    table = pq.read_table(file).append_column("number", pa.array([5, 6]))
    pq.write_table(table, file)
    assert open_parquet(file, "all").label(0) == 1


def test_fingerprint_follows_the_content(folder, write):
    before = open_parquet(folder, "test").fingerprint
    assert open_parquet(folder, "test").fingerprint == before
    assert open_parquet(folder, "train").fingerprint != before
    write(folder / "test-00000-of-00001.parquet", [0, 1, 1], names=NAMES)
    assert open_parquet(folder, "test").fingerprint != before


def test_row_without_bytes_raises_when_decoded(write, tmp_path):
    file = write(tmp_path / "x.parquet", [0, 1], names=NAMES, images=[None, b"not an image"])
    images = open_parquet(file, "all")
    with pytest.raises(DataError, match="the row holds no bytes"):
        images.image(0)
    with pytest.raises(DataError, match="cannot identify image file"):
        images.image(1)


def test_missing_split(folder):
    with pytest.raises(DataError, match=r"zoo has no split 'validation'\n  expected: train or test\n"):
        open_parquet(folder, "validation")


@pytest.mark.parametrize(
    ("labels", "names", "got"), [([0, None], NAMES, "1 empty rows"), ([0, -1], NAMES, "labels from -1 to 0")]
)
def test_unlabelled_rows_are_refused(write, tmp_path, labels, names, got):
    file = write(tmp_path / "x.parquet", labels, names=names)
    with pytest.raises(DataError, match=f"rows of split 'all' have no label\n.*\n  got: {got}"):
        open_parquet(file, "all")


def test_not_an_image_set(tmp_path):
    file = tmp_path / "table.parquet"
    pq.write_table(pa.table({"a": [1.0], "b": [2]}), file)
    with pytest.raises(DataError) as caught:
        open_parquet(file, "all")
    assert str(caught.value) == (
        "table.parquet is not an image set\n"
        "  expected: an `image` column (struct of bytes and path) "
        "and a `label` column (integers, ClassLabel or strings)\n"
        "  got: a: double, b: int64\n"
        "  next: rename the columns"
    )


def test_damaged_file_and_foreign_names(tmp_path):
    broken = tmp_path / "train.parquet"
    broken.write_bytes(b"PAR1 no more")
    with pytest.raises(DataError, match=r"train.parquet cannot be read\n  expected: a Parquet file"):
        open_parquet(broken, "train")
    broken.rename(tmp_path / "part-0.parquet")
    with pytest.raises(DataError, match=r"none that belongs to a split\n.*\n  got: part-0.parquet"):
        parquet_splits(tmp_path)


@pytest.mark.parametrize(
    ("name", "counts", "classes", "size"),
    [
        ("cifar10", {"train": 50_000, "test": 10_000}, 10, (32, 32)),
        ("mnist", {"train": 60_000, "test": 10_000}, 10, (28, 28)),
        ("omniglot_small", {"train": 3_630, "test": 1_210}, 242, (105, 105)),
        ("imagenet_samples", {"test": 1_000}, 1_000, (256, 256)),
    ],
)
def test_real_sets(real, name, counts, classes, size):
    if not (real / name).is_dir():
        pytest.skip(f"{name} is not in {real.name}")
    assert parquet_counts(real / name) == counts
    images = open_parquet(real / name, "test")
    raw = pq.read_table(images.files[0])
    last = len(images) - 1
    assert (len(images.classes), images.image(last).size) == (classes, size)
    assert images.label(last) == raw["label"][last].as_py()
    with Image.open(io.BytesIO(raw["image"][last]["bytes"].as_py())) as image:
        assert np.array_equal(images.image(last), image.convert("RGB"))


@pytest.mark.parametrize("layout", ["data/{}-00000-of-00001.parquet", "{}/0000.parquet", "{}/part-0.parquet"])
def test_layouts_of_the_hub(tmp_path, layout):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---")
    for split in ("train", "test"):
        path = tmp_path / layout.format(split)
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"image": [{"bytes": b"x", "path": None}], "label": [0]}), path)
    assert list(parquet_splits(tmp_path)) == ["train", "test"]
    assert len(open_parquet(tmp_path, "test")) == 1
