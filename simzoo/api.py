"""What the command line and notebooks call: measure, pairwise, measures, represent, load, train."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import nn

from simzoo.catalog import Catalog, catalog
from simzoo.errors import TrainingError, UsageError
from simzoo.facts import MeasureSheet
from simzoo.images.augment import drawn
from simzoo.images.find import evaluation_split, open_data
from simzoo.images.given import given
from simzoo.images.imageset import notes_of
from simzoo.images.sampling import sample
from simzoo.measures.evaluate import evaluate, matrix_of
from simzoo.models.backbones import initialise
from simzoo.models.load import Model, wrap_module
from simzoo.models.load import load as load_spec
from simzoo.models.pooling import pooling
from simzoo.models.taps import find_taps
from simzoo.models.weights import weights_key
from simzoo.names import Spec, resolve
from simzoo.progress import Progress, Silent
from simzoo.representations.extraction import extract
from simzoo.representations.representation import Representation
from simzoo.storage import Artifact, atomic, file_name, weights_shelf
from simzoo.training.watch import Watch

LONGEST_UNASKED = 30 * 60  # seconds of estimated training that need no --yes


def measure(
    name: str,
    x: Any,
    y: Any = None,
    *,
    labels: Any = None,
    views: Any = None,
    support: Any = None,
    classifier: Any = None,
    seed: int | None = None,
    **params: Any,
) -> float | dict[str, float]:
    """Evaluate one measure on arrays or tensors (n, d) whose rows are the same samples.

    `support` is `(x_train, labels_train)`, `classifier` is `(weight, bias)`, `views` a sequence of aligned (n, d)
    matrices. Returns a float, or a dict for a measure with several fields.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(50, 8))
    >>> round(measure("cka", x, 3 * x + 1), 6)
    1.0
    """
    given = {"labels": labels, "views": views, "support": support, "classifier": classifier, "seed": seed}
    values = evaluate(_sheet(name), x, y, **given, **params)
    return values["value"] if list(values) == ["value"] else values


def pairwise(
    name: str, xs: Sequence[Any], ys: Sequence[Any] | None = None, *, memory: int | None = None, **params: Any
) -> npt.NDArray[np.float64]:
    """Evaluate a similarity between all of `xs` and all of `ys` (or `xs` itself); return (len(xs), len(ys)).

    `memory` is about how many bytes to use beside the representations (2 GiB if not given): less takes longer.
    """
    return matrix_of(_sheet(name, "similarity"), xs, ys, memory=memory, **params)


def measures(kind: str | None = None) -> pd.DataFrame:
    """Return the fact sheets of all measures, or of one kind, as a table; column `name` comes first."""
    sheets = [entry.sheet for entry in catalog().measures.values() if kind in {None, entry.sheet.kind}]
    return pd.DataFrame([sheet.as_dict() for sheet in sheets])


def represent(
    model: str | nn.Module | Model,
    data: Any = "digits",
    taps: str = "blocks",
    pool: str | None = None,
    n: int | None = 1_000,
    *,
    augmentation: str = "none",
    draw: int = 0,
    split: str | None = None,
    seed: int = 0,
    ids: Sequence[Any] | None = None,
    device: str = "cpu",
) -> list[Representation]:
    """Return the representations of images at the taps of a model, in the order of its layers.

    `data` is a name, a path, or images (see `simzoo.compare`), whose `ids` are hashes of the pixels if not given.
    `pool=None` takes the model's own; `split=None` the test split, or the only one. A model that is trained at first
    use must have been trained (`simzoo.train`). `augmentation` is `NAME[:STRENGTH]`; what it does to an image is a pure
    function of `seed`, the image's id and `draw`, whatever the model.
    """
    view = drawn(augmentation, draw, seed)
    frozen = load(model, device=device)
    name, shelves = given(data, ids, catalog())
    images = open_data(name, split or evaluation_split(name, shelves), shelves)
    return extract(frozen, images, sample(images, n), taps, pool or frozen.pool, draw=view, device=device)


def load(model: str | nn.Module | Model, *, device: str = "cpu") -> Model:
    """Return the frozen backbone with its taps."""
    if isinstance(model, Model):
        model.module.to(device)
        return model
    if isinstance(model, nn.Module):
        return wrap_module(model, device=device)
    return load_spec(one_spec(model), device=device)


def train(
    name: str,
    *,
    epochs: int | None = None,
    train_images: int | None = None,
    devices: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress | None = None,
    log: str | Path = "",
    online: Sequence[str] = (),
    tensorboard: bool = False,
) -> list[Artifact]:
    """Train the models a name stands for (several for `#0-2`) unless they are trained; return their weights.

    `devices` shares each batch out among so many GPUs, or processes on the CPU: another training, hence another name.
    After each epoch, `log` (a folder) gets a table of all epochs as NAME.csv; in it are what `online` asks for (`knn`,
    `probe`: accuracies on held-out images). `tensorboard` writes there, too, what TensorBoard reads.
    """
    progress, watch = progress or Silent(), Watch(str(log), tuple(online), tensorboard)
    require_device(device)
    specs = resolve(name, changes=changes(epochs, train_images, devices), seed=seed)
    if not may_train:
        refuse_training(specs)
    ready_to_train(specs, device=device, yes=yes, progress=progress)
    from simzoo.training.train import train as train_spec

    return [train_spec(spec, device=device, progress=progress, watch=watch) for spec in specs]


def changes(epochs: int | None, train_images: int | None, devices: int | None = None) -> dict[str, int]:
    """Return the changes to a recipe that `--epochs`, `--train-images` and `--devices` ask for."""
    given = {"epochs": epochs, "train-images": train_images, "devices": devices}
    return {name: value for name, value in given.items() if value is not None}


def ready_to_train(specs: Sequence[Spec], *, device: str, yes: bool, progress: Progress) -> None:
    """Say how long the trainings will take, and refuse more than 30 minutes unless `yes`."""
    waiting = [spec for spec in specs if spec.training is not None and not trained(spec)]
    if not waiting:
        return
    from simzoo.training.estimate import estimate_seconds  # pytorch-lightning and lightly load for seconds

    total = 0.0
    for spec in waiting:
        seconds = estimate_seconds(spec, device=device)
        short = f" ({spec.training.shortened})" if spec.training and spec.training.shortened else ""
        progress.say(f"{spec.name} is not trained yet{short}: about {seconds / 60:.1f} min on {device}")
        for note in notes_of(open_data(spec.training.data, "train")) if spec.training else ():
            progress.say(note)
        total += seconds
    if total > LONGEST_UNASKED and not yes:
        raise UsageError(
            f"training would take about {total / 60:,.0f} minutes",
            expected=f"at most {LONGEST_UNASKED // 60} minutes, or your consent",
            got=", ".join(spec.name for spec in waiting),
            next_step="add --yes, or shorten it: --epochs 2 --train-images 2000",
        )


def require_device(device: str) -> None:
    """Refuse a device that torch cannot use, before any work starts."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        usable = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
        raise UsageError(
            f"device {device!r} cannot be used",
            expected=", ".join(usable),
            got=str(error).splitlines()[0],
            next_step="--device cpu",
        ) from error


