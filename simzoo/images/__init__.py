"""Data sets: from a name to images with stable ids, labels and splits, and on to batches as a model wants them.

`find.open_data` opens a split, `sampling.sample` chooses images, `batches.batches` feeds them, `augment.drawn` says
what is done to them before.
"""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_datasets() -> list[Any]:
    """Bring the data set that is always there."""
    from simzoo.images.digits import digits

    return [digits]


@hookimpl
def simzoo_augmentations() -> list[Any]:
    """Bring the operations that the settings in `registry/augmentations` are made of."""
    from simzoo.images.corruptions import Jpeg, Noise, Shear, Solarise, Translate
    from simzoo.images.operations import Blur, ColorJitter, Crop, Flip, Grey, Rotate

    return [Crop, Flip, ColorJitter, Grey, Blur, Rotate, Translate, Shear, Solarise, Jpeg, Noise]
