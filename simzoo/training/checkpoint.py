"""Checkpoints at the ends of epochs: everything a training needs to go on and end with the same bits."""

from __future__ import annotations

import io
import math
import os
import random
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simzoo.errors import DamagedFileError, UsageError, damaged
from simzoo.storage import read_sealed, set_aside, weights_shelf, write_sealed

INTERVAL = 20.0  # seconds of training between checkpoints: an epoch may be shorter than writing one takes
VARIABLE = "SIMZOO_CHECKPOINT_SECONDS"


@dataclass
class Parts:
    """The parts of a training that change as it goes on."""

    modules: dict[str, nn.Module]
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    scaler: torch.amp.GradScaler | None = None


@dataclass
class Done:
    """How far a training has come: whole epochs, their losses, the steps and seconds they took, the log."""

    epochs: int = 0
    steps: int = 0
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    log: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Checkpoint:
    """The checkpoint of one training, beside the place where its weights will lie."""

    key: str
    name: str
    written: float = field(default_factory=time.perf_counter)

    @property
    def path(self) -> Path:
        """Where it lies."""
        return weights_shelf().folder / f"{self.key}.ckpt"

    def due(self) -> bool:
        """Whether the last one is long enough ago."""
        return time.perf_counter() - self.written >= interval()

    def write(self, parts: Parts, done: Done) -> None:
        """Write all of it, whole or not at all; the one before it goes."""
        state = {
            "modules": {name: _state(module) for name, module in parts.modules.items()},
            "optimiser": parts.optimiser.state_dict(),
            "schedule": parts.schedule.state_dict(),
            "random": random_states(),
        }
        if parts.scaler:
            state["scaler"] = parts.scaler.state_dict()
        content = io.BytesIO()
        torch.save(state, content)
        facts = {"name": self.name, **vars(done)}
        write_sealed(self.path, facts, content.getbuffer())
        self.written = time.perf_counter()

    def read(self) -> tuple[Done, dict[str, Any]] | None:
        """Return how far the training had come, and its state; a damaged file is reported, set aside, and is none."""
        if not self.path.exists():
            return None
        try:
            facts, content = read_sealed(self.path)
            known = {word: facts[word] for word in ("epochs", "steps", "losses", "seconds")}
            done = Done(**known, log=facts.get("log", []))  # simzoo 0.1 kept none at first
            return done, torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except DamagedFileError as error:
            self.refuse(error)
        except Exception as error:  # noqa: BLE001 - its checksum holds, so another simzoo or torch wrote it
            self.refuse(damaged(f"{self.path.name} cannot be read", f"{type(error).__name__}: {error}"))
        return None

    def refuse(self, error: DamagedFileError) -> None:
        """Report the file and set it aside."""
        set_aside(self.path)
        warnings.warn(f"{error.what} ({error.got}): set aside as *.damaged, the training starts again", stacklevel=3)

    def remove(self) -> None:
        """Remove the file, since the weights are on the shelf."""
        with suppress(OSError):  # a file that stays is no harm: `simzoo cache prune --unfinished` takes it
            self.path.unlink()


def restore(parts: Parts, state: dict[str, Any]) -> None:
    """Put the state of a checkpoint into the parts of a training, or raise `DamagedFileError` where it does not fit."""
    try:
        for name, module in parts.modules.items():
            _load(module, state["modules"][name])
        parts.optimiser.load_state_dict(state["optimiser"])
        parts.schedule.load_state_dict(state["schedule"])
        if parts.scaler:
            parts.scaler.load_state_dict(state["scaler"])
        set_random_states(state["random"])
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise damaged("the checkpoint does not fit the training", str(error).splitlines()[0]) from error


def interval() -> float:
    """Return the least seconds between checkpoints."""
    given = os.environ.get(VARIABLE)
    try:
        seconds = float(given) if given else INTERVAL
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        raise UsageError(
            f"{VARIABLE} is no time",
            expected="seconds, 0 or more",
            got=repr(given),
            next_step=f"export {VARIABLE}={INTERVAL:g}",
        )
    return seconds


def random_states() -> dict[str, Any]:
    """Return the states of all global generators, as what `weights_only` reads: tensors and plain values."""
    _, words, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - libraries draw from the global one
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "python": random.getstate(),
        "numpy": [torch.from_numpy(np.asarray(words, np.int64)), *rest],
    }


def set_random_states(states: dict[str, Any]) -> None:
    """Set all global generators."""
    torch.set_rng_state(states["torch"])
    if torch.cuda.is_available() and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    random.setstate(states["python"])
    words, *rest = states["numpy"]
    np.random.set_state(("MT19937", words.numpy().astype(np.uint32), *rest))  # noqa: NPY002 - the same


@contextmanager
def own_randomness() -> Iterator[None]:
    """Give the global generators back as they were."""
    before = random_states()
    try:
        yield
    finally:
        set_random_states(before)


def _state(module: nn.Module) -> dict[str, Any]:
    """Return the state dict and, apart, every buffer: lightly's memory banks are buffers that no state dict holds."""
    return {"state": module.state_dict(), "buffers": dict(module.named_buffers())}


def _load(module: nn.Module, saved: dict[str, Any]) -> None:
    module.load_state_dict(saved["state"], strict=True)
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    for name, buffer in saved["buffers"].items():
        owner, _, own = name.rpartition(".")
        found: Tensor | None = module.get_submodule(owner)._buffers[own]  # noqa: SLF001 - one that is None has no name elsewhere
        if found is not None and found.shape == buffer.shape:
            found.copy_(buffer)
        else:  # a bank takes its shape at its first batch
            setattr(module.get_submodule(owner), own, buffer.to(device))