def require_taps(specs: Sequence[Spec], taps: str, pool: str | None, shelves: Catalog) -> None:
    """Refuse taps and pooling that a model does not have before minutes go into training it."""
    pooling(pool or "gap")
    for spec in specs:
        if spec.training is not None and not trained(spec):
            find_taps(initialise(spec.card, spec.seed or 0, shelves), taps)


def refuse_training(specs: Sequence[Spec]) -> None:
    """Raise if one of the specs has yet to be trained, since training is forbidden."""
    if waiting := [spec.name for spec in specs if spec.training is not None and not trained(spec)]:
        raise TrainingError(
            f"not trained yet: {', '.join(waiting)}",
            expected="weights on the shelf, since training is forbidden (--no-train)",
            got=f"{len(waiting)} without weights",
            next_step=f"simzoo train {waiting[0]}",
        )


def copy_weights(artifact: Artifact, folder: str | Path) -> list[Path]:
    """Copy weights into a folder, under the model's name, with the facts that came with them as JSON."""
    stem = Path(folder) / file_name(artifact.header["name"])
    weights, facts = stem.with_name(f"{stem.name}.safetensors"), stem.with_name(f"{stem.name}.json")
    with atomic(weights) as temporary:
        shutil.copyfile(artifact.path, temporary)
    with atomic(facts) as temporary:
        temporary.write_text(json.dumps(artifact.header, indent=1))
    return [weights, facts]


def trained(spec: Spec) -> bool:
    """Whether the weights of a spec lie on the shelf."""
    return weights_shelf().get(weights_key(spec, catalog())) is not None


def one_spec(name: str) -> Spec:
    """Resolve a name that must stand for one model."""
    specs = resolve(name)
    if len(specs) != 1:
        raise UsageError(
            f"{name!r} names {len(specs)} models",
            expected="one",
            got=", ".join(s.name for s in specs),
            next_step=f"name one of them: {specs[0].name}",
        )
    return specs[0]


def _sheet(name: str, kind: str | None = None) -> MeasureSheet:
    sheet: MeasureSheet = catalog().measures[name].sheet
    if kind and sheet.kind != kind:
        raise UsageError(
            f"{name!r} is not a {kind}", expected=f"a {kind}", got=sheet.kind, next_step="simzoo list measures"
        )
    return sheet
