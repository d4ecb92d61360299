"""`simzoo represent`: from a name to files that other tools read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simzoo.api import changes, ready_to_train, refuse_training, represent, require_device, require_taps
from simzoo.catalog import catalog
from simzoo.errors import UsageError
from simzoo.names import resolve
from simzoo.progress import Progress, Silent
from simzoo.representations.export import FORMATS, RDMS
from simzoo.representations.representation import Representation
from simzoo.storage import file_name


@dataclass(frozen=True)
class Exported:
    """What was written of one model."""

    model: str
    taps: tuple[Representation, ...]
    files: tuple[Path, ...]


def export(
    model: str,
    folder: str | Path,
    *,
    data: str | None = None,
    taps: str = "blocks",
    pool: str | None = None,
    n: int | None = 1_000,
    split: str | None = None,
    augmentation: str = "none",
    draw: int = 0,
    form: str = "npz",
    rdm: str = RDMS[0],
    epochs: int | None = None,
    train_images: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress | None = None,
) -> list[Exported]:
    """Write the representations of the models a name stands for (several for `#0-2`); train what is not trained yet.

    `form` is npz, npy or rdm (see `simzoo.representations.export`); each model gets a folder of its own below `folder`
    where there are several. `data=None` means `digits`, or what the models were trained on.
    """
    if form not in FORMATS:
        raise UsageError(
            f"unknown format {form!r}", expected=", ".join(FORMATS), got=repr(form), next_step="--format npz"
        )
    progress, shelves = progress or Silent(), catalog()
    require_device(device)
    specs = resolve(model, changes=changes(epochs, train_images), seed=seed, shelves=shelves)
    if not may_train:
        refuse_training(specs)
    require_taps(specs, taps, pool, shelves)
    ready_to_train(specs, device=device, yes=yes, progress=progress)
    done = []
    for spec in specs:
        if spec.training is not None:
            from simzoo.training.train import train  # pytorch-lightning and lightly load for seconds

            train(spec, device=device, progress=progress, shelves=shelves)
        images = data or (spec.training.data if spec.training else "digits")
        found = represent(
            spec.name,
            images,
            taps,
            pool,
            n,
            augmentation=augmentation,
            draw=draw,
            split=split,
            seed=seed,
            device=device,
        )
        own = Path(folder) / file_name(spec.name) if len(specs) > 1 else Path(folder)
        done.append(Exported(spec.name, tuple(found), tuple(FORMATS[form](own, found, rdm))))
    return done
