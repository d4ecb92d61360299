"""What is asked of `transfer`: models, and labelled images on two sides, of which one is learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from simzoo.api import changes, ready_to_train, refuse_training, require_device
from simzoo.catalog import Catalog, catalog
from simzoo.errors import DataError, UsageError
from simzoo.grid.source import Source, sources_of
from simzoo.images.find import evaluation_split, open_data, splits
from simzoo.images.given import given
from simzoo.images.imageset import UNLABELLED
from simzoo.images.sampling import sample
from simzoo.models.load import Model
from simzoo.progress import Progress

TRAIN = "train"


@dataclass(frozen=True)
class Asked:
    """Models and the data that they are to be taken for; `split` is what accuracies are measured on."""

    models: tuple[Source, ...]
    data: str
    split: str
    shelves: Catalog

    @property
    def typed(self) -> list[str]:
        """The models as a command would name them."""
        return [source.typed if source.typed.startswith("file:") else source.name for source in self.models]


def asked(
    models: Sequence[str | nn.Module | Model],
    data: Any,
    *,
    least: int,
    ids: Sequence[Any] | None = None,
    n: int | None = None,
    epochs: int | None = None,
    train_images: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress,
) -> Asked:
    """Return what was asked for after refusing what cannot be answered, before any work."""
    shelves = catalog()
    sources = sources_of(models, changes(epochs, train_images), seed, shelves)
    if len(sources) < least:
        raise UsageError(
            "a choice is between two models or more",
            expected="simzoo transfer report A B ... --data D, of different models",
            got=", ".join(source.name for source in sources) or "none",
            next_step="simzoo audit says what one model is worth; simzoo list models",
        )
    require_device(device)
    name, shelves = given(data, ids, shelves)
    require_labelled(name, n, shelves)
    if (split := evaluation_split(name, shelves)) == TRAIN and least > 1:
        raise DataError(
            f"{name} has no test images, on which accuracies are measured",
            expected="FOLDER/CLASS/IMAGE (simzoo divides it), or a set with train and test",
            got="only train",
            next_step="simzoo transfer score, which needs training images alone, or put some images aside as test",
        )
    specs = [source.spec for source in sources if source.spec is not None]
    if not may_train:
        refuse_training(specs)
    ready_to_train(specs, device=device, yes=yes, progress=progress)
    return Asked(sources, name, split, shelves)


def require_labelled(data: str, n: int | None, shelves: Catalog) -> None:
    """Refuse data without images to learn from, without labels, or of one class."""
    if TRAIN not in (known := splits(data, shelves)):
        raise DataError(
            f"{data} has no training images, which scores are of and probes learn from",
            expected="FOLDER/CLASS/IMAGE (simzoo divides it), or a set with train and test",
            got=f"only {', '.join(known)}",
            next_step="put the images into one folder a class and name the folder: --data FOLDER",
        )
    images = open_data(data, TRAIN, shelves)
    labels = [images.label(i) for i in sample(images, n)]
    if UNLABELLED in labels:
        raise DataError(
            f"the images of {data} have no labels, and which model is best for them hangs on what is asked of them",
            expected="a folder for each class: FOLDER/CLASS/IMAGE, or a set with labels",
            got=f"{labels.count(UNLABELLED)} of {len(labels)} training images without a label",
            next_step="sort some of them into class folders; simzoo compare and map need no labels",
        )
    if len(set(labels)) < 2:
        one = images.classes[labels[0]] if labels else "no class at all"
        raise DataError(
            f"all training images of {data} are of one class",
            expected="two classes or more",
            got=f"only {one!r}, in {len(labels)} images",
            next_step="add a folder of images of another class" + (", or raise --n" if n else ""),
        )
