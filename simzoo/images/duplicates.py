"""Identical images on both sides of a split: found by their content, reported, and left where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simzoo.images.imageset import ImageSet

SHOWN = 3  # pairs that a report lists


@dataclass(frozen=True)
class Duplicates:
    """How many images of a split another split holds too, and the first pairs: (id here, id there)."""

    count: int
    split: str
    other: str
    pairs: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Say it in one sentence."""
        listed = "; ".join(f"{here} = {there}" for here, there in self.pairs)
        more = " ..." if self.count > len(self.pairs) else ""
        are = "image is" if self.count == 1 else "images are"
        return f"{self.count:,} {self.split} {are} in {self.other} too, byte for byte: {listed}{more}"


def duplicates(images: ImageSet, others: Sequence[ImageSet]) -> list[Duplicates]:
    """Return the images of a split whose content lies in another one too; sets that know no hashes have none."""
    found = []
    mine = getattr(images, "hashes", ())
    for other in others:
        theirs = getattr(other, "hashes", ())
        places = {content: i for i, content in reversed(list(enumerate(theirs))) if content}
        if twins := [(i, places[content]) for i, content in enumerate(mine) if content in places]:
            pairs = tuple((images.id(i), other.id(j)) for i, j in twins[:SHOWN])
            found.append(Duplicates(len(twins), images.split, other.split, pairs))
    return found
