from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from PIL import Image
from timm.models.resnet import BasicBlock, ResNet
from torch import nn

from simzoo.cards import Input
from simzoo.errors import DataError, InputError, TapError
from simzoo.images.augment import Operation, drawn
from simzoo.images.batches import batches
from simzoo.images.operations import Crop
from simzoo.models.load import Model
from simzoo.representations.extraction import extract
from simzoo.storage import representations_shelf


@dataclass
class Fake:
    """Images whose content follows from their number; those in `broken` do not decode."""

    n: int = 23
    broken: tuple = ()
    name: str = "fake"
    split: str = "test"
    classes: tuple = ("a", "b")
    fingerprint: str = "f"

    def __len__(self):
        return self.n

    def id(self, i):
        return f"fake/{i}"

    def image(self, i):
        if i in self.broken:
            message = "does not decode: cut short"
            raise DataError(message)
        return Image.fromarray(np.random.default_rng(i).integers(0, 256, (32, 32, 3), np.uint8))

    def label(self, i):
        return i % 2


@pytest.fixture(scope="module")
def model():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = ResNet(BasicBlock, (1, 1, 1, 1), channels=(8, 16, 24, 32), num_classes=5, zero_init_last=False)
    return Model("tiny", network.eval().requires_grad_(requires_grad=False), Input(size=32), key="k")


class Counter:
    def __init__(self):
        self.steps = []

    def advance(self, amount=1, note=""):
        self.steps.append(amount)


def test_every_tap_comes_from_one_pass_with_ids_and_labels_in_order(model):
    images, indices = Fake(), [5, 3, 11, 0, 22]
    calls = []
    handle = model.module.conv1.register_forward_hook(lambda *_: calls.append(1))
    found = extract(model, images, indices, "residual,logits", "gap", batch_size=2)
    handle.remove()
    assert len(calls) == 3
    assert [one.tap for one in found][-2:] == ["final", "logits"]
    assert len(found) == 10
    for one in found:
        assert one.ids == tuple(f"fake/{i}" for i in indices)
        assert one.labels.tolist() == [1, 1, 1, 0, 0]
        assert (one.model, one.data, one.split, one.seed) == ("tiny", "fake", "test", None)
        assert one.values.dtype == np.float32
    (batch,) = batches(images, indices, model.feed, 5)
    np.testing.assert_allclose(found[-1].values, model.module(batch.pixels), rtol=1e-4, atol=1e-5)
    expected = model.module.forward_features(batch.pixels).mean((2, 3))
    np.testing.assert_allclose(found[-2].values, expected, rtol=1e-4, atol=1e-5)


def test_the_numbers_do_not_depend_on_the_batch_size(model):
    one, many = (extract(model, Fake(), range(23), "residual", batch_size=size) for size in (4, 23))
    for a, b in zip(one, many, strict=True):
        np.testing.assert_allclose(a.values, b.values, rtol=1e-4, atol=1e-5)


def test_the_numbers_are_the_same_every_time(model):
    one, two = (extract(model, Fake(), range(23), "residual") for _ in range(2))
    assert all(np.array_equal(a.values, b.values) for a, b in zip(one, two, strict=True))


def test_the_model_s_own_pooling_is_the_default(model):
    whole = extract(Model("tiny", model.module, model.feed, pool="grid:2"), Fake(), range(3), "layer1")
    assert whole[0].shape == (3, 8 * 4)
    assert extract(model, Fake(), range(3), "layer1")[0].shape == (3, 8)


def test_under_a_key_it_is_made_once_and_then_opened(model):
    first = extract(model, Fake(), range(23), "residual", "gap", key="abc", batch_size=5)
    calls = []
    handle = model.module.conv1.register_forward_hook(lambda *_: calls.append(1))
    second = extract(model, Fake(), range(23), "residual", "gap", key="abc")
    handle.remove()
    assert not calls
    memory = extract(model, Fake(), range(23), "residual", "gap", batch_size=5)
    for a, b, c in zip(first, second, memory, strict=True):
        assert isinstance(a.values, np.memmap)
        assert np.array_equal(a.values, b.values)
        assert np.array_equal(a.values, c.values)
        assert (a.tap, a.kind, a.depth, a.ids) == (b.tap, b.kind, b.depth, b.ids)
    header = representations_shelf().get("abc").header
    assert header["pool"] == "gap"
    assert header["model_key"] == "k"
    assert header["left_out"] == []


def test_without_a_key_nothing_is_stored(model):
    extract(model, Fake(), range(3), "final")
    assert not representations_shelf().folder.exists()


@pytest.mark.parametrize("key", [None, "abc"])
def test_images_that_do_not_decode_are_left_out_named_and_counted(model, key):
    images = Fake(broken=(0, 7, 8, 22))
    counter = Counter()
    with pytest.warns(UserWarning, match=r"4 of 23 images of fake \(test\) do not decode and were left out: fake/0: "):
        found = extract(model, images, range(23), "residual", key=key, batch_size=4, progress=counter)
    kept = [i for i in range(23) if i not in images.broken]
    clean = extract(model, Fake(), kept, "residual", batch_size=4)
    for one, other in zip(found, clean, strict=True):
        assert one.ids == other.ids == tuple(f"fake/{i}" for i in kept)
        np.testing.assert_allclose(one.values, other.values, rtol=1e-4, atol=1e-5)
    if key:
        assert len(representations_shelf().get(key).header["left_out"]) == 4


