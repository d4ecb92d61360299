"""Train one spec: from `initialise(card, seed)` to safetensors on the store's shelf, with the whole recipe beside."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from safetensors.torch import save

from simzoo.catalog import Catalog, catalog
from simzoo.errors import DamagedFileError
from simzoo.models.load import HEAD
from simzoo.models.weights import weights_key
from simzoo.names import Spec
from simzoo.progress import Progress, Silent
from simzoo.storage import Artifact, weights_shelf
from simzoo.training.accuracy import head_accuracy, held_out_accuracy
from simzoo.training.checkpoint import Checkpoint, own_randomness
from simzoo.training.loop import Loop, fit
from simzoo.training.prepare import prepare


def train(
    spec: Spec,
    *,
    device: str = "cpu",
    workers: int = 1,
    progress: Progress | None = None,
    shelves: Catalog | None = None,
) -> Artifact:
    """Return the weights of a spec, training them if they are not on the shelf; one process at a time does it.

    Order and views are pure functions of (seed, epoch, image id), whatever `workers`. The header beside the weights
    holds the settings, the loss of each epoch, the seconds, and the kNN accuracy on held-out images; of a fine-tuned
    model also what it started from and the accuracy of its head. What it starts from is trained before, if it must be.
    """
    shelves, progress = shelves or catalog(), progress or Silent()
    if spec.start and spec.start.training:
        train(spec.start, device=device, workers=workers, progress=progress, shelves=shelves)
    key, shelf = weights_key(spec, shelves), weights_shelf()
    with shelf.lock(key):
        checkpoint = Checkpoint(key, spec.name)
        if found := shelf.get(key):
            return found
        with own_randomness():
            loop = _resumed(spec, checkpoint, device, shelves)
            fit(loop, device, workers, progress)
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


def _resumed(spec: Spec, checkpoint: Checkpoint, device: str, shelves: Catalog) -> Loop:
    """Return the training as its checkpoint left it, or from the start."""
    loop = Loop(prepare(spec, device=device, shelves=shelves), checkpoint)
    if found := checkpoint.read():
        try:
            loop.resume(*found)
        except DamagedFileError as error:
            checkpoint.refuse(error)
            return Loop(prepare(spec, device=device, shelves=shelves), checkpoint)
    return loop
