"""Data sets: from a name to images with stable ids, labels and splits, and on to batches as a model wants them.

`find.open_data` opens a split, `sampling.sample` chooses images, `batches.batches` feeds them.
"""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_datasets() -> list[Any]:
    """Bring the data set that is always there."""
    from simzoo.images.digits import digits

    return [digits]
