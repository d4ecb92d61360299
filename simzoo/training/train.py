"""Train one spec: from `initialise(card, seed)` to safetensors on the store's shelf, with the whole recipe beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from safetensors.torch import save

from simzoo.catalog import Catalog, catalog
from simzoo.errors import DamagedFileError
from simzoo.models.load import HEAD
from simzoo.models.weights import weights_key
from simzoo.names import Spec
from simzoo.progress import Progress, Silent
from simzoo.storage import Artifact, weights_shelf
from simzoo.training.accuracy import head_accuracy, held_out, held_out_accuracy
from simzoo.training.checkpoint import Checkpoint, own_randomness
from simzoo.training.data import ALL, SHARE_OF_MEMORY, Share
from simzoo.training.loop import Loop, fit
from simzoo.training.parallel import on_devices, require_devices
from simzoo.training.prepare import Run, prepare
from simzoo.training.watch import Watch


def train(
    spec: Spec,
    *,
    device: str = "cpu",
    progress: Progress | None = None,
    shelves: Catalog | None = None,
    watch: Watch | None = None,
) -> Artifact:
    """Return the weights of a spec, training them if they are not on the shelf; one process at a time does it.

    Order and views are pure functions of (seed, epoch, image id), wherever the images lie. The header beside
    the weights holds the settings, the loss of each epoch, the seconds, and the kNN accuracy on held-out images; of a
    fine-tuned model also what it started from and the accuracy of its head. What it starts from is trained before, if
    it must be.
    `watch` says what is measured and written down after each epoch; it does not change the weights.
    """
    shelves, progress = shelves or catalog(), progress or Silent()
    if spec.start and spec.start.training:
        train(spec.start, device=device, progress=progress, shelves=shelves)
    key, shelf = weights_key(spec, shelves), weights_shelf()
    require_devices(spec, device)
    with shelf.lock(key):
        checkpoint = Checkpoint(key, spec.name)
        if found := shelf.get(key):
            if watch and (log := found.header.get("log")):
                watch.write(spec.name, log)
            return found
        with own_randomness():
            make = partial(_loop, spec, checkpoint, device, shelves, watch or Watch())
            loop = _resumed(make, checkpoint)
            settings = loop.run.training.settings
            if settings.devices > 1 and loop.done.epochs < settings.epochs:
                work = partial(_share, spec, key, device, watch or Watch())
                with progress.step(f"train {spec.name}", settings.epochs * loop.batches) as step:
                    on_devices(work, settings.devices, step)
                loop = _resumed(make, checkpoint)
            fit(loop, device, progress)
        run = loop.run
        facts = {
            "name": spec.name,
            "key": key,
            "card": spec.card.model_dump(mode="json"),
            "data": run.training.data,
            "recipe": run.training.recipe,
            "settings": run.training.settings.model_dump(mode="json"),
            "shortened": run.training.shortened,
            "train_images": len(run.images),
            "seed": spec.seed,
            "losses": loop.done.losses,
            "log": loop.done.log,
            "seconds": loop.done.seconds,
            "device": device,
        }
        facts["knn_accuracy"] = held_out_accuracy(run.model, run.training.data, device=device, shelves=shelves)
        state = dict(run.model.module.state_dict())
        if spec.start:
            new = run.heads.state_dict()
            head = (new["weight"], new["bias"])
            facts["start"] = {"name": spec.start.name, "key": weights_key(spec.start, shelves)}
            facts["accuracy"] = head_accuracy(run.model, head, run.training.data, device=device, shelves=shelves)
            state |= {f"{HEAD}{name}": tensor for name, tensor in new.items()}
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
        made = shelf.put(key, facts, partial(_write, save(state)))
        checkpoint.remove()
        return made


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)  # safetensors' own writing tells a full disk as an error of its own


def _share(  # noqa: PLR0917 - the first four are bound where a process is started
    spec: Spec, key: str, device: str, watch: Watch, share: Share, progress: Progress
) -> None:
    """Train on one of several devices; the first leaves the checkpoint of the last epoch."""
    checkpoint, mine = Checkpoint(key, spec.name), share.device(device)
    loop = _resumed(partial(_loop, spec, checkpoint, mine, catalog(), watch, share=share), checkpoint)
    fit(loop, mine, progress)
    if share.rank == 0:
        checkpoint.write(loop.parts, loop.done)


def _loop(
    spec: Spec, checkpoint: Checkpoint, device: str, shelves: Catalog, watch: Watch, *, share: Share = ALL
) -> Loop:
    """Return the training from the start."""

    def after_epoch(run: Run, log: list[dict[str, Any]]) -> dict[str, Any]:
        found = online(run, watch.online, device, shelves)
        watch.write(spec.name, [*log[:-1], {**log[-1], **found}])
        return found

    memory = SHARE_OF_MEMORY / share.count
    if share is ALL and spec.training and spec.training.settings.devices > 1:
        memory = 0.0  # others train
    return Loop(prepare(spec, device=device, shelves=shelves, memory=memory), checkpoint, device, after_epoch, share)


def online(run: Run, wanted: Sequence[str], device: str, shelves: Catalog) -> dict[str, Any]:
    """Return accuracies of the network as it is, which it is given back as it was."""
    if not wanted:
        return {}
    training = [part for part in run.model.module.modules() if part.training]
    with own_randomness():
        run.model.module.eval()
        try:
            return dict(held_out(run.model, run.training.data, wanted, device=device, shelves=shelves))
        finally:
            for part in training:
                part.training = True


def _resumed(make: Callable[[], Loop], checkpoint: Checkpoint) -> Loop:
    """Return the training as its checkpoint left it, or from the start."""
    loop = make()
    if found := checkpoint.read():
        try:
            loop.resume(*found)
        except DamagedFileError as error:
            checkpoint.refuse(error)
            return make()
    return loop
