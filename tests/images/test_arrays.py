import hashlib

import numpy as np
import pytest

from simzoo.images.arrays import ArrayImages, pixel_hash

DRAW = np.random.default_rng(0)
GREY = DRAW.integers(0, 256, (4, 6), dtype=np.uint8)
COLOUR = DRAW.integers(0, 256, (5, 3, 3), dtype=np.uint8)


def images(pixels=(GREY, COLOUR), labels=(1, -1), ids=("a", "b"), **more):
    return ArrayImages("mine", "test", ("cat", "dog"), pixels, np.array(labels), ids, **more)


def test_each_place_has_an_id_an_image_and_a_label():
    found = images(notes=("a note",))
    assert (len(found), found.id(1), found.label(0), found.label(1)) == (2, "b", 1, -1)
    assert type(found.label(0)) is int
    assert found.notes == ("a note",)
    assert [found.image(i).mode for i in range(2)] == ["RGB", "RGB"]
    assert found.image(0).size == (6, 4)
    np.testing.assert_array_equal(found.image(0), np.repeat(GREY[..., None], 3, axis=2))
    np.testing.assert_array_equal(found.image(1), COLOUR)


def test_a_hash_is_that_of_size_and_pixels():
    expected = hashlib.sha256(b"5 3\n" + COLOUR.tobytes()).hexdigest()
    assert pixel_hash(COLOUR) == images().hashes[1] == expected
    assert pixel_hash(COLOUR[:, ::-1][:, ::-1]) == expected  # however it lies in memory
    assert pixel_hash(np.asfortranarray(COLOUR)) == expected


def test_grey_levels_have_the_hash_of_equal_channels():
    assert pixel_hash(GREY) == pixel_hash(np.stack([GREY] * 3, axis=2))


def test_the_same_pixels_of_another_size_are_another_image():
    assert pixel_hash(GREY) != pixel_hash(GREY.reshape(6, 4))


def test_a_fingerprint_is_of_ids_pixels_and_labels():
    lines = "".join(
        f"{name}\0{pixel_hash(pixels)}\0{label}\n"
        for name, pixels, label in zip("ab", (GREY, COLOUR), (1, -1), strict=True)
    )
    assert images().fingerprint == hashlib.sha256(lines.encode()).hexdigest()
    others = [
        images(labels=(0, -1)),
        images(ids=("a", "c")),
        images(pixels=(GREY, COLOUR[::-1])),
        images((COLOUR, GREY)),
    ]
    assert len({images().fingerprint, *(other.fingerprint for other in others)}) == 5


def test_what_does_not_belong_together_is_no_set():
    with pytest.raises(ValueError, match="zip"):
        images(ids=("a",)).fingerprint  # noqa: B018 - computed when it is asked for
