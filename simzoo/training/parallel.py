"""One training on several devices: a process each, gradients averaged over them (DDP, through pytorch-lightning).

Each device sees its share of every batch, so that the images of a step are those of one device. What a loss or a norm
takes from a batch it takes from the share; buffers (running statistics, banks, centres) are the first device's.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from simzoo.errors import SimzooError, TrainingError
from simzoo.names import Spec
from simzoo.progress import Progress, Silent, Step
from simzoo.training.data import Share

POLL = 0.5  # seconds between looks at processes that say nothing


def require_devices(spec: Spec, device: str) -> None:
    """Refuse what cannot be shared out, before any process is started."""
    settings = spec.training.settings if spec.training else None
    if settings is None or settings.devices == 1:
        return
    if settings.batch_size % settings.devices or settings.batch_size < 2 * settings.devices:
        raise TrainingError(
            f"a batch of {spec.name} cannot be shared out",
            expected=f"batch_size a multiple of {settings.devices}, with 2 images or more for each device",
            got=f"batch_size {settings.batch_size}",
            next_step="name another number of devices, or change batch_size in the recipe",
        )
    if device.startswith("cuda") and torch.cuda.device_count() < settings.devices:
        raise TrainingError(
            f"there are too few GPUs to train {spec.name}",
            expected=f"{settings.devices} GPUs",
            got=str(torch.cuda.device_count()),
            next_step="name fewer with --devices, or train on processors: --device cpu",
        )


@dataclass(frozen=True)
class Telling(Silent):
    """Progress that is told to the process that started this one."""

    messages: Any

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Hand on a step."""
        self.messages.put((amount, note))


def on_devices(work: Callable[[Share, Progress], None], count: int, step: Step) -> None:
    """Run `work`, which must pickle, in a process for each device, until all are done or one has failed."""
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    port = _free_port()
    started = [context.Process(target=_run, args=(work, Share(rank, count), port, messages)) for rank in range(count)]
    for process in started:
        process.start()
    try:
        while any(process.is_alive() for process in started) or not messages.empty():
            try:
                told = messages.get(timeout=POLL)
            except queue.Empty:
                told = None
            if isinstance(told, SimzooError):
                raise told
            if told:
                step.advance(*told)
            if died := [process.exitcode for process in started if process.exitcode]:
                raise TrainingError(
                    "a process of the training ended",
                    expected=f"{count} processes that live until the end",
                    got=f"exit status {died[0]}",
                    next_step="run the command again: it goes on from the last checkpoint; its own text is above",
                )
    finally:
        for process in started:
            process.kill()  # lightning answers a milder signal by waiting for the others
            process.join()


def _run(work: Callable[[Share, Progress], None], share: Share, port: int, messages: Any) -> None:
    """Do the work of one device."""
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(share.count),
        "RANK": str(share.rank),
        "LOCAL_RANK": str(share.rank),
        "NODE_RANK": "0",
    }
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    torch.set_num_threads(max(1, torch.get_num_threads() // share.count))
    try:
        work(share, Telling(messages) if share.rank == 0 else Silent())
    except SimzooError as error:
        messages.put(error)
        messages.close()
        messages.join_thread()


def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone: nobody holds the lock of the training any more."""
    while os.getppid() == parent:
        time.sleep(POLL)
    os._exit(1)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
