"""Random numbers that belong to an image, whatever is drawn beside, before or after them.

They are a pure function of (seed, image id, draw, operation): the splitmix64 finaliser over hashes of the four, so that
every model sees the same augmentations, whatever its input size, batch size, order of images, workers or device.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simzoo.images.imageset import hash_of

_GAMMA, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_MASK = 2**64 - 1
Words = npt.NDArray[np.uint64]


def uniforms(seed: int, ids: Sequence[str], draw: int, operation: str, count: int) -> npt.NDArray[np.float64]:
    """Return `count` numbers in [0, 1) for each image, (len(ids), count) in float64; one row hangs on one id alone.

    >>> several = uniforms(0, ["a", "b"], draw=3, operation="crop", count=2)
    >>> bool((several[1] == uniforms(0, ["b"], draw=3, operation="crop", count=2)).all())
    True
    """
    state = np.zeros(1, np.uint64)
    for word in (seed & _MASK, draw & _MASK, hash_of(operation, "operation")):
        state = _mixed((state ^ np.uint64(word)) + _GAMMA)
    images = np.array([hash_of(image_id, "draw") for image_id in ids], np.uint64)
    streams = _mixed((state ^ images) + _GAMMA)
    places = np.arange(1, count + 1, dtype=np.uint64) * _GAMMA
    return (_mixed(streams[:, None] + places) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(words: Words) -> Words:
    """Return the splitmix64 finaliser of each word: every bit of the input moves about half of the bits."""
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))
