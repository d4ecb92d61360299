from __future__ import annotations

import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from simzoo.errors import DataError
from simzoo.images.imageset import decode, file_hash, hash_of

LEVELS = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)


def repeated(grey):
    return np.repeat(np.asarray(grey)[..., None], 3, axis=-1)


def test_png_of_rgb_comes_back_unchanged(picture, encoded):
    image = picture()
    assert np.array_equal(decode(encoded(image, "PNG")), image)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_upper_eight(encoded, kind):
    assert np.array_equal(decode(encoded(Image.fromarray(LEVELS), kind)), repeated(LEVELS >> 8))


def test_grey_is_repeated_and_transparency_dropped(encoded):
    grey = Image.fromarray((LEVELS >> 8).astype(np.uint8))
    assert np.array_equal(decode(encoded(grey, "PNG")), repeated(grey))
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    assert (np.asarray(decode(encoded(clear, "PNG"))) == (10, 20, 30)).all()


def test_palette_with_transparent_entries_decodes_without_a_warning(encoded):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    assert decode(encoded(image, "PNG", transparency=b"\x00\x80")).getpixel((0, 0)) == (200, 100, 50)


@pytest.mark.parametrize(
    ("levels", "reason"),
    [(LEVELS.astype(np.float32), "floating-point"), (LEVELS.astype(np.int32) * 2, "32-bit")],
)
def test_pixels_without_a_fixed_range_are_refused(encoded, levels, reason):
    with pytest.raises(DataError, match=f"does not decode: {reason} pixels have no fixed range"):
        decode(encoded(Image.fromarray(levels), "TIFF"))


def test_damaged_content_is_an_error_with_a_stable_reason(picture, encoded):
    content = encoded(picture(size=(64, 64)))
    with pytest.raises(DataError, match=r"^does not decode: image file is truncated"):
        decode(content[: len(content) // 2])
    for nonsense in (b"", b"hello"):
        with pytest.raises(DataError, match=r"^does not decode: cannot identify image file\n  expected: a whole image"):
            decode(nonsense)


def test_decompression_bomb_is_an_error():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(DataError, match=r"does not decode: .*decompression bomb"):
        decode(bomb)


def test_hash_depends_on_id_and_salt_alone():
    assert hash_of("digits/0007", "sample") == 542825271898241816  # splits and samples hang on it
    assert len({hash_of(f"{i}", salt) for i in range(100) for salt in ("a", "b")}) == 200


def test_file_hash_follows_the_content(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"one")
    first = file_hash(file)
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert file_hash(file) != first
    other = tmp_path / "b"
    other.write_bytes(b"one")
    assert file_hash(other) == first
