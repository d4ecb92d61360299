"""The loop that pytorch-lightning drives: one objective on one backbone, from whichever epoch it has come to."""

from __future__ import annotations

import logging
import math
import random
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from torch import Tensor, nn

from simzoo.mkl import settle
from simzoo.progress import Progress, Silent, Step
from simzoo.training.checkpoint import Checkpoint, Done, Parts, restore
from simzoo.training.data import ALL, Loader, Pictures, Share, draw_seed, whole_batches
from simzoo.training.diagnose import not_finite, require_finite_weights
from simzoo.training.optimise import optimiser, schedule
from simzoo.training.precision import scaling
from simzoo.training.prepare import Run

AfterEpoch = Callable[[Run, list[dict[str, Any]]], dict[str, Any]]


def fit(loop: Loop, device: str, progress: Progress) -> None:
    """Train what is left of the epochs; the network is frozen afterwards."""
    settle()
    settings = loop.run.training.settings
    batches = loop.loader = Loader(loop.run.images, settings.batch_size, loop.done.epochs, loop.share)
    with progress.step(f"train {loop.run.spec.name}", settings.epochs * loop.batches) as step, _lightning_contained():
        if loop.done.epochs:
            step.advance(loop.done.epochs * loop.batches, f"resumed after epoch {loop.done.epochs}")
        loop.step, loop.started = step, time.perf_counter() - loop.done.seconds
        trainer = lightning.Trainer(
            accelerator="gpu" if device.startswith("cuda") else "cpu",
            **_devices(device, loop.share),
            max_epochs=settings.epochs - loop.done.epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            accumulate_grad_batches=settings.accumulate,
            plugins=[loop.scaling] if loop.scaling else None,
        )
        trainer.fit(loop, batches)
    loop.done.seconds = time.perf_counter() - loop.started
    loop.run.model.module.eval().requires_grad_(requires_grad=False)


def _devices(device: str, share: Share) -> dict[str, Any]:
    """Return what lightning wants to know of devices: its own processes are not started, since this is one of them."""
    if share.count == 1:
        return {"devices": [torch.device(device).index or 0] if device.startswith("cuda") else 1}
    from pytorch_lightning.strategies import DDPStrategy

    backend = "nccl" if device.startswith("cuda") else "gloo"
    strategy = DDPStrategy(process_group_backend=backend, find_unused_parameters=True)
    return {"devices": share.count, "strategy": strategy}


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

    def __init__(
        self, run: Run, checkpoint: Checkpoint, device: str, after_epoch: AfterEpoch, share: Share = ALL
    ) -> None:
        """Make optimiser and schedule; nothing is done yet. `after_epoch` gives what is measured at its end."""
        super().__init__()
        self.backbone, self.heads = run.model.module, run.heads
        self.run, self.checkpoint, self.done = run, checkpoint, Done()
        self.step: Step = Silent()
        self.after_epoch, self.share = after_epoch, share
        self.started = 0.0
        self.seen: list[Tensor] = []
        self.loader: Loader | None = None
        self.views_seconds = 0.0
        settings = run.training.settings
        _, self.batches = whole_batches(len(run.images), settings.batch_size, share.count)
        self.steps = settings.epochs * math.ceil(self.batches / settings.accumulate)
        self.scaling = scaling(settings.precision, torch.device(device).type)
        self.optimiser = optimiser([self.backbone, self.heads], settings)
        self.schedule = schedule(self.optimiser, self.steps, settings.warmup)

    @property
    def parts(self) -> Parts:
        """What a checkpoint holds."""
        scaler = self.scaling.scaler if self.scaling else None
        return Parts({"backbone": self.backbone, "heads": self.heads}, self.optimiser, self.schedule, scaler)

    def resume(self, done: Done, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        restore(self.parts, state)
        self.done = done

    def on_train_epoch_start(self) -> None:
        """Seed what network and objective themselves draw (dropout, drop-path) by the epoch alone.

        Batch norms of a model that is fine-tuned keep the statistics that it came with: small sets give poor ones, and
        in networks whose norms were folded into their weights those of a batch would undo the network.
        """
        if self.run.spec.start:
            for module in self.backbone.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001 - what torch's own kinds have in common
                    module.eval()
        rank = [self.share.rank] if self.share.rank else []  # each device draws its own
        seed = draw_seed("network", self.run.spec.seed, self.done.epochs, *rank)
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - libraries draw from the global one
        self.seen = []

    def training_step(self, pictures: Pictures, index: int) -> Tensor:  # noqa: ARG002 - lightning's signature
        """Return the loss, or stop with the epoch and step named where it is not finite."""
        started = time.perf_counter()
        batch = self.run.batch(pictures)
        self.views_seconds += time.perf_counter() - started
        loss = total(self.run.objective.loss(batch))
        if not torch.isfinite(loss):
            place = f"{loss.item()} in epoch {self.done.epochs + 1}, step {self.done.steps + 1}"
            raise not_finite(self.run, batch.views, place)
        self.rate = self.optimiser.param_groups[0]["lr"]
        self.seen.append(loss.detach())
        self.step.advance(1, f"epoch {self.done.epochs + 1}  loss {loss.item():.3f}")
        return loss

    def on_train_batch_end(self, _outputs: Any, _batch: Any, index: int) -> None:
        """Let teachers and banks move on after the optimiser's step, where the objective has some."""
        if (index + 1) % self.run.training.settings.accumulate and index + 1 < self.batches:
            return
        self.done.steps += 1
        if after := getattr(self.run.objective, "after_step", None):
            after(self.done.steps, self.steps)

    def on_train_epoch_end(self) -> None:
        """Keep the mean loss of the epoch, and a checkpoint where the last one is long enough ago."""
        require_finite_weights(self.run, f"after epoch {self.done.epochs + 1}")
        self.done.losses.append(self._mean_loss())
        self.done.epochs += 1
        before, self.done.seconds = self.done.seconds, time.perf_counter() - self.started
        self.done.log.append(
            {
                "epoch": self.done.epochs,
                "loss": self.done.losses[-1],
                "learning_rate": self.rate,
                "seconds": round(self.done.seconds, 3),
                "images_a_second": round(len(self.run.images) / (self.done.seconds - before), 1),
                **self._where_the_time_went(),
            }
        )
        if self.share.rank:
            return
        self.done.log[-1] |= self.after_epoch(self.run, self.done.log)
        self.started += time.perf_counter() - self.started - self.done.seconds  # what is measured is no training
        if self.checkpoint.due():
            self.checkpoint.write(self.parts, self.done)

    def _where_the_time_went(self) -> dict[str, float | None]:
        """Return the seconds of this epoch in which images were waited for, and views made; a GPU does not tell."""
        reading, views = self.loader.waited if self.loader else 0.0, self.views_seconds
        if self.loader:
            self.loader.waited = 0.0
        self.views_seconds = 0.0
        on_cpu = self.device.type == "cpu"
        return {"reading_seconds": round(reading, 3), "views_seconds": round(views, 3) if on_cpu else None}

    def _mean_loss(self) -> float:
        """Return the mean loss of the epoch over all devices, which have the first one's buffers from here on."""
        mean = torch.stack(self.seen).double().mean()
        if self.share.count > 1:
            torch.distributed.all_reduce(mean)
            for buffer in self.buffers():
                torch.distributed.broadcast(buffer, 0)
        return mean.item() / self.share.count

    def configure_optimizers(self) -> Any:
        """Return the optimiser with its schedule, stepped at every batch."""
        return [self.optimiser], [{"scheduler": self.schedule, "interval": "step"}]
