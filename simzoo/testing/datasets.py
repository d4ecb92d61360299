"""Every split of a data set is opened twice and looked at. Each check takes the function."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from simzoo.errors import DataError
from simzoo.images.imageset import UNLABELLED
from simzoo.testing.conformance import Check, named, require

LOOKED_AT = 40  # images of a split that are decoded, spread over it
NO_SPLIT = "no-such-split"


def checks(part: Any) -> list[Check]:
    """Return the checks of a data set."""
    return [Check(named(check), partial(check, part)) for check in CHECKS]


def splits_open_and_others_are_refused(part: Any) -> None:
    """Each declared split opens with images in it, under the sheet's name; an unknown one is a `DataError`."""
    for split in _splits(part):
        opened = part(split)
        facts = (opened.name, opened.split, len(opened) > 0, isinstance(opened.fingerprint, str))
        require(
            facts == (part.sheet.name, split, True, True),
            f"split {split!r} of {part.sheet.name} does not open as declared",
            expected=f"name {part.sheet.name!r}, split {split!r}, images, and a fingerprint (str)",
            got=f"name {opened.name!r}, split {opened.split!r}, {len(opened)} images, {opened.fingerprint!r}",
        )
    try:
        part(NO_SPLIT)
    except DataError:
        return
    require(
        holds=False,
        what=f"{part.sheet.name} opens a split that it does not have",
        expected="a DataError that names the splits (simzoo.images.imageset.missing_split)",
        got=f"an image set for {NO_SPLIT!r}",
    )


def ids_are_unique_and_stable(part: Any) -> None:
    """No id occurs twice, in one split or in two; opening again gives the same ids and fingerprint."""
    seen: dict[str, str] = {}
    for split in _splits(part):
        first, again = part(split), part(split)
        ids, other = ([opened.id(i) for i in range(len(opened))] for opened in (first, again))
        require(
            ids == other and first.fingerprint == again.fingerprint,
            f"{part.sheet.name} is not the same when it is opened again",
            expected="equal ids and fingerprint",
            got=f"{sum(a != b for a, b in zip(ids, other, strict=False))} other ids in {split}",
            next_step="make ids of file names, content hashes or row numbers, never of the order found",
        )
        require(
            all(isinstance(name, str) and name for name in ids),
            f"ids of {part.sheet.name} are not text",
            expected="str, not empty",
            got=repr(ids[0]),
        )
        repeated = sorted(
            {name for name in ids if ids.count(name) > 1} if len(set(ids)) < len(ids) else set(ids) & set(seen)
        )
        require(
            not repeated,
            f"ids of {part.sheet.name} are not unique",
            expected="one image for each id, over all splits",
            got=f"{repeated[:3]} more than once",
        )
        seen |= dict.fromkeys(ids, split)


def labels_are_classes(part: Any) -> None:
    """Labels are places in `classes`, which are the same in every split; without classes each is -1."""
    classes = {split: tuple(part(split).classes) for split in _splits(part)}
    require(
        len(set(classes.values())) == 1,
        f"the splits of {part.sheet.name} have different classes",
        expected="one tuple of class names",
        got=classes,
    )
    for split, names in classes.items():
        opened = part(split)
        wrong = [label for label in map(opened.label, range(len(opened))) if not _is_place(label, len(names))]
        require(
            not wrong,
            f"labels of {part.sheet.name} ({split}) are not places in its classes",
            expected=f"integers from 0 to {len(names) - 1}" if names else f"{UNLABELLED}, there being no classes",
            got=repr(wrong[:3]),
        )


def images_are_rgb_or_named_errors(part: Any) -> None:
    """An image is 8-bit RGB, the same each time; one that does not decode is a `DataError`, and not all are."""
    for split in _splits(part):
        opened, decoded = part(split), 0
        for i in _spread(len(opened)):
            try:
                image, again = opened.image(i), opened.image(i)
            except DataError:
                continue
            except Exception as error:  # noqa: BLE001 - whatever it raises, it is the wrong thing
                require(
                    holds=False,
                    what=f"image {opened.id(i)} of {part.sheet.name} fails without a named error",
                    expected="a DataError (simzoo.images.imageset.decode raises it)",
                    got=f"{type(error).__name__}: {error}",
                )
            is_rgb = isinstance(image, Image.Image) and image.mode == "RGB" and min(image.size) > 0
            require(
                is_rgb and image.tobytes() == again.tobytes(),
                f"image {opened.id(i)} of {part.sheet.name} is not 8-bit RGB, the same each time",
                expected="a PIL image of mode RGB",
                got=getattr(image, "mode", type(image).__name__),
                next_step="simzoo.images.imageset.to_rgb",
            )
            decoded += 1
        require(
            decoded,
            f"no image of {part.sheet.name} ({split}) decodes",
            expected=f"readable images among {len(_spread(len(opened)))}",
            got="none",
        )


def _splits(part: Any) -> tuple[str, ...]:
    return tuple(part.sheet.facts.get("splits", ("train", "test")))


def _spread(n: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, n - 1, min(n, LOOKED_AT))})


def _is_place(label: Any, classes: int) -> bool:
    whole = isinstance(label, int | np.integer) and not isinstance(label, bool)
    return whole and (0 <= int(label) < classes if classes else int(label) == UNLABELLED)


CHECKS = [
    splits_open_and_others_are_refused,
    ids_are_unique_and_stable,
    labels_are_classes,
    images_are_rgb_or_named_errors,
]
