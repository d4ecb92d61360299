"""How long LogME takes beside the decomposition it rests on: `python benchmarks/transfer.py [N D CLASSES]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from simzoo.measures.derived.basis import principal_basis
from simzoo.measures.transferability.evidence import logme


def seconds(run: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    """Print the time of the decomposition, of LogME whole, and their ratio."""
    n, d, classes = (int(word) for word in sys.argv[1:] or (10_000, 2048, 100))
    draw = np.random.default_rng(0)
    labels = np.arange(n) % classes
    x = draw.normal(size=(classes, d))[labels] + draw.normal(size=(n, d))
    alone = seconds(lambda: principal_basis(torch.from_numpy(x), centred=False))
    whole = seconds(lambda: logme(x, labels))
    print(f"n = {n}, d = {d}, {classes} classes, {torch.get_num_threads()} threads, float64")
    print(f"decomposition {alone:.2f} s, logme {whole:.2f} s, {whole / alone:.2f} times")


if __name__ == "__main__":
    main()
