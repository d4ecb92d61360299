"""Speed of similarities beside their floors, with peers where they are installed.

python benchmarks/similarity.py [i|ii|memory|stream|iii|iv|v|vi|vii] ...    (all by default; `memory` takes minutes)

"x floor" is CPU seconds, summed over threads, over the time of the matrix products that cannot be avoided (a symmetric
one counted once), at the rate of a large product timed right before and after, in the same process; the median of
several runs. What else the machine does is in the numbers, and the load is printed. Asserts nothing. Peers:
`pip install -e '.[bench]'`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, before torch is loaded

import numpy as np
import torch
from scipy.linalg import orthogonal_procrustes

from simzoo.catalog import catalog
from simzoo.measures.evaluate import matrix_of
from simzoo.measures.geometry.dimension import twonn
from simzoo.measures.similarity.cka import linear_cka, unbiased_cka
from simzoo.measures.similarity.neighbours import mutual_knn
from simzoo.measures.similarity.procrustes import procrustes
from simzoo.measures.similarity.rsa import rsa
from simzoo.measures.uncertainty import uncertainty

RUNS = 5
STREAMED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("cka", {}),
    ("cka", {"minibatch": 500}),
    ("cka_unbiased", {}),
    ("procrustes", {}),
    ("cca", {}),
    ("linear_regression", {}),
    ("gulp", {}),
)
SIDE = 2048  # of the product that tells the rate
LEFT, RIGHT = torch.randn(2, SIDE, SIDE)


def single() -> None:
    """Case i: one linear CKA."""
    x, y = features(5_000, 2_048), features(5_000, 2_048, seed=1)
    flops = 5_000 * 2_048**2 * 4.0
    exact = linear_cka(x.double(), y.double())
    value = linear_cka(x, y)
    told("i. cka, n = 5,000, d = 2,048", lambda: linear_cka(x, y), flops, "1.6")
    print(f"   relative error {abs(value / exact - 1):.0e}, target 1e-6")
    with peer("ckatorch"):
        from ckatorch import cka_base

        told("   ckatorch", lambda: cka_base(x, y), flops, runs=1)
        print(f"   relative error {abs(float(cka_base(x, y)) / exact - 1):.0e}")


def grid() -> None:
    """Case ii: a grid of layers."""
    xs, ys = ([features(2_000, 1_024, seed=seed + i) for i in range(16)] for seed in (0, 16))
    flops = 32 * 2_000**2 * 1_024.0
    for measure in (linear_cka, unbiased_cka):
        told(
            f"ii. {measure.sheet.name}, 16 x 16 layers, n = 2,000, d = 1,024",
            lambda measure=measure: matrix_of(measure.sheet, xs, ys),
            flops,
            "1.8",
        )
    with peer("cka"):
        from cka import cka_from_features

        told("   pytorch-cka, unbiased", lambda: cka_from_features(xs, ys), flops, runs=1)
    with peer("ckatorch"):
        from ckatorch import cka_base

        told("   ckatorch, one pair times 256", lambda: cka_base(xs[0], ys[0]), flops / 256, runs=1)


def memory() -> None:
    """Case ii': more layers than memory holds Gram matrices of."""
    apart(many_layers)


def stream() -> None:
    """Compare 50,000 samples, of which an (n, n) matrix would take 10 GB."""
    for name, options in STREAMED:
        apart(many_samples, name, options)


def apart(work: Callable[..., None], *arguments: Any) -> None:
    """Work in a process of its own, whose peak of memory is that of the work."""
    child = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    child.start()
    child.join()
    if child.exitcode:
        print(f"{work.__name__} ended with {child.exitcode}")


def many_layers(layers: int = 33, n: int = 10_000, d: int = 2_048) -> None:
    """Compare all layers of two models, and print what memory it took over that of the features."""
    torch.set_num_threads(1)
    xs, ys = ([features(n, d, seed=seed + i) for i in range(layers)] for seed in (0, layers))
    before = forget_peak()
    flops = 2.0 * layers * n**2 * d + 2.0 * layers**2 * n**2
    told(
        f"ii'. cka, {layers} x {layers} layers, n = {n:,}, d = {d:,}",
        lambda: matrix_of(linear_cka.sheet, xs, ys),
        flops,
        "2",
        runs=1,
    )
    print(f"   {memory_now('VmHWM') - before:.2f} GiB over the features ({before:.2f}), target 4")


