"""What a grid costs beside its measures. Prints seconds and ratios beside the targets, and asserts nothing.

python benchmarks/grid.py [bookkeeping|plan|extract|processes] ...    (all four by default; on a quiet machine)
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, before torch is loaded

import numpy as np
import torch

from simzoo.catalog import Catalog
from simzoo.facts import similarity
from simzoo.grid.drive import finish
from simzoo.grid.executors import Processes
from simzoo.grid.expand import studies
from simzoo.grid.facts import table_of
from simzoo.grid.plan import plan
from simzoo.grid.run import Run
from simzoo.grid.words import words
from simzoo.grid.work import Job, work
from simzoo.hookspecs import hookimpl
from simzoo.images.batches import batches
from simzoo.images.find import open_data
from simzoo.images.sampling import sample
from simzoo.models.load import load
from simzoo.names import resolve
from simzoo.plugins import load_plugins
from simzoo.report.writer import write_report
from simzoo.representations.extraction import BATCH_SIZE, extract
from simzoo.storage import home

PAIRS = 15  # runs of the bare loop and of an extraction in turn: the machine's own speed moves by a fifth
SMALL = {"resamples": 0, "permutations": 0}


@similarity(
    name="free",
    version=1,
    range=(0, 1),
    identical=None,
    larger="more alike",
    symmetric=True,
    invariant_to=set(),
    reference="ours",
    grid=lambda xs, ys: np.zeros((len(xs), len(xs if ys is None else ys))),
)
def free(x: Any, y: Any) -> float:  # noqa: ARG001 - it costs nothing
    """Cost nothing."""
    return 0.0


class Plugin:
    """Brings the measure that costs nothing."""

    @hookimpl
    def simzoo_measures(self) -> list[Any]:
        """Return it."""
        return [free]


def bookkeeping() -> None:
    """Time everything but the measure: at 99,000 rows as they are made, and again when they are there."""
    for models in (31, 44):  # about 50,000 and 100,000 rows of 100 each block
        with store() as folder:
            names = features(folder, models, taps=10)
            asked = {"models": names, "data": names[:1], "taps": "layer*", "measures": ("free",), **SMALL}
            rows, parts = whole_run(asked)
            told(f"{rows:,} rows, made", sum(parts.values()) / rows * 1e3, "ms a row, target 0.2", parts)
            _, parts = whole_run(asked)
            told(f"{rows:,} rows, there already", sum(parts.values()), "s to the table, target 10 (50,000 rows)", parts)
            if models == 31:
                report(asked, folder)


def report(asked: dict[str, Any], folder: Path) -> None:
    """Time the page of a finished grid."""
    run = prepared(asked)
    table, started = table_of(run), time.perf_counter()
    write_report(table, folder / "out", run.shelves.report_sections)
    told(f"{len(table.rows):,} rows", time.perf_counter() - started, "s for their report")


def plans() -> None:
    """Time the plan of 20,000 blocks."""
    with store() as folder:
        names = features(folder, 199, taps=2)
        started = time.perf_counter()
        run = prepared({"models": names, "data": names[:1], "taps": "layer*", "measures": ("free",), **SMALL})
        told(f"plan of {len(run.graph):,} blocks", time.perf_counter() - started, "s, target 10")


def extraction() -> None:
    """Time `extract` against a loop over the same batches, ready as tensors, that only calls the network."""
    digits = open_data("digits", "train", Catalog(load_plugins()))
    chosen = sample(digits, 1_000)
    for name in ("resnet50-init", "resnet18-init", "vit-init"):
        model = load(resolve(name)[0])
        images = Decoded(digits, chosen, int(model.feed.size / model.feed.crop + 1e-6))
        ready = [batch.pixels for batch in batches(images, chosen, model.feed, BATCH_SIZE)]
        with store():
            pairs = [(bare(model.module, ready), extracted(model, images, chosen, str(i))) for i in range(PAIRS)]
        low, middle, high = np.quantile([loop / ours for loop, ours in pairs], [0.25, 0.5, 0.75])
        aim = "target 0.9" if name.startswith("resnet50") else "no target of its own"
        told(f"{name} at {model.feed.size} px", middle, f"of the bare loop's speed ({low:.2f} to {high:.2f}), {aim}")


class Decoded:
    """An image set whose images lie in memory at the size to which the model would have them resized."""

    def __init__(self, images: Any, indices: Sequence[int], side: int) -> None:
        """Decode and resize the images named."""
        self._images = images
        self._ready = {i: images.image(i).resize((side, side)) for i in indices}

    def image(self, i: int) -> Any:
        """Return an image."""
        return self._ready[i]

    def __getattr__(self, name: str) -> Any:
        """Return what else the set knows."""
        return getattr(self._images, name)


def processes() -> None:
    """Time two processes against one, of one thread each, on blocks whose time is not in matrix products.

    What a process takes to start (the libraries load) is left out: it is the same for a grid of hours.
    """
    taken = {}
    for workers in (1, 2):
        with store() as folder, one_thread(), Processes(workers=workers) as pool:
            names = features(folder, 8, taps=3, n=600, width=400)
            asked = {"models": names, "data": names[:1], "taps": "layer*", "measures": ("permutation_procrustes",)}
            run = prepared({**asked, **SMALL})
            run.executor = pool
            wait([pool.submit(work, Job((), "cpu", str(home()))) for _ in range(2 * workers)])
            started = time.perf_counter()
            blocks = len(finish(run))
            taken[workers] = time.perf_counter() - started
    parts = {f"{workers} workers": seconds for workers, seconds in taken.items()}
    told(
        f"two processes, {blocks} blocks of permutation_procrustes",
        taken[1] / taken[2],
        "times as fast, target 1.6",
        parts,
    )


def whole_run(asked: dict[str, Any]) -> tuple[int, dict[str, float]]:
    """Plan, run and read a grid; return how many rows there are, and the seconds of each part."""
    times = [time.perf_counter()]
    run = prepared(asked)
    times.append(time.perf_counter())
    finish(run)
    times.append(time.perf_counter())
    table = table_of(run)
    times.append(time.perf_counter())
    return len(table.rows), dict(zip(("plan", "run", "table"), np.diff(times).tolist(), strict=True))


def prepared(asked: dict[str, Any]) -> Run:
    """Return the run of a grid, planned."""
    shelves = Catalog(load_plugins(extra=[("benchmark", Plugin())]))
    found, shelves = studies(words(None, asked, shelves), shelves)
    return Run(found, plan(found, shelves, isolate=True), shelves, isolate=True)


def bare(network: torch.nn.Module, ready: Sequence[torch.Tensor]) -> float:
    """Return the seconds of a loop that does nothing but the forward pass."""
    started = time.perf_counter()
    with torch.inference_mode():
        for pixels in ready:
            network(pixels)
    return time.perf_counter() - started


def extracted(model: Any, images: Any, chosen: Sequence[int], key: str) -> float:
    """Return the seconds of an extraction of the residual taps into the store."""
    started = time.perf_counter()
    extract(model, images, chosen, "residual", key=key)
    return time.perf_counter() - started


def features(folder: Path, models: int, taps: int, n: int = 20, width: int = 6) -> tuple[str, ...]:
    """Write files of features, and return their names as models."""
    draw = np.random.default_rng(0)
    names = []
    for number in range(models):
        layers = {f"layer{i}": draw.normal(size=(n, width)).astype(np.float32) for i in range(taps)}
        path = folder / f"m{number}.npz"
        np.savez(path, ids=[f"i{i}" for i in range(n)], labels=np.arange(n) % 4, **layers)
        names.append(f"features:{path}")
    return tuple(names)


@contextmanager
def store() -> Iterator[Path]:
    """Use an empty store for a while, in a folder that is yielded."""
    before = os.environ.get("SIMZOO_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIMZOO_HOME"] = str(Path(folder) / "home")
        try:
            yield Path(folder)
        finally:
            del os.environ["SIMZOO_HOME"]
            if before is not None:
                os.environ["SIMZOO_HOME"] = before


@contextmanager
def one_thread() -> Iterator[None]:
    """Let each worker use one thread, as if the machine had as many cores as workers."""
    count, os.cpu_count = os.cpu_count, lambda: 1
    try:
        yield
    finally:
        os.cpu_count = count


def told(what: str, value: float, unit: str, parts: dict[str, float] | None = None) -> None:
    """Print one line, with the load of the machine."""
    shown = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in (parts or {}).items())
    print(f"{what}: {value:.3f} {unit}{f' ({shown})' if shown else ''}; load {os.getloadavg()[0]:.1f}", flush=True)


BENCHMARKS = {"bookkeeping": bookkeeping, "plan": plans, "extract": extraction, "processes": processes}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[wanted]()
