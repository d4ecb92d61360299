from __future__ import annotations

import shutil
from collections import Counter

import numpy as np
import pytest

from simzoo.errors import DataError
from simzoo.images.division import Division
from simzoo.images.folder import folder_splits, open_folder
from simzoo.images.sampling import sample


def ids(images):
    return {images.id(i) for i in range(len(images))}


def test_split_by_hash_keeps_a_fifth_of_each_class_for_the_test(pets):
    train, test = open_folder(pets, "train"), open_folder(pets, "test")
    assert train.classes == test.classes == ("cat", "dog")
    assert Counter(test.label(i) for i in range(len(test))) == {0: 2, 1: 1}
    assert Counter(train.label(i) for i in range(len(train))) == {0: 8, 1: 4}
    assert not ids(train) & ids(test)
    assert "cat/00.png" in ids(train) | ids(test)


def test_split_depends_on_ids_and_seed_alone(pets, tmp_path):
    moved = shutil.copytree(pets, tmp_path / "elsewhere" / "animals")
    assert ids(open_folder(moved, "test")) == ids(open_folder(pets, "test"))
    assert len({frozenset(ids(open_folder(pets, "test", division=Division(seed)))) for seed in range(5)}) > 1


def test_one_more_file_moves_at_most_one_other(pets, picture):
    before = ids(open_folder(pets, "test"))
    picture(99).save(pets / "cat" / "new.png")
    assert len(ids(open_folder(pets, "test")) ^ before) <= 2


def test_split_folders(pets, tmp_path):
    root = tmp_path / "ready"
    shutil.copytree(pets, root / "train")
    shutil.copytree(pets / "cat", root / "val" / "cat")
    (root / "notes").mkdir()
    assert folder_splits(root) == {"train": "train", "test": "val"}
    test = open_folder(root, "test")
    assert (test.classes, len(test), test.id(0)) == (("cat", "dog"), 10, "val/cat/00.png")
    assert len(open_folder(root, "train")) == 15
    shutil.copytree(pets / "dog", root / "test" / "dog")
    assert folder_splits(root) == {"train": "train", "validation": "val", "test": "test"}
    assert open_folder(root, "test").label(0) == 1


def test_a_class_may_be_called_train(pets):
    (pets / "dog").rename(pets / "train")
    assert open_folder(pets, "test").classes == ("cat", "train")


def test_images_come_by_extension_at_any_depth_below_their_class(pets, picture):
    (pets / "dog" / "notes.txt").write_text("no image")
    (pets / "dog" / ".hidden.png").write_text("no image")
    (pets / "dog" / "more").mkdir()
    picture(42).save(pets / "dog" / "more" / "deep.PNG")
    both = [open_folder(pets, split) for split in ("train", "test")]
    assert sum(map(len, both)) == 16
    images, i = next((part, i) for part in both for i in range(len(part)) if part.id(i) == "dog/more/deep.PNG")
    assert images.label(i) == 1
    assert np.array_equal(images.image(i), picture(42))


def test_fingerprint_follows_content_and_not_place(pets, tmp_path, picture):
    before = open_folder(pets, "train").fingerprint
    moved = shutil.copytree(pets, tmp_path / "elsewhere")
    assert open_folder(moved, "train").fingerprint == before
    changed = open_folder(moved, "train").id(0)
    picture(77, (21, 16)).save(moved / changed)
    assert open_folder(moved, "train").fingerprint != before


@pytest.mark.parametrize("case", ["empty folder", "empty class", "flat test folder"])
def test_wrong_layout_says_what_is_expected(tmp_path, picture, case):
    root = tmp_path / "set"
    (root / "cat").mkdir(parents=True)
    picture().save(root / "cat" / "1.png")
    if case == "empty folder":
        shutil.rmtree(root / "cat")
        got = "no class folders"
    elif case == "empty class":
        (root / "dog").mkdir()
        got = "no image in dog/"
    else:
        (root / "train").mkdir()
        shutil.move(root / "cat", root / "train" / "cat")
        (root / "test").mkdir()
        got = "test/ without class folders"
    with pytest.raises(DataError) as caught:
        open_folder(root, "train")
    text = str(caught.value)
    assert text.startswith(
        "set is not a folder of class folders\n  expected: FOLDER/CLASS/IMAGE or FOLDER/{train,test}/"
    )
    assert f"\n  got: {got}\n  next: rearrange " in text


def test_missing_split(pets):
    with pytest.raises(DataError, match=r"pets has no split 'validation'\n  expected: train or test"):
        open_folder(pets, "validation")


def test_the_rule_of_division_stands_in_the_name_and_in_the_notes(pets):
    images = open_folder(pets, "test")
    assert images.name == "pets+split-seed=0"
    assert images.notes == ("pets: split 80/20 per class by a hash of the image id, seed 0",)
    assert open_folder(pets, "test", division=Division(2, r"\d\d")).name == r"pets+split-seed=2+group-by=\d\d"


def test_images_without_class_folders_are_one_split_without_labels(pets):
    flat = open_folder(pets / "cat", "all")
    assert folder_splits(pets / "cat") == {"all": ""}
    assert (flat.name, len(flat), flat.classes, flat.id(0), flat.label(0)) == ("cat", 10, (), "00.png", -1)
    assert flat.notes == ("cat: images without class folders have no labels",)
    assert sample(flat, 4) == sorted(sample(flat, 4))
    with pytest.raises(DataError) as caught:
        open_folder(pets / "cat", "train")
    assert str(caught.value) == (
        "cat has no split 'train'\n"
        "  expected: a set with train and test, such as FOLDER/CLASS/IMAGE, for whatever is trained or split\n"
        "  got: one undivided split, 'all'\n"
        "  next: put the images into class folders, or name another data set (simzoo list data)"
    )


def test_images_beside_the_class_folders_are_told(pets, picture):
    picture().save(pets / "loose.png")
    assert "pets: 1 image beside the class folders is not used: loose.png" in open_folder(pets, "test").notes


def test_how_many_images_are_taken_does_not_depend_on_the_division(pets):
    for division in (Division(), Division(3), Division(0, r"\d(\d)")):
        part = open_folder(pets, "train", division=division)
        small, large = ({part.id(i) for i in sample(part, n)} for n in (4, 8))
        assert small < large
        assert Counter(name[:3] for name in large)["dog"] in {2, 3}  # a third of the images are dogs
        assert sample(part, 99) == list(range(len(part)))