def test_progress_reaches_the_number_of_images(model):
    counter = Counter()
    extract(model, Fake(), range(23), "final", batch_size=5, progress=counter)
    assert counter.steps == [5, 5, 5, 5, 3]


def test_no_readable_image_is_an_error_and_leaves_nothing_behind(model):
    with pytest.raises(DataError, match="no image of fake"):
        extract(model, Fake(3, broken=(0, 1, 2)), range(3), "final", key="abc")
    assert not [path for path in representations_shelf().folder.iterdir() if path.suffix != ".lock"]


def test_no_images_asked_for_is_an_error(model):
    with pytest.raises(DataError, match=r"no images of fake \(test\) were asked for"):
        extract(model, Fake(), [], "final")


class Spoils(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.flat, self.bad, self.value = nn.Flatten(), nn.Identity(), value

    def forward(self, x):
        x = self.flat(x)
        x[1, 0] = self.value
        return self.bad(x)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_features_that_are_not_finite_name_model_tap_and_count(value):
    model = Model("spoilt", Spoils(value), Input(size=4))
    with pytest.raises(InputError) as caught:
        extract(model, Fake(), range(6), "flat,bad", batch_size=3)
    assert "spoilt gives features that are not finite" in str(caught.value)
    assert caught.value.got == "bad (2 of 6 images); 1 of 2 taps"


def test_an_error_on_the_way_leaves_nothing_in_the_store(model):
    with pytest.raises(TapError):
        extract(model, Fake(), range(3), "residual", "cls", key="abc")
    assert representations_shelf().get("abc") is None
    assert not [path for path in representations_shelf().folder.iterdir() if path.suffix != ".lock"]


def test_an_unknown_pooling_or_tap_stops_before_any_image_is_read(model):
    images = Fake()
    images.image = None
    with pytest.raises(TapError, match="unknown pooling"):
        extract(model, images, range(3), "final", "avg")
    with pytest.raises(TapError, match="has no tap"):
        extract(model, images, range(3), "layer9")


def test_a_draw_is_the_same_for_every_model_input_size_batch_size_and_number_of_workers(model, monkeypatch):
    images, indices = Fake(), [5, 3, 11, 0, 22, 7, 8]
    seen = {}

    def looked_at(name, feed, batch_size, workers, draw):
        monkeypatch.setattr("simzoo.images.batches.WORKERS", workers)
        asked = []

        class Recorder(Crop):
            def params(self, uniforms, strength):
                asked.append(super().params(uniforms, strength))
                return asked[-1]

        recorder = replace(draw, operations=(Operation(Recorder(), draw.operations[0].facts),))
        fed = replace(model, name=name, feed=feed)
        found = extract(fed, images, indices, "final", "gap", draw=recorder, batch_size=batch_size)[0]
        seen[name] = {key: np.concatenate([one[key] for one in asked]) for key in asked[0]}
        return found

    draw = drawn("crop", number=2, seed=1)
    first = looked_at("a", Input(size=32), 2, 4, draw)
    again = looked_at("b", Input(size=32), 7, 1, draw)
    looked_at("c", Input(size=64, mean=(0, 0, 0), std=(1, 1, 1), crop=0.875), 3, 2, draw)
    for name in ("b", "c"):
        for key, values in seen["a"].items():
            np.testing.assert_array_equal(values, seen[name][key])
    np.testing.assert_allclose(first.values, again.values, rtol=1e-4, atol=1e-5)
    assert (first.augmentation, first.strength, first.draw) == ("crop", 1.0, 2)
    clean = extract(model, images, indices, "final", "gap")[0]
    assert (clean.augmentation, clean.strength, clean.draw) == ("none", None, 0)
    assert not np.allclose(first.values, clean.values, rtol=1e-3)
    looked_at("d", Input(size=32), 2, 4, drawn("crop", number=3, seed=1))
    assert not np.allclose(seen["d"]["top"], seen["a"]["top"])


def test_strength_zero_feeds_the_model_as_no_augmentation_does(model):
    plain = extract(model, Fake(), [1, 2, 3], "final", "gap")[0]
    still = extract(model, Fake(), [1, 2, 3], "final", "gap", draw=drawn("augs:0"))[0]
    np.testing.assert_array_equal(plain.values, still.values)


def test_the_header_says_how_it_was_drawn(model):
    draw = drawn("rotate:0.5", number=1)
    extract(model, Fake(), [1, 2, 3], "final", "gap", draw=draw, key="turned")
    header = representations_shelf().get("turned").header
    assert header["drawn"] == draw.facts
    stored = extract(model, Fake(), [1, 2, 3], "final", "gap", draw=draw, key="turned")[0]
    assert (stored.augmentation, stored.strength, stored.draw) == ("rotate", 0.5, 1)
