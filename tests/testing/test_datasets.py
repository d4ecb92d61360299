"""Data sets are broken in every way the suite is for; each time it fails, and says what is wrong."""

import itertools

import pytest
from PIL import Image

from simzoo.errors import DataError
from simzoo.facts import dataset
from simzoo.images.folder import open_folder
from simzoo.images.imageset import missing_split

SPLITS = ("train", "test")
OPENED = itertools.count()


class Plain:
    name, classes, fingerprint = "mine", ("a", "b"), "f"

    def __init__(self, split):
        self.split = split

    def __len__(self):
        return 6

    def id(self, i):
        return f"{self.split}/{i}"

    def image(self, i):
        return Image.new("RGB", (4, 4), (i, 0, 0))

    def label(self, i):
        return i % 2


def part(**methods):
    kind = type("Changed", (Plain,), methods)

    def open_split(split):
        if split not in SPLITS:
            raise missing_split("mine", split, SPLITS)
        return kind(split)

    return dataset(name="mine", splits=SPLITS)(open_split)


def damaged(self, i):
    raise DataError("does not decode: cut short")


IDS, LABELS = "ids are unique and stable", "labels are classes"
IMAGES, OPEN = "images are rgb or named errors", "splits open and others are refused"


@pytest.mark.parametrize(
    ("methods", "check", "text"),
    [
        ({"id": lambda self, i: f"{self.split}/{i // 2}"}, IDS, "'train/0', 'train/1', 'train/2'] more than once"),
        ({"id": lambda self, i: str(i)}, IDS, "['0', '1', '2'] more than once"),
        ({"id": lambda self, i: f"{next(OPENED)}"}, IDS, "6 other ids in train"),
        ({"id": lambda self, i: i}, IDS, "not text"),
        ({"fingerprint": property(lambda self: str(next(OPENED)))}, IDS, "not the same when it is opened again"),
        ({"label": lambda self, i: i}, LABELS, "integers from 0 to 1\n  got: [2, 3, 4]"),
        ({"label": lambda self, i: "a"}, LABELS, "'a'"),
        ({"classes": ()}, LABELS, "expected: -1, there being no classes\n  got: [0, 1, 0]"),
        ({"classes": property(lambda self: (self.split, "b"))}, LABELS, "different classes"),
        ({"image": lambda self, i: Image.new("L", (4, 4))}, IMAGES, "got: L"),
        ({"image": lambda self, i: Image.new("RGB", (4, 4), (next(OPENED) % 256, 0, 0))}, IMAGES, "the same each time"),
        ({"image": lambda self, i: 1 / 0}, IMAGES, "image train/0 of mine fails without a named error"),
        ({"image": damaged}, IMAGES, "no image of mine (train) decodes"),
        ({"name": "other"}, OPEN, "name 'other'"),
        ({"__len__": lambda self: 0}, OPEN, "0 images"),
    ],
)
def test_what_is_broken_is_found_and_named(failures, methods, check, text):
    found = failures(part(**methods))
    assert text in found[check], found


def test_a_split_that_is_not_there_must_be_refused(failures):
    assert "opens a split that it does not have" in failures(dataset(name="mine", splits=SPLITS)(Plain))[OPEN]


def test_a_sound_data_set_passes_and_so_does_one_with_a_damaged_image(failures):
    assert failures(part()) == {}
    assert failures(part(image=lambda self, i: damaged(self, i) if i == 2 else Plain.image(self, i))) == {}


def test_images_without_labels_pass(failures):
    assert failures(part(classes=(), label=lambda self, i: -1)) == {}


def test_a_folder_of_images_passes(failures, tmp_path):
    for split, kind, i in itertools.product(SPLITS, "ab", range(3)):
        path = tmp_path / "mine" / split / kind / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (i, ord(kind), 9)).save(path)
    path.write_bytes(b"not an image")
    opened = dataset(name="mine", splits=SPLITS)(lambda split: open_folder(tmp_path / "mine", split, "mine"))
    assert failures(opened) == {}
