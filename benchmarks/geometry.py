"""Speed and memory of neighbours and of what stands on them, beside their floors: `python benchmarks/geometry.py`.

CPU seconds, summed over threads, of one thread; the floor is the time of the matrix products alone (a symmetric one
counted once) at the rate of a large product timed in the same process. What else the machine does is in the numbers:
the load is printed, and the best of several runs is taken. The last line is measured in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from simzoo.measures.derived.neighbours import nearest
from simzoo.measures.derived.nnk import nnk
from simzoo.measures.geometry.dimension import twonn

RUNS = 3
K = 50


def seconds(work: Callable[[], Any], runs: int = RUNS) -> float:
    """Return the CPU seconds of the best of several runs."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def rate() -> float:
    """Return the multiply-adds a second of a large single-precision product."""
    a = torch.randn(4096, 2048)
    b = torch.randn(2048, 2048)
    return 4096 * 2048**2 / seconds(lambda: a @ b)


def features(n: int, d: int) -> torch.Tensor:
    """Return features as of a layer: rectified, of a rank far below their width, with some noise."""
    draw = torch.Generator().manual_seed(0)
    low = torch.randn(n, 16, generator=draw) @ torch.randn(16, d, generator=draw)
    return (low + 0.5 * torch.randn(n, d, generator=draw)).relu()


def peak() -> float:
    """Return the peak memory of this process so far, in GiB (of Linux: `ru_maxrss` counts the parent's too)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 2**20


def large(n: int = 50_000, d: int = 512) -> None:
    """Find the neighbours of many points and print the time and the peak memory of the process."""
    torch.set_num_threads(1)
    x = torch.randn(n, d)
    before, spent = peak(), seconds(lambda: nearest(x, k=K), 1)
    print(
        f"kNN n = {n}, d = {d}, k = {K}: {spent:.0f} CPU s, peak {peak():.2f} GiB ({before:.2f} before), target 4 GiB"
    )


def main() -> None:
    """Print one line for each case of the targets."""
    torch.set_num_threads(1)
    flops = rate()
    print(f"load {os.getloadavg()[0]:.1f}; {2 * flops / 1e9:.0f} GFLOP/s in single precision, one thread")
    for d, target in ((512, 0.35), (2048, 0.6)):
        x, n = features(10_000, d), 10_000
        near, all_in = seconds(lambda x=x: nearest(x, k=K)), seconds(lambda x=x: nnk(x, k=K))
        floor = (n * n * d / 2 + n * K * K * d) / flops
        graph = nnk(x, k=K)
        print(
            f"NNK n = {n}, d = {d}, k = {K}: {all_in / n * 1e3:.3f} CPU ms a point (target {target}), of it kNN "
            f"{near / n * 1e3:.3f}; {all_in / floor:.1f}x floor; {float(graph.chosen.sum(1).double().mean()):.1f} "
            f"neighbours, KKT residual {float(graph.residuals.max()):.0e}"
        )
    for name, work, n, d, target in (
        ("kNN k = 10", lambda x: nearest(x, k=10), 5000, 512, 3),
        ("TwoNN", twonn, 5000, 128, 5),
    ):
        x = torch.randn(n, d)
        spent = seconds(lambda x=x, work=work: work(x))
        floors = spent / (n * n * d / 2 / flops)
        print(f"{name} n = {n}, d = {d}: {spent:.3f} CPU s, {floors:.1f}x floor (target {target})")
    child = multiprocessing.get_context("spawn").Process(target=large)
    child.start()
    child.join()


if __name__ == "__main__":
    main()
