"""Images given in Python: tensors, arrays, data sets of torch, loaders. They are read once and held as 8 bits."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from simzoo.catalog import Catalog
from simzoo.errors import DataError, UsageError
from simzoo.facts import dataset
from simzoo.images.arrays import ArrayImages, Pixels, pixel_hash
from simzoo.images.imageset import UNLABELLED, WHOLE, missing_split, to_rgb

LARGEST = 4 << 30  # bytes of pixels that are read from a loader or data set, which may be endless (ours)
MOST_CLASSES = 100_000  # labels above are taken for names, not for places
NAMED = "a torch tensor (n, 3, h, w) or (n, 1, h, w), a numpy array (n, h, w[, 3]), either with labels as a pair, a "
NAMED += "data set of (image, label), or a loader of batches"


def given(data: Any, ids: Sequence[Any] | None, shelves: Catalog) -> tuple[str, Catalog]:
    """Return the name of data, and a catalog that knows it; what has a name already only passes through.

    Args:
        data: a name, a path, or images (see the module).
        ids: one name for each image; hashes of the pixels if None.
        shelves: the catalog to add to.
    """
    if isinstance(data, str | Path):
        if ids is not None:
            raise UsageError(
                "ids= are for images given in Python",
                expected="data= a tensor, an array, a data set or a loader",
                got=f"the name {str(data)!r}, whose images have ids",
                next_step="leave ids= out",
            )
        return str(data), shelves
    images = images_of(data, ids)

    @dataset(name=images.name, splits=(WHOLE,), classes=len(images.classes), source="given in Python")
    def part(split: str) -> ArrayImages:
        """Images given in Python."""
        if split != WHOLE:
            raise missing_split(images.name, split, (WHOLE,))
        return images

    return images.name, shelves.with_dataset(part)


def images_of(data: Any, ids: Sequence[Any] | None = None) -> ArrayImages:
    """Return the images of a tensor, an array, a data set or a loader, named by their content."""
    kind, pixels, labels = _read(data)
    if not pixels:
        raise DataError(
            "there are no images in data=",
            expected="one image or more",
            got=f"an empty {kind}",
            next_step="find out why nothing is in it: a filter, a slice, a loader read before",
        )
    places, classes = _places(labels, len(pixels), getattr(data, "classes", None))
    names = _names(ids, pixels)
    images = ArrayImages("", WHOLE, classes, pixels, places, names)
    name = f"{kind}-{images.fingerprint[:8]}"
    counted = f"{name}: {len(images):,} images given in Python, as 8-bit pixels, ids "
    said = counted + ("as given" if ids is not None else "by content")
    return replace(images, name=name, notes=(said, *([] if classes else [f"{name}: no labels were given"])))


def _read(data: Any) -> tuple[str, list[Pixels], list[Any] | None]:
    """Return the kind of what was given, its images and its labels."""
    if _is_array(data):
        return _kind(data), _batch(data), None
    if isinstance(data, tuple) and len(data) == 2 and _is_array(data[0]):
        pixels = _batch(data[0])
        return _kind(data[0]), pixels, _label_list(data[1], len(pixels))
    mapped = hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, dict)
    if mapped:
        return "dataset", *_gathered((data[i] for i in range(len(data))), _item)
    if hasattr(data, "__iter__") and not isinstance(data, dict | bytes | set):
        return "loader", *_gathered(iter(data), _loaded)
    raise DataError(
        "data= holds no images that simzoo can read",
        expected=f"a name, a path, {NAMED}",
        got=f"a {type(data).__module__}.{type(data).__qualname__}",
        next_step="torch.from_numpy(pixels), or torch.utils.data.TensorDataset(pixels, labels)",
    )


def _gathered(items: Iterator[Any], read: Any) -> tuple[list[Pixels], list[Any] | None]:
    """Return all images and labels of items or batches; either all have labels or none has."""
    pixels: list[Pixels] = []
    labels: list[Any] = []
    size = 0
    for item in items:
        more, told = read(item)
        pixels += more
        labels += told
        size += sum(image.nbytes for image in more)
        if size > LARGEST:
            raise DataError(
                "data= gives more images than fit",
                expected=f"at most {LARGEST >> 30} GiB of 8-bit pixels, which are held in memory",
                got=f"more than that in the first {len(pixels):,} images, and no end yet",
                next_step="take a part: torch.utils.data.Subset(dataset, range(1000)), itertools.islice(loader, 10)",
            )
    if labels and len(labels) != len(pixels):
        raise _unlabelled_some(len(pixels), len(labels))
    return pixels, labels or None


def _item(item: Any) -> tuple[list[Pixels], list[Any]]:
    """Read one element of a data set: an image, or (image, label)."""
    image, label = item if isinstance(item, tuple | list) and len(item) == 2 else (item, None)
    if isinstance(item, tuple | list) and len(item) == 1:
        image = item[0]
    pixels = np.asarray(to_rgb(image)) if isinstance(image, Image.Image) else None
    if pixels is None:
        if not _is_array(image):
            raise _not_an_image(image)
        pixels = _batch(image[None])[0]
    return [pixels], [] if label is None else _label_list([label], 1)


def _loaded(batch: Any) -> tuple[list[Pixels], list[Any]]:
    """Read one batch of a loader: images, or (images, labels)."""
    images, labels = batch if isinstance(batch, tuple | list) and len(batch) == 2 else (batch, None)
    if isinstance(batch, tuple | list) and len(batch) == 1:
        images = batch[0]
    if not _is_array(images):
        raise _not_an_image(images)
    pixels = _batch(images)
    return pixels, [] if labels is None else _label_list(labels, len(pixels))


def _is_array(data: Any) -> bool:
    return isinstance(data, torch.Tensor | np.ndarray)


def _kind(data: Any) -> str:
    return "tensor" if isinstance(data, torch.Tensor) else "array"


def _batch(data: Any) -> list[Pixels]:
    """Return each image of (n, c, h, w) in torch or (n, h, w[, c]) in numpy, as (h, w) or (h, w, 3) uint8."""
    shape = tuple(data.shape)
    if isinstance(data, torch.Tensor):
        fits = len(shape) == 4 and shape[1] in {1, 3} and 0 not in shape[1:]
        wanted = "a tensor (n, 3, h, w) or (n, 1, h, w)"
    else:
        fits = (len(shape) == 3 or (len(shape) == 4 and shape[3] in {1, 3})) and 0 not in shape[1:]
        wanted = "an array (n, h, w), (n, h, w, 1) or (n, h, w, 3)"
    if not fits:
        turned = isinstance(data, np.ndarray) and len(shape) == 4 and shape[1] in {1, 3}
        raise DataError(
            "data= has another shape than images",
            expected=wanted,
            got=f"shape {shape}",
            next_step="torch.from_numpy(pixels)" if turned else f"give {NAMED}",
        )
    array: Any = data
    if isinstance(data, torch.Tensor):
        array = data.detach().cpu().movedim(1, -1)
        array = (array.float() if array.dtype == torch.bfloat16 else array).numpy()
    levels = _levels(array)
    if levels.ndim == 4 and levels.shape[3] == 1:
        levels = levels[..., 0]
    return list(levels)


def _levels(array: Any) -> Pixels:
    """Return 8-bit levels; floating-point pixels must lie between 0 and 1."""
    if array.dtype == np.uint8:
        return np.array(array)
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(
            "data= has another type than pixels",
            expected="uint8 from 0 to 255, or floating point from 0 to 1",
            got=str(array.dtype),
            next_step="pixels.to(torch.uint8), if the levels are from 0 to 255",
        )
    if not len(array):
        return np.zeros(array.shape, np.uint8)
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # NaN too
        raise DataError(
            "the pixels of data= are not between 0 and 1",
            expected="uint8, or floating point from 0 to 1, as ToTensor() gives it",
            got=f"from {low:.4g} to {high:.4g}",
            next_step="leave out Normalize(...): simzoo feeds each model as its card says; divide levels up to 255 by "
            "255",
        )
    levels: Pixels = np.rint(array.astype(np.float32) * 255).astype(np.uint8)
    return levels


def _label_list(labels: Any, n: int) -> list[Any]:
    """Return labels as plain integers or strings."""
    if isinstance(labels, torch.Tensor):
        labels = labels.detach().cpu().numpy()
    array = np.asarray(labels)
    if array.shape != (n,) or not (np.issubdtype(array.dtype, np.integer) or array.dtype.kind in "UO"):
        raise DataError(
            "the labels of data= do not fit its images",
            expected=f"{n:,} integers or strings, one for each image",
            got=f"{array.dtype} of shape {array.shape}",
            next_step="labels.argmax(1), if they are one-hot",
        )
    return list(array.tolist())


def _places(labels: list[Any] | None, n: int, names: Sequence[Any] | None) -> tuple[Any, tuple[str, ...]]:
    """Return labels as places in classes, and the classes: integers stay as they are, strings are sorted."""
    if labels is None:
        return np.full(n, UNLABELLED, np.int64), ()
    whole = all(isinstance(label, int) and 0 <= label < MOST_CLASSES for label in labels)
    if whole:
        count = max(labels) + 1
        named = names is not None and len(names) >= count
        return np.array(labels, np.int64), tuple(map(str, names if named and names else range(count)))
    known = sorted(set(labels), key=lambda label: (str(type(label)), label))
    place = {label: i for i, label in enumerate(known)}
    return np.array([place[label] for label in labels], np.int64), tuple(map(str, known))


def _names(ids: Sequence[Any] | None, pixels: Sequence[Pixels]) -> tuple[str, ...]:
    """Return the ids given, or a hash of each image's pixels; of equal images the second is `HASH#2`, and so on."""
    if ids is None:
        seen: Counter[str] = Counter()
        names = []
        for content in (hashlib.sha256(pixel_hash(image).encode()).hexdigest()[:16] for image in pixels):
            seen[content] += 1
            names.append(content if seen[content] == 1 else f"{content}#{seen[content]}")
        return tuple(names)
    names = [str(name) for name in ids]
    if len(names) != len(pixels):
        raise DataError(
            "ids= do not fit the images",
            expected=f"{len(pixels):,} ids, one for each image",
            got=f"{len(names):,}",
            next_step="leave ids= out: ids are then hashes of the pixels",
        )
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise DataError(
            "ids= name two images alike",
            expected="a different id for each image",
            got=f"{', '.join(map(repr, repeated[:3]))} more than once",
            next_step="number them, or leave ids= out: ids are then hashes of the pixels",
        )
    return tuple(names)


def _not_an_image(item: Any) -> DataError:
    return DataError(
        "data= gives something that is no image",
        expected="tensors, arrays or PIL images, alone or as (image, label)",
        got=f"a {type(item).__module__}.{type(item).__qualname__}",
        next_step="let each element be (image, label), and each batch of a loader (images, labels)",
    )


def _unlabelled_some(images: int, labels: int) -> DataError:
    return DataError(
        "only some images of data= have labels",
        expected="a label for each image, or for none",
        got=f"{labels:,} labels for {images:,} images",
        next_step="leave out the labels, or the images without one",
    )
