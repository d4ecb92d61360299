from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image

from simzoo.errors import DataError
from simzoo.images.find import open_data
from simzoo.training.data import EpochOrder, Loader, Share, TrainingImages, draw_seed


def of_digits(count=40, **how):
    return TrainingImages(open_data("digits", "train"), range(count), 32, seed=0, **how)


@pytest.fixture
def images():
    return of_digits()


def one_epoch(images, epoch, size=8):
    batches = Loader(images, size)
    batches.sampler.set_epoch(epoch)
    return list(batches)


def test_a_draw_depends_on_its_parts_alone():
    assert draw_seed("view", 0, 3, "digits/0007") == draw_seed("view", 0, 3, "digits/0007")
    assert len({draw_seed("view", seed, epoch, name) for seed in (0, 1) for epoch in (0, 1) for name in "ab"}) == 8


def test_the_order_is_a_permutation_that_changes_with_epoch_and_seed():
    def order(seed, epoch):
        sampler = EpochOrder([f"{i}" for i in range(50)], seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert sorted(order(0, 0)) == list(range(50))
    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1) != order(1, 1)


def test_the_order_follows_the_ids_and_not_their_places():
    names = [f"{i}" for i in range(30)]
    straight, turned = EpochOrder(names, 0), EpochOrder(names[::-1], 0)
    assert [names[i] for i in straight] == [names[::-1][i] for i in turned]


def test_images_that_are_kept_and_images_that_are_read_are_the_same(images):
    read = of_digits(memory=0)
    assert images.kept is not None
    assert read.kept is None
    for epoch in (0, 3):
        for mine, other in zip(one_epoch(images, epoch), one_epoch(read, epoch), strict=True):
            assert torch.equal(mine.raw, other.raw)
            assert torch.equal(mine.labels, other.labels)
            assert (mine.ids, mine.seed) == (other.ids, other.seed)


def test_images_that_do_not_fit_into_memory_are_not_kept(monkeypatch):
    @dataclass
    class Memory:
        available: int

    for available, kept in ((2 * 40 * 3 * 32 * 32, True), (2 * 40 * 3 * 32 * 32 - 2, False)):
        monkeypatch.setattr("simzoo.training.data.psutil.virtual_memory", lambda size=available: Memory(size))
        assert (of_digits().kept is not None) == kept


def test_a_batch_has_the_images_of_its_ids_and_their_labels(images):
    data = open_data("digits", "train")
    for batch in one_epoch(images, 1):
        places = [images.ids.index(name) for name in batch.ids]
        assert batch.labels.tolist() == [data.label(place) for place in places]
        for raw, place in zip(batch.raw, places, strict=True):
            assert np.array_equal(raw.permute(1, 2, 0), np.asarray(data.image(place)))


def test_draws_change_with_the_epoch_and_repeat_whatever_is_beside(images):
    (first, *_), (again, *_) = one_epoch(images, 5), one_epoch(images, 5, size=20)
    both = [name for name in first.ids if name in again.ids]
    assert both
    for name in both:
        one, two = (batch.numbers("crop", 1, 4)[batch.ids.index(name)] for batch in (first, again))
        assert one.tolist() == two.tolist()
    here, later = images.take(5, [3]), images.take(6, [3])
    assert here.numbers("crop", 0, 4).tolist() != later.numbers("crop", 0, 4).tolist()
    assert here.numbers("crop", 0, 4).tolist() != here.numbers("crop", 1, 4).tolist()


def test_devices_share_out_each_batch(images):
    whole = one_epoch(images, 2)
    shares = [Loader(images, 8, share=Share(rank, 2)) for rank in (0, 1)]
    for part in shares:
        part.sampler.set_epoch(2)
    for batch, *parts in zip(whole, *shares, strict=True):
        assert sorted(batch.ids) == sorted([*parts[0].ids, *parts[1].ids])
        assert [len(part.ids) for part in parts] == [4, 4]


def test_short_last_batches_are_left_out_and_small_sets_still_give_one(images):
    assert [len(batch.ids) for batch in Loader(images, 16)] == [16, 16]
    assert [len(batch.ids) for batch in Loader(images, 64)] == [40]
    assert len(Loader(images, 16)) == 2


def test_labels_are_integers_whatever_the_data_set_gives(monkeypatch):
    data = open_data("digits", "train")
    monkeypatch.setattr(type(data), "label", lambda self, index: np.uint8(index % 3))
    assert TrainingImages(data, range(6), 32, seed=0).labels.dtype == torch.int64


def folder(path, size):
    for name in ("a", "b"):
        (path / "train" / name).mkdir(parents=True)
        Image.new("RGB", size, (9, 99, 199)).save(path / "train" / name / "x.png")
    return open_data(str(path), "train")


@pytest.mark.parametrize(("size", "side"), [((28, 28), 32), ((32, 32), 32), ((80, 120), 37), ((200, 20), 32)])
def test_images_are_kept_square_with_a_margin_where_they_are_larger_than_a_view(tmp_path, size, side):
    kept = TrainingImages(folder(tmp_path, size), [0, 1], 32, seed=0).kept
    assert kept.shape == (2, 3, side, side)
    assert kept.unique(dim=0)[0, :, 0, 0].tolist() == [9, 99, 199]


def test_an_image_that_does_not_decode_is_named(tmp_path):
    data = folder(tmp_path, (8, 8))
    (tmp_path / "train" / "b" / "x.png").write_bytes(b"not a picture")
    said = r"b/x.png of .* \(train\) cannot be trained on(.|\n)*next: mend or remove the file"
    with pytest.raises(DataError, match=said):
        TrainingImages(data, [0, 1], 8, seed=0)
    with pytest.raises(DataError, match=said):
        list(Loader(TrainingImages(data, [0, 1], 8, seed=0, memory=0), 2))
