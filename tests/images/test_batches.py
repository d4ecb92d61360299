from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data import create_transform
from torchvision import transforms

from simzoo.cards import Input
from simzoo.errors import DataError
from simzoo.images.batches import batches, normalise, prepare
from simzoo.images.digits import digits
from simzoo.images.parquet import open_parquet

SIZES = [(32, 32), (64, 64), (50, 37), (37, 50), (20, 90)]
FEEDS = [
    Input(size=32),
    Input(size=24, crop=0.875, interpolation="bicubic"),
    Input(size=32, crop=0.9, mean=(0.5, 0.4, 0.3), std=(0.5, 0.25, 1.0)),
    Input(size=48, crop=0.95, interpolation="nearest"),
]


@pytest.fixture
def pictures(picture, memory):
    return memory([(f"{i}", i % 3, picture(i, SIZES[i % len(SIZES)])) for i in range(11)])


def pixels_of(images, feed, batch_size):
    return torch.cat([batch.pixels for batch in batches(images, range(len(images)), feed, batch_size)])


@pytest.mark.parametrize("feed", FEEDS)
def test_pixels_are_those_of_timm(pictures, feed):
    size = {"input_size": (3, feed.size, feed.size), "crop_pct": feed.crop, "interpolation": feed.interpolation}
    reference = create_transform(**size, mean=feed.mean, std=feed.std, is_training=False)
    expected = torch.stack([reference(pictures.image(i)) for i in range(len(pictures))])
    assert torch.equal(pixels_of(pictures, feed, 4), expected)


@pytest.mark.parametrize(("size", "resized"), [(224, 232), (192, 236)])
def test_pixels_are_those_of_torchvision_weights(pictures, size, resized):
    feed = Input(size=size, crop=size / resized)
    reference = transforms.Compose(
        [
            transforms.Resize(resized),
            transforms.CenterCrop(size),
            transforms.ToTensor(),
            transforms.Normalize(feed.mean, feed.std),
        ]
    )
    expected = torch.stack([reference(pictures.image(i)) for i in range(3)])
    assert torch.equal(pixels_of(pictures, feed, 4)[:3], expected)


def test_image_of_the_right_size_is_not_resampled(picture):
    image = picture(3, (32, 32))
    assert np.array_equal(prepare(image, Input(size=32, interpolation="bicubic")), image)


def test_a_crop_that_comes_first_is_resized_by_pillow(picture):
    image = picture(1, (64, 48))  # the centre 36 x 36 of a shorter side of 48
    expected = image.crop((14, 6, 50, 42)).resize((32, 32), Image.Resampling.BILINEAR)
    found = prepare(image, Input(size=32, crop=0.75, crop_first=True))
    assert np.array_equal(found, expected)
    assert not np.array_equal(found, prepare(image, Input(size=32, crop=0.75)))


def test_normalise_has_the_bits_of_torch():
    pixels = np.arange(256 * 3, dtype=np.uint16).astype(np.uint8).reshape(1, 16, 16, 3)
    feed = Input()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (feed.mean, feed.std))
    expected = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(255).sub(mean).div(std)
    assert torch.equal(normalise(pixels, feed), expected)


def test_pixels_do_not_depend_on_the_batch_size(pictures):
    one, five, all_at_once = (pixels_of(pictures, FEEDS[1], size) for size in (1, 5, 100))
    assert torch.equal(one, five)
    assert torch.equal(one, all_at_once)
    assert one.dtype == torch.float32
    assert one.is_contiguous()


def test_batches_keep_the_order_asked_for(pictures):
    asked = [9, 2, 7, 0, 4]
    parts = list(batches(pictures, asked, FEEDS[0], 2))
    assert [part.ids for part in parts] == [("9", "2"), ("7", "0"), ("4",)]
    assert np.concatenate([part.labels for part in parts]).tolist() == [i % 3 for i in asked]
    assert parts[0].labels.dtype == np.int64
    assert np.concatenate([part.rows for part in parts]).tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(parts[1].pixels[0], pixels_of(pictures, FEEDS[0], 3)[7])


def test_undecodable_images_are_named_and_counted(tmp_path, picture, encoded):
    import pyarrow as pa
    import pyarrow.parquet as pq

    contents = [encoded(picture(i, (64, 64))) for i in range(7)]
    contents[2] = contents[2][: len(contents[2]) // 2]
    contents[4:6] = [b"nothing", None]
    rows = [{"bytes": content, "path": None} for content in contents]
    pq.write_table(pa.table({"image": rows, "label": list(range(7))}), tmp_path / "zoo.parquet")
    fed = batches(open_parquet(tmp_path / "zoo.parquet", "all"), range(7), Input(size=32), 2)
    for _ in range(2):
        parts = list(fed)
        assert [part.rows.tolist() for part in parts] == [[0, 1], [3], [6]]
        assert [part.labels.tolist() for part in parts] == [[0, 1], [3], [6]]
        named, reasons = zip(*fed.left_out, strict=True)
        assert named == ("zoo/all/000002", "zoo/all/000004", "zoo/all/000005")
        assert reasons[0].startswith("does not decode: image file is truncated")
        assert reasons[1:] == ("does not decode: cannot identify image file", "does not decode: the row holds no bytes")


def test_all_images_undecodable(memory):
    images = memory([(f"{i}", 0, OSError(f"disk error {i}\nsecond line")) for i in range(5)])
    with pytest.raises(DataError) as caught:
        list(batches(images, range(5), Input(size=8), 2))
    assert str(caught.value) == (
        "no image of memory (test) decodes\n"
        "  expected: 5 readable images\n"
        "  got: 0: disk error 0\n"
        "  next: open one of the files in a viewer; replace or remove what is damaged"
    )


def test_nothing_asked_for_gives_no_batches(pictures):
    assert list(batches(pictures, [], Input(size=8), 2)) == []


def test_stopping_early_ends_the_threads(pictures):
    import threading

    before = threading.active_count()
    stream = iter(batches(pictures, range(11), Input(size=8), 2))
    next(stream)
    stream.close()
    assert threading.active_count() == before


def test_digits_at_their_own_size(encoded):
    images = digits("test")
    batch = next(iter(batches(images, [3], Input(size=32, mean=(0, 0, 0), std=(1, 1, 1)), 1)))
    expected = np.asarray(images.image(3), np.float32).transpose(2, 0, 1) / np.float32(255)
    assert np.array_equal(batch.pixels[0].numpy(), expected)


def test_real_images(real):
    if not (real / "imagenet_samples").is_dir():
        pytest.skip(f"imagenet_samples is not in {real.name}")
    images = open_parquet(real / "imagenet_samples", "test")
    feed = Input(size=224, crop=0.875, interpolation="bicubic", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    size = {"input_size": (3, 224, 224), "crop_pct": 0.875, "interpolation": "bicubic"}
    reference = create_transform(**size, mean=feed.mean, std=feed.std)
    fed = batches(images, [0, 500, 999], feed, 2)
    expected = torch.stack([reference(images.image(i)) for i in (0, 500, 999)])
    assert torch.equal(torch.cat([part.pixels for part in fed]), expected)
    assert fed.left_out == []