def many_samples(name: str, options: dict[str, Any], n: int = 50_000, d: int = 1_024) -> None:
    """Compare many samples, and print what time and memory it took, that over the features'."""
    torch.set_num_threads(1)
    x, y = features(n, d), features(n, d, seed=1)
    sheet, before = catalog().measures[name].sheet, forget_peak()
    spent = seconds(lambda: sheet.function(x, y, **options))
    with_options = "".join(f" {option}={value}" for option, value in options.items())
    over = f"{memory_now('VmHWM') - before:.2f} GiB over the features ({before:.2f}), target 4"
    print(
        f"{name}{with_options}, n = {n:,}, d = {d:,}: {spent:.1f} CPU s, {over}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def shapes() -> None:
    """Case iii: orthogonal Procrustes; the floor is the singular values of one product, in float64."""
    x, y = features(5_000, 512), features(5_000, 512, seed=1)
    product = x.double().T @ y.double()

    def floor() -> torch.Tensor:
        return torch.linalg.svdvals(product)

    told("iii. procrustes, n = 5,000, d = 512", lambda: procrustes(x, y), floor, "3")
    told("   scipy", lambda: orthogonal_procrustes(x.numpy(), y.numpy()), floor, runs=3)


def neighbours() -> None:
    """Case iv: mutual nearest neighbours."""
    x, y = features(5_000, 512), features(5_000, 512, seed=1)
    told("iv. mutual_knn, k = 10, n = 5,000, d = 512", lambda: mutual_knn(x, y), 2 * 5_000**2 * 512.0, "3")


def dimension() -> None:
    """Case v: intrinsic dimension by two neighbours."""
    x = features(5_000, 128)
    flops = 5_000**2 * 128.0
    told("v. twonn, n = 5,000, d = 128", lambda: twonn(x), flops, "5", runs=11)
    with peer("skdim"):
        import skdim

        told("   scikit-dimension", lambda: skdim.id.TwoNN().fit(x.numpy()), flops, runs=3)


def ranks() -> None:
    """Case vi: RSA by ranks."""
    x, y = features(2_000, 512), features(2_000, 512, seed=1)
    flops = 2 * 2_000**2 * 512.0
    told("vi. rsa, Spearman, n = 2,000, d = 512", lambda: rsa(x, y), flops, "12")
    with peer("rsatoolbox"):
        import rsatoolbox

        def theirs() -> Any:
            sides = [rsatoolbox.data.Dataset(side.numpy()) for side in (x, y)]
            rdms = [rsatoolbox.rdm.calc_rdm(side, method="correlation") for side in sides]
            return rsatoolbox.rdm.compare(*rdms, method="spearman")

        told("   rsatoolbox", theirs, flops, runs=1)


def null() -> None:
    """Case vii: a null of permutations."""
    x, y = features(1_000, 512), features(1_000, 512, seed=1)
    flops = 102 * 2 * 1_000 * 512.0**2
    draws = {"resamples": 0, "permutations": 100, "seed": 0}
    told(
        "vii. 100 permutations of cka, n = 1,000, d = 512",
        lambda: uncertainty(linear_cka.sheet, [x], [y], **draws),
        flops,
        "2",
    )
    with peer("calibrated_similarity"):
        from calibrated_similarity import calibrate

        def cka(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            a, b = a - a.mean(0), b - b.mean(0)
            return (a.T @ b).norm() ** 2 / ((a.T @ a).norm() * (b.T @ b).norm())

        told("   calibrated-similarity", lambda: calibrate(x, y, cka, K=100), flops, runs=3)


def features(n: int, d: int, seed: int = 0) -> torch.Tensor:
    """Return features as of a layer: rectified, with a part of low rank that does not depend on the seed."""
    draw, common = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(n + d)
    low = torch.randn(n, 16, generator=common) @ torch.randn(16, d, generator=draw)
    return (low + 4 * torch.randn(n, d, generator=draw)).relu()


def told(
    what: str, work: Callable[[], Any], floor: float | Callable[[], Any], target: str = "", runs: int = RUNS
) -> None:
    """Print how many times its floor (of so many operations, or a call) a call takes."""
    ratios = sorted(times_floor(work, floor) for _ in range(runs))
    wanted = f" (target {target})" if target else ""
    print(
        f"{what}: {median(ratios):.2f}x floor{wanted}, best {ratios[0]:.2f}; load {os.getloadavg()[0]:.1f}", flush=True
    )


def times_floor(work: Callable[[], Any], floor: float | Callable[[], Any]) -> float:
    """Return the CPU seconds of a call over those of its floor, which is timed before and after it."""
    measured = floor if callable(floor) else lambda: LEFT @ RIGHT
    before = seconds(measured)
    spent = seconds(work)
    one = (before + seconds(measured)) / 2
    return spent / (one if callable(floor) else floor / (2 * SIDE**3) * one)


def seconds(work: Callable[[], Any]) -> float:
    """Return the CPU seconds of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def memory_now(which: str = "VmRSS") -> float:
    """Return the memory of this process, in GiB; with "VmHWM" its peak since it was last forgotten (Linux only)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{which}:")[1].split()[0]) / 2**20


def forget_peak() -> float:
    """Let the peak begin again, and return the memory of this process."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory_now()


@contextmanager
def peer(module: str) -> Iterator[None]:
    """Go on where a peer is not installed or does not run, and say so."""
    try:
        yield
    except ModuleNotFoundError as error:
        print(f"   {module}: {error.name} is not installed")
    except Exception as error:  # noqa: BLE001 - a peer's trouble is not ours
        print(f"   {module} does not run: {type(error).__name__}: {error}")


CASES = {
    "i": single,
    "ii": grid,
    "memory": memory,
    "stream": stream,
    "iii": shapes,
    "iv": neighbours,
    "v": dimension,
    "vi": ranks,
    "vii": null,
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    np.seterr(all="ignore")
    for wanted in sys.argv[1:] or CASES:
        CASES[wanted]()
