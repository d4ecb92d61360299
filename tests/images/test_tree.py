"""The rules by which folders of an abstract tree become splits, classes and labels."""

import hashlib
from dataclasses import dataclass

import pytest

from simzoo.errors import DataError
from simzoo.images.division import Division
from simzoo.images.tree import LAYOUT, open_tree, tree_splits


@dataclass(frozen=True)
class Paths:
    """A tree in memory: each file holds its own path."""

    paths: tuple
    notes: tuple = ()
    name: str = "pets"
    source: str = "/somewhere/pets"

    def folders(self, below):
        inside = [path.removeprefix(f"{below}/") for path in self.paths if not below or path.startswith(f"{below}/")]
        return sorted({path.split("/")[0] for path in inside if "/" in path})

    def images(self, below, *, deep=True):
        prefix = f"{below}/" if below else ""
        inside = [path for path in self.paths if path.startswith(prefix) and not path.endswith("/")]
        return sorted(path for path in inside if deep or "/" not in path.removeprefix(prefix))

    def read(self, path):
        return path.encode()

    def hash(self, path):
        return hashlib.sha256(self.read(path)).hexdigest()


def tree(*paths, **more):
    return Paths(paths, **more)


def numbered(folder, count):
    return [f"{folder}/{at}.png" for at in range(count)]


@pytest.mark.parametrize(
    ("paths", "splits"),
    [
        (["cat/1.png"], {"train": "", "test": ""}),
        (["1.png", "2.png"], {"all": ""}),
        (["1.png", "cat/1.png"], {"train": "", "test": ""}),
        (["train/cat/1.png"], {"train": "train"}),
        (["train/1.png", "cat/1.png"], {"train": "", "test": ""}),  # a class of trains
        (["train/cat/1.png", "val/cat/1.png"], {"train": "train", "test": "val"}),
        (["test/cat/1.png", "val/cat/1.png"], {"validation": "val", "test": "test"}),
        (["val/cat/1.png"], {"test": "val"}),
        (["train/a/1.png", "val/a/1.png", "test/a/1.png"], {"train": "train", "validation": "val", "test": "test"}),
    ],
)
def test_splits_go_by_folders_of_folders(paths, splits):
    assert tree_splits(tree(*paths)) == splits


def test_labels_are_places_among_the_classes_of_all_splits():
    given = tree("train/cat/1.png", "train/dog/1.png", "test/ant/1.png", "test/dog/deep/2.png", "test/loose.png")
    train, test = open_tree(given, "train"), open_tree(given, "test")
    assert train.classes == test.classes == ("ant", "cat", "dog")
    assert [(train.id(i), train.label(i)) for i in range(len(train))] == [
        ("train/cat/1.png", 1),
        ("train/dog/1.png", 2),
    ]
    assert [(test.id(i), test.label(i)) for i in range(len(test))] == [
        ("test/ant/1.png", 0),
        ("test/dog/deep/2.png", 2),
    ]
    assert (test.name, test.split) == ("pets", "test")
    assert train.notes == ()
    assert test.notes == ("pets: 1 image beside the class folders is not used: test/loose.png",)


def test_many_images_beside_the_classes_are_counted():
    given = tree(*numbered("cat", 5), *(f"{at:04}.png" for at in range(1200)))
    assert "pets: 1,200 images beside the class folders are not used: 0000.png" in open_tree(given, "train").notes


def test_both_sides_of_a_division_are_the_whole_and_carry_its_rule():
    given = tree(*numbered("cat", 10), *numbered("dog", 5), notes=("a note of the archive",))
    train, test = (open_tree(given, split, division=Division(3)) for split in ("train", "test"))
    assert sorted(train.ids + test.ids) == sorted(given.paths)
    assert (len(test), test.name) == (3, "pets+split-seed=3")
    assert test.notes[0] == "pets: a note of the archive"
    assert all(images.label(i) == (images.id(i)[:3] == "dog") for images in (train, test) for i in range(len(images)))
    assert open_tree(given, "test", "mine", Division(3)).name == "mine+split-seed=3"


def test_a_fingerprint_is_of_ids_and_contents():
    found = open_tree(tree("b.png", "a.png"), "all")
    lines = "".join(f"{name}\0{hashlib.sha256(name.encode()).hexdigest()}\n" for name in ("a.png", "b.png"))
    assert found.fingerprint == hashlib.sha256(lines.encode()).hexdigest()
    assert found.hashes == tuple(hashlib.sha256(name.encode()).hexdigest() for name in ("a.png", "b.png"))
    assert (found.labels, found.classes) == ((-1, -1), ())


def test_what_is_no_image_says_so_when_it_is_opened():
    with pytest.raises(DataError, match="does not decode"):
        open_tree(tree("a.png"), "all").image(0)


@pytest.mark.parametrize(
    ("paths", "got"),
    [
        ([], "no class folders"),
        (["train/cat/1.png", "test/1.png"], "test/ without class folders"),
        (["train/cat/1.png", "test/cat/1.png", "val/1.png"], "val/ without class folders"),
        (["cat/1.png", "dog/"], "no image in dog/"),
        (["train/cat/1.png", "train/dog/"], "no image in train/dog/"),
    ],
)
def test_another_layout_is_refused(paths, got):
    with pytest.raises(DataError) as caught:
        open_tree(tree(*paths), "train")
    assert str(caught.value) == (
        f"pets is not a folder of class folders\n  expected: {LAYOUT}\n  got: {got}\n  next: rearrange /somewhere/pets"
    )
