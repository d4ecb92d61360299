"""Which images are used when not all are."""

from __future__ import annotations

from collections import defaultdict

from simzoo.images.imageset import ImageSet, hash_of


def sample(images: ImageSet, n: int | None = None) -> list[int]:
    """Choose at most `n` images with classes in proportion, as a pure function of ids and labels.

    Within a class the images are ordered by a hash of their ids; the k-th of a class of m stands at (k + 1/2) / m, and
    the n that stand lowest are taken (Sainte-Lague's apportionment). So the order of the rows does not matter, and a
    smaller sample is part of every larger one.

    Args:
        images: one split of a data set.
        n: the most images to take; None takes all.

    Returns:
        Indices in ascending order.
    """
    if n is None or n >= len(images):
        return list(range(len(images)))
    classes: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for i in range(len(images)):
        image_id = images.id(i)
        classes[images.label(i)].append((hash_of(image_id, "sample"), image_id, i))
    places = [
        ((rank + 0.5) / len(members), digest, image_id, i)
        for members in classes.values()
        for rank, (digest, image_id, i) in enumerate(sorted(members))
    ]
    return sorted(i for *_, i in sorted(places)[:n])
