"""What was asked for: models x taps x data x measures, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from simzoo.catalog import Catalog
from simzoo.grid.source import Source
from simzoo.images.find import open_data
from simzoo.images.imageset import UNLABELLED
from simzoo.images.sampling import sample


@dataclass(frozen=True)
class MeasureCall:
    """A measure and the options it is called with."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Skip:
    """Which cells of a grid to leave out: those whose words match all the globs given here, for the reason given."""

    measure: str = "*"
    model: str = "*"
    model_b: str = "*"
    augmentation: str = "*"
    data: str = "*"
    reason: str = ""

    def matches(self, measure: str, models: Sequence[str], augmentations: Sequence[str], data: str) -> bool:
        """Whether a cell is left out; a pair in either order, so that `model` alone asks for one of the two."""
        if not (fnmatchcase(measure, self.measure) and fnmatchcase(data, self.data)):
            return False
        if not any(fnmatchcase(word, self.augmentation) for word in augmentations):
            return False
        if len(models) == 1:
            return self.model_b == "*" and fnmatchcase(models[0], self.model)
        orders = (models, models[::-1])
        return any(fnmatchcase(a, self.model) and fnmatchcase(b, self.model_b) for a, b in orders)


@dataclass(frozen=True)
class Study:
    """Everything that decides the numbers of a run over one data set and one augmentation.

    Equal studies give equal rows; a grid is several of them, whose plans share blocks.

    `augmentation` is `NAME[:STRENGTH]`: similarities are of draw number `draw` of it, the same for all models; measures
    that need views get the clean images and several draws of it, of `augs` where none is named. Accuracies are of clean
    images.
    `accuracy`: whether the kNN accuracy of each model at its end stands beside what was asked for, and `accuracy_only`
    are models that appear by nothing else (the untrained twin of each trained model).
    `skip` are cells to leave out: each is a row that says so.
    `support` is how many training images vote in `knn_accuracy` and train probes (None: as many as `n`). `pool=None`
    takes each model's own.
    `parts`: whether the values of half-samples are kept of similarities and of accuracies too, which is asked of single
    layers.
    `resamples` and `permutations` of None mean: the default where the measure makes them cheap, none elsewhere.
    """

    models: tuple[Source, ...]
    measures: tuple[MeasureCall, ...]
    data: str
    split: str
    n: int | None = 1_000
    taps: str = "residual"
    pool: str | None = None
    augmentation: str = "none"
    draw: int = 0
    accuracy: bool = True
    accuracy_only: tuple[Source, ...] = ()
    support: int | None = 5_000
    pairs: Literal["all", "cross", "first"] = "all"
    resamples: int | None = None
    permutations: int | None = None
    seed: int = 0
    skip: tuple[Skip, ...] = ()
    parts: bool = False

    def skipped(self, measure: str, sources: Sequence[Source], augmentations: Sequence[str]) -> Skip | None:
        """Return the filter that leaves a cell out, or None; its augmentation goes by any of these names."""
        names = [source.name for source in sources]
        return next((skip for skip in self.skip if skip.matches(measure, names, augmentations, self.data)), None)

    def pairs_of_models(self) -> list[tuple[Source, Source]]:
        """Return the unordered pairs: all with each model itself, only distinct ones, or the first against each."""
        models = list(self.models)
        if self.pairs == "first":
            return [(models[0], other) for other in models[1:]]
        itself = self.pairs == "all"
        return [(a, b) for i, a in enumerate(models) for b in models[i if itself else i + 1 :]]


def has_pairs_of_a_class(data: str, split: str, n: int | None, shelves: Catalog) -> bool:
    """Whether kNN accuracy can be anything but zero: some class has two images."""
    images = open_data(data, split, shelves)
    labels = [label for index in sample(images, n) if (label := images.label(index)) != UNLABELLED]
    return len(set(labels)) < len(labels)
