"""How far values of float32 features are from those of the same features in float64: `python benchmarks/precision.py`.

For each similarity the largest difference over several pairs, relative to the value in float64 (to 1 where the value is
smaller than 0.01: near 0 a difference of two nearly equal numbers has no digits to compare). Measures of which
neighbours two samples share jump where samples are equally near in single precision; those of their ranks do not, as
they make their products in float64. Prints a table of Markdown, which is in docs/precision.md, and asserts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from simzoo.catalog import catalog

Array = npt.NDArray[np.float32]
N = 500
TARGETS = {"cka": 1e-5, "cka_unbiased": 1e-5}
SMALL = 0.01


def pairs() -> Iterator[tuple[Array, Array]]:
    """Make pairs of all sorts: related or not, rectified, far from the origin, of low rank and of many sizes."""
    for seed in range(4):
        draw = np.random.default_rng(seed)
        common = draw.normal(size=(N, 16))
        x, y = (common @ draw.normal(size=(16, d)) + 2 * draw.normal(size=(N, d)) for d in (96, 64))
        yield from (
            (x.astype(np.float32), y.astype(np.float32)),
            (np.maximum(x, 0).astype(np.float32), np.maximum(y, 0).astype(np.float32)),
            ((x + 100).astype(np.float32), (1e-3 * y).astype(np.float32)),
            (x.astype(np.float32), draw.normal(size=(N, 64)).astype(np.float32)),
            (x.astype(np.float32), (x + 0.01 * draw.normal(size=x.shape)).astype(np.float32)),
        )


def main() -> None:
    """Print one line for each similarity of features."""
    torch.set_num_threads(1)
    made = list(pairs())
    print("| measure | largest relative error of float32 | target | |\n| --- | --- | --- | --- |")
    for name, entry in sorted(catalog().measures.items()):
        sheet = entry.sheet
        if sheet.kind != "similarity" or sheet.of != "features" or not entry.plugin.startswith("simzoo-similarity"):
            continue
        errors = []
        for x, y in made:
            exact = sheet.function(x.astype(np.float64), y.astype(np.float64))
            errors.append(abs(sheet.function(x, y) - exact) / (abs(exact) if abs(exact) > SMALL else 1))
        target = TARGETS.get(name, 1e-4)
        worst = f"{max(errors):.0e}" if max(errors) else "0"
        print(f"| `{name}` | {worst} | {target:.0e} | {'' if max(errors) <= target else 'missed'} |", flush=True)


if __name__ == "__main__":
    main()
