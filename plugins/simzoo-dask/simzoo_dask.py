"""simzoo's grids on Dask: the workers of a running scheduler, or a cluster of processes of this machine."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
import uuid
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import Any

import simzoo
from simzoo.errors import UsageError, WorkerError
from simzoo.grid.executors import THREADS
from simzoo.storage import home, make_folder

ANSWERS_IN = 10  # seconds in which a scheduler answers and has a worker
GPU = {"GPU": 1}  # what a worker with a GPU declares, and a job that runs a network asks for


@simzoo.executor(name="dask")
class Dask(Executor):
    """Runs blocks on a Dask cluster: `dask:tcp://HOST:PORT` joins one, `dask` alone starts one on this machine.

    A job whose workers died is told by `WorkerError`, after as many tries as the scheduler allows. Dask cannot stop a
    call, so that a timeout does nothing.
    """

    def __init__(self, *, workers: int = 2, device: str = "cpu", address: str = "") -> None:
        """Join the cluster at an address, whose workers are counted there, or start one of `workers` processes."""
        gpu = device.startswith("cuda")
        self._cluster = None if address else local_cluster(workers, device)
        self._client = _joined(address, gpu=gpu) if address else self._cluster.get_client()
        self.workers = sum(self._client.nthreads().values())
        self._gpus = sum(worker["resources"].get("GPU", 0) for worker in _workers(self._client)) if gpu else 0
        self._waiting: list[tuple[Future[Any], Callable[[], Any], bool]] = []
        self._sent: dict[Future[Any], tuple[Any, bool]] = {}
        self._turn = threading.RLock()
        self._warned = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send the call to a worker, one with a GPU where `args[0].network` says that a network runs.

        As many are sent as can run at once, since Dask holds the death of a worker against all that waits at it.
        """
        if self._client.status != "running":
            raise _gone(f"the connection is {self._client.status}")
        job = args[0] if args else None
        if getattr(job, "timeout", None) is not None and not self._warned:
            self._warned = True
            warnings.warn("Dask cannot stop a call: --timeout does nothing with --executor dask", stacklevel=2)
        on_gpu = bool(self._gpus and getattr(job, "network", True))
        resources = GPU if on_gpu else None
        answer: Future[Any] = Future()
        call = partial(self._client.submit, fn, *args, pure=False, resources=resources, **kwargs)
        with self._turn:
            self._waiting.append((answer, call, on_gpu))
        self._send()
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, after what was submitted or, with `cancel_futures`, at once; end one that was begun."""
        if cancel_futures:
            with self._turn:
                waiting, self._waiting, sent, self._sent = self._waiting, [], self._sent, {}
            self._client.cancel([future for future, _ in sent.values()], force=True)
            for answer in [*sent, *(answer for answer, _, _ in waiting)]:
                answer.cancel()
        elif wait:
            with self._turn:
                answers = [*self._sent, *(answer for answer, _, _ in self._waiting)]
            concurrent.futures.wait(answers)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def _send(self) -> None:
        """Send the calls that a worker is free for."""
        with self._turn:
            for waiting in list(self._waiting):
                answer, call, on_gpu = waiting
                full = on_gpu and sum(gpu for _, gpu in self._sent.values()) >= self._gpus
                if full or len(self._sent) >= self.workers:
                    continue
                self._waiting.remove(waiting)
                if answer.cancelled():
                    continue
                try:
                    sent = call()
                except Exception as error:  # noqa: BLE001 - the cluster went away, or the call cannot be sent
                    answer.set_exception(_told(error))
                    continue
                self._sent[answer] = sent, on_gpu
                sent.add_done_callback(partial(self._hand_on, answer))

    def _hand_on(self, answer: Future[Any], done: Any) -> None:
        """Let an answer have what came of a call; nobody waits for one that was called off."""
        try:
            result, error = done.result(), None
        except (Exception, asyncio.CancelledError) as raised:  # noqa: BLE001 - whatever the call raised
            result, error = None, _told(raised)
        with self._turn:
            self._sent.pop(answer, None)
        self._send()
        if not answer.set_running_or_notify_cancel():
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)


def local_cluster(workers: int, device: str) -> Any:
    """Start a cluster on this machine: processes of one thread, each with its share of the cores.

    One worker for each GPU declares it, and sees no other; with `cuda:K` the first declares that one.
    """
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    threads = str(max(1, (os.cpu_count() or 1) // workers))
    gpus, one = _gpus(device), ":" in device
    common: dict[str, Any] = {"host": "127.0.0.1", "dashboard": False}
    specs = {}
    for number in range(workers):
        options: dict[str, Any] = {**common, "nthreads": 1, "memory_limit": 0, "silence_logs": "WARN"}
        if number < gpus:
            seen = {} if one else {"CUDA_VISIBLE_DEVICES": _visible(number)}
            options |= {"resources": GPU, "env": seen}
        specs[number] = {"cls": Nanny, "options": options}
    scheduler = {"cls": Scheduler, "options": {**common, "port": 0, "dashboard_address": ":0"}}
    # what libraries read when they load must be there before a process begins
    with dask.config.set({f"distributed.nanny.pre-spawn-environ.{name}": threads for name in THREADS}):
        return SpecCluster(workers=specs, scheduler=scheduler, silence_logs="WARN")


def sees(path: str) -> bool:
    """Whether a file is there; asked of the workers."""
    return Path(path).exists()


def _joined(address: str, *, gpu: bool) -> Any:
    """Return a client of the scheduler at an address, whose workers can do what they will be asked."""
    from distributed import Client
    from distributed.comm import resolve_address

    try:
        resolve_address(
            address
        )  # a Client that cannot read its address leaves a thread behind, and whoever collects it waits
        client = Client(address, timeout=ANSWERS_IN)
    except (OSError, ValueError, TypeError, ImportError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address!r}",
            expected="the address of a running one, such as tcp://HOST:8786",
            got=f"{type(error).__name__}: {error}",
            next_step="dask scheduler starts one and prints its address; --executor dask needs none",
        ) from error
    try:
        _require_workers(client, address, gpu=gpu)
        _require_store(client, address)
    except BaseException:
        client.close()
        raise
    return client


def _require_workers(client: Any, address: str, *, gpu: bool) -> None:
    try:
        client.wait_for_workers(1, timeout=ANSWERS_IN)
    except TimeoutError as error:
        raise UsageError(
            f"the Dask scheduler at {address} has no workers",
            expected="one or more",
            got=f"none in {ANSWERS_IN} seconds",
            next_step=f"dask worker {address} --nworkers N --nthreads 1, on each machine that shall work",
        ) from error
    workers = _workers(client)
    if gpu and not any(worker["resources"].get("GPU") for worker in workers):
        raise UsageError(
            f"no worker of {address} has a GPU",
            expected="workers that declare one, for --device cuda",
            got=f"{len(workers)} that do not",
            next_step=f"CUDA_VISIBLE_DEVICES=0 dask worker {address} --nthreads 1 --resources GPU=1, one for each GPU",
        )


def _workers(client: Any) -> list[dict[str, Any]]:
    """Return what the scheduler knows of each worker."""
    return list(client.scheduler_info(n_workers=-1)["workers"].values())


def _require_store(client: Any, address: str) -> None:
    """Refuse workers that have no simzoo, or another store than this process."""
    mark = make_folder(home()) / f".seen-by-workers-{uuid.uuid4().hex}"
    mark.touch()
    try:
        seen = client.run(sees, str(mark))
    except Exception as error:
        raise UsageError(
            f"the workers of {address} cannot run simzoo",
            expected="simzoo and simzoo-dask of the same versions on every machine",
            got=f"{type(error).__name__}: {error}",
            next_step="pip install simzoo simzoo-dask where the workers run, and start them again",
        ) from error
    finally:
        mark.unlink(missing_ok=True)
    if blind := sorted(worker for worker, found in seen.items() if not found):
        raise UsageError(
            f"workers of {address} do not see the store",
            expected=f"{home()} to be one folder, shared by this machine and all workers",
            got=f"another or none at {', '.join(blind[:3])}{' ...' if len(blind) > 3 else ''}",
            next_step="set SIMZOO_HOME here to a folder that all machines share under one path",
        )


def _gpus(device: str) -> int:
    """How many workers of this machine have a GPU to give."""
    if not device.startswith("cuda"):
        return 0
    import torch

    return 1 if ":" in device else torch.cuda.device_count()


def _visible(number: int) -> str:
    """Return the name of a GPU among those that this process may see."""
    names = os.environ.get("CUDA_VISIBLE_DEVICES")
    return names.split(",")[number].strip() if names else str(number)


def _told(error: BaseException) -> BaseException:
    """Return an error of Dask's as one of simzoo's; one that a call raised is the call's."""
    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    if isinstance(error, KilledWorker):
        _, last, allowed = error.args
        return WorkerError(
            "the processes that did this died",
            expected="an answer",
            got=f"{allowed + 1} died at it, the last at {last.address}",
            next_step="check the memory (fewer workers, smaller --n); a measure that does this by itself is broken",
        )
    if isinstance(error, CommClosedError | asyncio.CancelledError | concurrent.futures.CancelledError):
        return _gone(f"{type(error).__name__}: {error}")
    return error


def _gone(got: str) -> WorkerError:
    return WorkerError(
        "the Dask cluster is gone",
        expected="a scheduler that runs until the grid is finished",
        got=got,
        next_step="start it again, then run the same command: what is finished is kept",
    )


@simzoo.hookimpl
def simzoo_executors() -> list[Any]:
    """Hand the executor to simzoo."""
    return [Dask]
