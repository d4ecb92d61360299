"""Train one spec: from `initialise(card, seed)` to safetensors on the store's shelf, with the whole recipe beside."""

from __future__ import annotations

import logging
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as lightning
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from simzoo.catalog import Catalog, catalog
from simzoo.errors import TrainingError
from simzoo.images.find import open_data
from simzoo.images.sampling import sample
from simzoo.models.backbones import initialise
from simzoo.models.load import Model, as_model
from simzoo.models.weights import weights_key
from simzoo.names import Spec, Training
from simzoo.progress import Progress, Silent, Step
from simzoo.storage import Artifact, weights_shelf
from simzoo.training.accuracy import held_out_accuracy
from simzoo.training.batch import Batch
from simzoo.training.data import TrainingImages, draw_seed, loader
from simzoo.training.optimise import optimiser, schedule


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
    holds the settings, the loss of each epoch, the seconds, and the kNN accuracy on held-out images.
    """
    shelves, progress = shelves or catalog(), progress or Silent()
    key, shelf = weights_key(spec, shelves), weights_shelf()
    with shelf.lock(key):
        if found := shelf.get(key):
            return found
        run = prepare(spec, device=device, shelves=shelves)
        started = time.perf_counter()
        losses = _fit(run, device, workers, progress)
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
            "losses": losses,
            "seconds": time.perf_counter() - started,
            "device": device,
        }
        facts["knn_accuracy"] = held_out_accuracy(run.model, run.training.data, device=device, shelves=shelves)
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in run.model.module.state_dict().items()}
        return shelf.put(key, facts, lambda path: save_file(state, path))


@dataclass
class Run:
    """A training made ready: the backbone as a model, the objective with its heads, the images."""

    spec: Spec
    training: Training
    model: Model
    objective: Any
    heads: nn.Module
    images: TrainingImages

    def pixels(self, views: list[Tensor], device: torch.device) -> list[Tensor]:
        """Normalise the views as the model wants to be fed."""
        feed = self.model.feed
        mean = torch.tensor(feed.mean, device=device).view(1, 3, 1, 1)
        std = torch.tensor(feed.std, device=device).view(1, 3, 1, 1)
        return [(view.to(device) - mean) / std for view in views]


def prepare(spec: Spec, *, device: str = "cpu", shelves: Catalog | None = None) -> Run:
    """Build the backbone, the objective and the training images of a spec."""
    shelves = shelves or catalog()
    if spec.training is None or spec.seed is None:
        raise TrainingError(
            f"{spec.name} is not a model that simzoo trains",
            expected="a card with an objective and recipes",
            got="finished weights" if spec.card.weights else f"objective {spec.card.objective!r}",
            next_step="simzoo list models",
        )
    settings, card = spec.training.settings, spec.card
    objective = shelves.objectives[card.objective].part()
    train_set = open_data(spec.training.data, "train", shelves)
    model = as_model(spec, initialise(card, spec.seed, shelves))
    chosen = sample(train_set, settings.train_images)
    if len(chosen) < 2:
        raise TrainingError(
            f"{spec.training.data} has too few training images", expected="2 or more", got=str(len(chosen))
        )
    images = TrainingImages(train_set, chosen, objective.views(model.feed.size, settings), spec.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw_seed("heads", spec.seed))
        with torch.no_grad():
            width = model.features(torch.zeros(1, 3, model.feed.size, model.feed.size)).shape[1]
        heads = objective.build(model.features, width, settings, len(train_set.classes))
    model.module.to(device).train().requires_grad_(requires_grad=True)
    return Run(spec, spec.training, model, objective, heads.to(device), images)


def _fit(run: Run, device: str, workers: int, progress: Progress) -> list[float]:
    settings = run.training.settings
    batches = loader(run.images, settings.batch_size, workers)
    steps = settings.epochs * len(batches)
    bar = progress.step(f"train {run.spec.name}", steps)
    with bar as step, torch.random.fork_rng(devices=[]), _lightning_contained():
        loop = _Loop(run, step, steps)
        trainer = lightning.Trainer(
            accelerator="gpu" if device.startswith("cuda") else "cpu",
            devices=1,
            max_epochs=settings.epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
        trainer.fit(loop, batches)
    run.model.module.eval().requires_grad_(requires_grad=False)
    return loop.losses


@contextmanager
def _lightning_contained() -> Iterator[None]:
    """Keep what pytorch-lightning changes in the process to the training, and an interrupt an interrupt.

    It answers Ctrl-C by leaving the process with status 1, deaf to further ones.
    """
    talk = logging.getLogger("pytorch_lightning")
    level, deterministic = talk.level, torch.backends.cudnn.deterministic
    answer = signal.getsignal(signal.SIGINT)
    talk.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice on workers, loggers and checkpoints that does not apply here
            yield
    except SystemExit as stopped:
        raise KeyboardInterrupt from stopped
    finally:
        talk.setLevel(level)
        torch.backends.cudnn.deterministic = deterministic
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, answer)


def total(loss: Any) -> Tensor:
    """Return what is to be minimised of what an objective's `loss` gave."""
    found: Tensor = loss["loss"] if isinstance(loss, dict) else loss
    return found


class _Loop(lightning.LightningModule):
    """What pytorch-lightning drives: one objective on one backbone."""

    def __init__(self, run: Run, step: Step, steps: int) -> None:
        super().__init__()
        self.backbone, self.heads = run.model.module, run.heads
        self.run, self.step, self.steps = run, step, steps
        self.losses: list[float] = []
        self.seen: list[Tensor] = []

    def on_train_epoch_start(self) -> None:
        """Seed what the network itself draws (dropout, drop-path) by the epoch alone."""
        torch.manual_seed(draw_seed("network", self.run.spec.seed, self.current_epoch))
        self.seen = []

    def training_step(self, batch: tuple[list[Tensor], Tensor], index: int) -> Tensor:  # noqa: ARG002 - lightning's signature
        """Return the loss, or stop with the epoch and step named where it is not finite."""
        views, labels = batch
        loss = total(self.run.objective.loss(Batch(self.run.pixels(views, self.device), labels)))
        if not torch.isfinite(loss):
            raise TrainingError(
                f"the loss of {self.run.spec.name} is not finite",
                expected="a finite loss",
                got=f"{loss.item()} in epoch {self.current_epoch + 1}, step {self.global_step + 1}",
                next_step="lower learning_rate in the recipe, or lengthen its warmup",
            )
        self.seen.append(loss.detach())
        self.step.advance(1, f"epoch {self.current_epoch + 1}  loss {loss.item():.3f}")
        return loss

    def on_train_batch_end(self, *_: Any) -> None:
        """Let teachers and banks move on, where the objective has some."""
        if after := getattr(self.run.objective, "after_step", None):
            after(self.global_step, self.steps)

    def on_train_epoch_end(self) -> None:
        """Keep the mean loss of the epoch."""
        self.losses.append(torch.stack(self.seen).double().mean().item())

    def configure_optimizers(self) -> Any:
        """Return the optimiser with its schedule, stepped at every batch."""
        settings = self.run.training.settings
        chosen = optimiser([self.backbone, self.heads], settings)
        return [chosen], [{"scheduler": schedule(chosen, self.steps, settings.warmup), "interval": "step"}]
