from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

import simzoo
from simzoo.errors import DataError, UsageError
from simzoo.images.find import evaluation_split, open_data
from simzoo.images.given import given, images_of


@pytest.fixture
def pixels():
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (12, 3, 20, 16), dtype=np.uint8))


class Pairs:
    """A data set of torch: (image, label) by number."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


def shapes(images):
    return {images.image(i).size for i in range(len(images))}


def test_however_they_are_given_the_same_images_have_the_same_ids(pixels, picture):
    labels = torch.arange(12) % 3
    array = pixels.permute(0, 2, 3, 1).numpy()
    pictures = [Image.fromarray(image) for image in array]
    ways = {
        "tensor": (pixels, labels),
        "array": (array, labels.tolist()),
        "floats": (pixels.float() / 255, labels),
        "doubles": (array / 255, labels),
        "half": (pixels.to(torch.bfloat16) / 255, labels),
        "dataset": TensorDataset(pixels, labels),
        "pictures": Pairs(pictures, labels.tolist()),
        "list": list(zip(pixels, labels.tolist(), strict=True)),
        "loader": DataLoader(TensorDataset(pixels, labels), batch_size=5),
        "batches": ((pixels[i : i + 4], labels[i : i + 4]) for i in range(0, 12, 4)),
    }
    half = ways.pop("half")
    found = {way: images_of(data) for way, data in ways.items()}
    first = found["tensor"]
    for way, images in found.items():
        assert images.ids == first.ids, way
        assert images.fingerprint == first.fingerprint, way
        assert list(images.labels) == labels.tolist(), way
        assert np.array_equal(images.image(5), array[5]), way
        assert shapes(images) == {(16, 20)}
    assert {images.name[:-8] for images in found.values()} == {"tensor-", "array-", "dataset-", "loader-"}
    assert len(images_of(half)) == 12


def test_grey_images_are_those_of_equal_channels(pixels):
    grey = pixels[:, :1]
    ways = [grey, grey.repeat(1, 3, 1, 1), grey[:, 0].numpy(), grey.permute(0, 2, 3, 1).numpy()]
    assert len({images_of(way).ids for way in ways}) == 1
    assert images_of(grey).image(0).mode == "RGB"


def test_images_may_differ_in_size(picture):
    images = images_of(Pairs([picture(0, (20, 16)), picture(1, (8, 30))], ["cat", "dog"]))
    assert shapes(images) == {(20, 16), (8, 30)}
    assert (images.classes, images.label(1)) == (("cat", "dog"), 1)


def test_equal_images_are_numbered_and_the_order_of_a_loader_does_not_matter(pixels):
    twice = torch.cat([pixels, pixels[:2], pixels[:1]])
    ids = images_of(twice).ids
    assert ids[12:] == (f"{ids[0]}#2", f"{ids[1]}#2", f"{ids[0]}#3")
    assert set(images_of(twice.flip(0)).ids) == set(ids)


def test_labels_stay_as_they_are_and_classes_are_named(pixels):
    images = images_of((pixels, [3] * 6 + [7] * 6))
    assert (images.label(11), images.classes) == (7, tuple("01234567"))
    named = TensorDataset(pixels, torch.arange(12) % 2)
    named.classes = ["cat", "dog"]
    assert images_of(named).classes == ("cat", "dog")
    assert images_of(pixels).classes == ()
    assert images_of(pixels).label(0) == -1


def test_own_ids(pixels):
    assert images_of(pixels, range(12)).id(3) == "3"


def test_the_catalog_that_knows_the_images_is_another_one(pixels, shelves):
    name, more = given(pixels, None, shelves)
    assert name.startswith("tensor-")
    assert name in more.datasets
    assert name not in shelves.datasets
    assert evaluation_split(name, more) == "all"
    assert open_data(name, "all", more).notes == (
        f"{name}: 12 images given in Python, as 8-bit pixels, ids by content",
        f"{name}: no labels were given",
    )
    with pytest.raises(DataError, match=f"{name} has no split 'test'"):
        open_data(name, "test", more)
    assert given("digits", None, shelves) == ("digits", shelves)


ONE_HOT = "labels.argmax(1), if they are one-hot"


@pytest.mark.parametrize(
    ("make", "what", "texts"),
    [
        (lambda x: x.float() / 255 - 0.5, "pixels of data= are not between 0 and 1", ("0 to 1", "-0.5", "Normalize")),
        (lambda x: x.float(), "pixels of data= are not between 0 and 1", ("uint8, or", "to 255", "by 255")),
        (lambda x: x / float("nan"), "pixels of data= are not between 0 and 1", ("uint8", "nan", "Normalize")),
        (lambda x: x.long(), "another type than pixels", ("uint8 from 0 to 255", "int64", "pixels.to(torch.uint8)")),
        (lambda x: x[:, :2], "another shape than images", ("(n, 3, h, w)", "(12, 2, 20, 16)", "give a torch tensor")),
        (lambda x: x.numpy(), "another shape than images", ("(n, h, w, 3)", "(12, 3, 20, 16)", "torch.from_numpy")),
        (lambda x: x[:0], "there are no images", ("one image or more", "an empty tensor", "")),
        (lambda x: 7, "no images that simzoo can read", ("a name, a path", "builtins.int", "TensorDataset")),
        (lambda x: {"a": x}, "no images that simzoo can read", ("a name, a path", "builtins.dict", "TensorDataset")),
        (lambda x: [{"a": 1}], "something that is no image", ("PIL", "builtins.dict", "(image, label)")),
        (lambda x: iter([{"a": x}]), "something that is no image", ("PIL", "builtins.dict", "(images, labels)")),
        (lambda x: (x, [1, 2]), "labels of data= do not fit", ("12 integers", "shape (2,)", ONE_HOT)),
        (lambda x: (x, torch.eye(12)), "labels of data= do not fit", ("12 integers", "float32", ONE_HOT)),
        (
            lambda x: [(x[0], 1), x[1]],
            "only some images of data= have labels",
            ("for each image, or for none", "1 labels for 2 images", "leave out"),
        ),
    ],
)
def test_errors(pixels, make, what, texts):
    with pytest.raises(DataError) as caught:
        images_of(make(pixels))
    error = caught.value
    assert what in error.what
    for text, part in zip(texts, (error.expected, error.got, error.next_step or ""), strict=True):
        assert text in part


def test_ids_that_do_not_fit(pixels, shelves):
    with pytest.raises(DataError) as caught:
        images_of(pixels, ["a", "b"])
    assert str(caught.value) == (
        "ids= do not fit the images\n"
        "  expected: 12 ids, one for each image\n"
        "  got: 2\n"
        "  next: leave ids= out: ids are then hashes of the pixels"
    )
    with pytest.raises(DataError) as caught:
        images_of(pixels, ["a"] * 12)
    assert "ids= name two images alike\n  expected: a different id for each image\n  got: 'a'" in str(caught.value)
    with pytest.raises(UsageError) as caught:
        given("digits", ["a"], shelves)
    assert "ids= are for images given in Python" in str(caught.value)


def test_an_endless_loader_is_refused(pixels, monkeypatch):
    monkeypatch.setattr("simzoo.images.given.LARGEST", 100_000)
    with pytest.raises(DataError) as caught:
        images_of(itertools.repeat(pixels))
    assert "data= gives more images than fit" in str(caught.value)
    assert "itertools.islice(loader, 10)" in caught.value.next_step
    assert len(images_of(itertools.islice(itertools.repeat(pixels), 2))) == 24


def test_represent_and_compare_take_images(pixels):
    labels = torch.arange(24) % 2
    many = torch.cat([pixels, 255 - pixels])
    rep = simzoo.represent("resnet18-init", (many, labels), "final")[0]
    assert (rep.shape[0], rep.labels.tolist(), rep.split) == (24, labels.tolist(), "all")
    assert rep.data.startswith("tensor-")
    again = simzoo.represent("resnet18-init", many.flip(0), "final", ids=[f"x{i}" for i in range(24)])[0]
    assert again.labels is None
    assert again.ids[0] == "x0"
    result = simzoo.compare("resnet18-init", "resnet18-init#1", data=(many, labels), taps="final")
    assert set(result.table["data"]) == {rep.data}
    assert set(result.table["n"]) == {24}
    assert set(result.table.query("measure == 'knn_accuracy'")["status"]) == {"ok"}
    assert result.result.context["notes"][0].endswith("24 images given in Python, as 8-bit pixels, ids by content")
