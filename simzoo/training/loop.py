"""The loop that pytorch-lightning drives: one objective on one backbone, from whichever epoch it has come to."""

from __future__ import annotations

import logging
import random
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from torch import Tensor

from simzoo.errors import TrainingError
from simzoo.mkl import settle
from simzoo.progress import Progress, Silent, Step
from simzoo.training.batch import Batch
from simzoo.training.checkpoint import Checkpoint, Done, Parts, restore
from simzoo.training.data import draw_seed, loader
from simzoo.training.optimise import optimiser, schedule
from simzoo.training.prepare import Run


def fit(loop: Loop, device: str, workers: int, progress: Progress) -> None:
    """Train what is left of the epochs; the network is frozen afterwards."""
    settle()
    settings = loop.run.training.settings
    batches = loader(loop.run.images, settings.batch_size, workers, loop.done.epochs)
    with progress.step(f"train {loop.run.spec.name}", loop.steps) as step, _lightning_contained():
        if loop.done.epochs:
            step.advance(loop.done.steps, f"resumed after epoch {loop.done.epochs}")
        loop.step, loop.started = step, time.perf_counter() - loop.done.seconds
        trainer = lightning.Trainer(
            accelerator="gpu" if device.startswith("cuda") else "cpu",
            devices=1,
            max_epochs=settings.epochs - loop.done.epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
        trainer.fit(loop, batches)
    loop.done.seconds = time.perf_counter() - loop.started
    loop.run.model.module.eval().requires_grad_(requires_grad=False)


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


class Loop(lightning.LightningModule):
    """One training under way. Epochs and steps count from the training's start, whatever process did them."""

    def __init__(self, run: Run, checkpoint: Checkpoint) -> None:
        """Make optimiser and schedule; nothing is done yet."""
        super().__init__()
        self.backbone, self.heads = run.model.module, run.heads
        self.run, self.checkpoint, self.done = run, checkpoint, Done()
        self.step: Step = Silent()
        self.started = 0.0
        self.seen: list[Tensor] = []
        settings = run.training.settings
        self.steps = settings.epochs * (len(run.images) // min(settings.batch_size, len(run.images)))
        self.optimiser = optimiser([self.backbone, self.heads], settings)
        self.schedule = schedule(self.optimiser, self.steps, settings.warmup)

    @property
    def parts(self) -> Parts:
        """What a checkpoint holds."""
        return Parts({"backbone": self.backbone, "heads": self.heads}, self.optimiser, self.schedule)

    def resume(self, done: Done, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        restore(self.parts, state)
        self.done = done

    def on_train_epoch_start(self) -> None:
        """Seed what network and objective themselves draw (dropout, drop-path) by the epoch alone."""
        seed = draw_seed("network", self.run.spec.seed, self.done.epochs)
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - libraries draw from the global one
        self.seen = []

    def training_step(self, batch: tuple[list[Tensor], Tensor], index: int) -> Tensor:  # noqa: ARG002 - lightning's signature
        """Return the loss, or stop with the epoch and step named where it is not finite."""
        views, labels = batch
        loss = total(self.run.objective.loss(Batch(self.run.pixels(views, self.device), labels)))
        if not torch.isfinite(loss):
            raise TrainingError(
                f"the loss of {self.run.spec.name} is not finite",
                expected="a finite loss",
                got=f"{loss.item()} in epoch {self.done.epochs + 1}, step {self.done.steps + 1}",
                next_step="lower learning_rate in the recipe, or lengthen its warmup",
            )
        self.seen.append(loss.detach())
        self.step.advance(1, f"epoch {self.done.epochs + 1}  loss {loss.item():.3f}")
        return loss

    def on_train_batch_end(self, *_: Any) -> None:
        """Let teachers and banks move on, where the objective has some."""
        self.done.steps += 1
        if after := getattr(self.run.objective, "after_step", None):
            after(self.done.steps, self.steps)

    def on_train_epoch_end(self) -> None:
        """Keep the mean loss of the epoch, and a checkpoint where the last one is long enough ago."""
        self.done.losses.append(torch.stack(self.seen).double().mean().item())
        self.done.epochs += 1
        self.done.seconds = time.perf_counter() - self.started
        if self.checkpoint.due():
            self.checkpoint.write(self.parts, self.done)

    def configure_optimizers(self) -> Any:
        """Return the optimiser with its schedule, stepped at every batch."""
        return [self.optimiser], [{"scheduler": self.schedule, "interval": "step"}]
