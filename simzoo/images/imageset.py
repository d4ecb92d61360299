"""What every data set is to the rest of simzoo, and how one image becomes 8-bit RGB."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from simzoo.errors import DataError
from simzoo.storage import checksum

LOOKED_AT = 16  # how many images `looks_grey` opens
WHOLE = "all"  # the one split of a set that has no others
UNLABELLED = -1  # the label of an image that has none


class ImageSet(Protocol):
    """One split of a data set: images by number, each with an id that stays the same wherever the set is opened.

    A set may also have `notes` (sentences that a report repeats) and `hashes` (one of each image's content, by which
    duplicates are found).
    """

    @property
    def name(self) -> str:
        """The data set's name, as it stands in tables."""

    @property
    def split(self) -> str:
        """Which part of the data set this is: train, test ..."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names; a label is a place in them. The same in every split."""

    @property
    def fingerprint(self) -> str:
        """A hash of the content: equal exactly when images and labels are."""

    def __len__(self) -> int:
        """Return the number of images."""

    def id(self, i: int) -> str:
        """Return the stable id of image `i`."""

    def image(self, i: int) -> Image.Image:
        """Return image `i` in RGB, or raise when it does not decode."""

    def label(self, i: int) -> int:
        """Return the label of image `i`, a place in `classes`; -1 for each where the set has none."""


def decode(content: bytes) -> Image.Image:
    """Decode an encoded image to 8-bit RGB; a damaged, truncated or dangerously large one is a `DataError`.

    Transparency is dropped, grey levels are repeated, 16 bits are cut to their upper 8, of an animation the first
    frame is taken, and a stored rotation (EXIF) is not applied: all as the usual training loaders do.
    """
    try:
        with Image.open(BytesIO(content)) as image:
            return to_rgb(image)
    except DataError:
        raise
    except Exception as error:  # codecs raise OSError, SyntaxError, ValueError, struct.error ... on damaged files
        reason = str(error).partition(" <_io.")[0] or type(error).__name__
        raise undecodable(reason) from error


def undecodable(reason: str) -> DataError:
    """Build the error for an image that does not decode; its first line stands beside the image's id in reports."""
    return DataError(
        f"does not decode: {reason}",
        expected="a whole image of 8 or 16 bits",
        got=reason,
        next_step="open it in a viewer; replace or remove what is damaged",
    )


def to_rgb(image: Image.Image) -> Image.Image:
    """Return any PIL image as 8-bit RGB."""
    if image.mode == "F":
        raise undecodable("floating-point pixels have no fixed range")
    if image.mode.startswith("I"):
        levels = np.asarray(image)
        if levels.min() < 0 or levels.max() > 65535:
            raise undecodable("32-bit pixels have no fixed range")
        image = Image.fromarray((levels >> 8).astype(np.uint8))
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")  # PIL warns on the direct way
    return image.convert("RGB")


def looks_grey(images: ImageSet, indices: Sequence[int]) -> bool:
    """Whether the first few of these images that decode have no colour."""
    seen = []
    for i in indices[:LOOKED_AT]:
        try:
            pixels = np.asarray(images.image(i))
        except (DataError, OSError):
            continue
        seen.append(bool((pixels == pixels[..., :1]).all()))
    return bool(seen) and all(seen)


def hash_of(image_id: str, salt: str) -> int:
    """Return a number from 0 to 2^64 - 1 that depends on the id and the salt alone."""
    return int.from_bytes(hashlib.blake2b(f"{salt}\0{image_id}".encode(), digest_size=8).digest())


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, read once a process as long as its size and time stay the same."""
    facts = path.stat()
    return _file_hash(os.fspath(path.absolute()), facts.st_size, facts.st_mtime_ns)


@cache
def _file_hash(path: str, size: int, modified: int) -> str:  # noqa: ARG001 - they are the key of the cache
    return checksum(Path(path))


def notes_of(images: ImageSet) -> tuple[str, ...]:
    """Return what is to be said of a set: how it was divided, what was ignored."""
    return tuple(getattr(images, "notes", ()))


def missing_split(name: str, split: str, known: tuple[str, ...]) -> DataError:
    """Build the error for a split that a data set does not have."""
    if known == (WHOLE,):
        return DataError(
            f"{name} has no split {split!r}",
            expected="a set with train and test, such as FOLDER/CLASS/IMAGE, for whatever is trained or split",
            got="one undivided split, 'all'",
            next_step="put the images into class folders, or name another data set (simzoo list data)",
        )
    return DataError(
        f"{name} has no split {split!r}",
        expected=" or ".join(known) or "at least one split",
        got=repr(split),
        next_step=f"simzoo show {name}",
    )
