"""What each objective is worth on digits, and how fast the loop is.

python benchmarks/objectives.py [--objectives byol,mae] [--seeds 0-2] [--epochs N] [--train-images N] [--trained]
    [--out PAGE]
python benchmarks/objectives.py speed

The table: ResNet18 (recipe `quick`), or ViT-tiny (recipe `quick-vit`) for objectives that hide patches; pooled output,
kNN of 20 neighbours and linear probe on the 500 test images, all 1,297 training images as support. Differences from the
untrained network of the same seed are paired, image by image. What is trained is in the store: a run that was stopped
goes on, and the page is written anew after each objective. `--trained` takes what is there and trains nothing.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

import simzoo
from simzoo import api
from simzoo.catalog import catalog
from simzoo.measures.geometry.labels import knn_hits
from simzoo.measures.geometry.probe import probe_hits
from simzoo.measures.geometry.spectrum import effective_rank
from simzoo.measures.resampling import halves
from simzoo.names import Training, resolve
from simzoo.progress import Bars
from simzoo.registries import cards, find_recipe
from simzoo.training.batch import Batch
from simzoo.training.checkpoint import Checkpoint
from simzoo.training.loop import Loop, fit, total
from simzoo.training.prepare import prepare

Array = npt.NDArray[np.float64]
HALVES, LEVEL, NEIGHBOURS, TARGET = 100, 0.95, 20, 0.85
ACCURACIES = ("kNN", "probe")
COLUMNS = [
    *("objective", "seeds", "kNN", "gain", "probe", "gain", "rank", "spread", "epochs", "view-images"),
    *("view-images a second", "better"),
]
PAGE = """<!-- written by benchmarks/objectives.py: run it again rather than change the page -->

# What each objective is worth on digits

`python benchmarks/objectives.py` trains every objective on the digits of scikit-learn (1,297 training images of
32 px), on a ResNet18 by the recipe `quick`, or, where patches are hidden, on a ViT-tiny of 16 patches by
`quick-vit`; {seeds}{short}. The pooled output of the 500 test images is judged by kNN ({k} neighbours)
and by a linear probe, both on all training images. A gain is over the same network as initialised with the same
seed, image by image, of the seeds that the row counts; intervals ({level:.0%}) are over images. Objectives that
hide patches are judged by the probe, others by kNN; "better" is an interval above 0. Rank is the effective rank
of the test features; spread is the mean standard deviation of a feature of unit-length rows, times the root of
their number: 0 is collapse, 1 all directions alike. Baseline, split, pooling and k are the same for all.

Recipes are short, so that all of them run in hours on two cores: the order here says little of longer
trainings. torch {torch}, {threads} threads, {machine}; speeds are of the training as it ran, other work on the
machine included.

"""

TRIED = Path(__file__).with_name("objectives_tried.md")  # measured by hand while recipes were tuned


@dataclass(frozen=True)
class Seen:
    """What one network makes of the test images: which of them are told right, by kNN and probe, and its spread."""

    right: dict[str, Array]
    rank: float
    spread: float


@dataclass(frozen=True)
class Result:
    """One objective, over seeds."""

    name: str
    masked: bool
    values: dict[str, float]
    gains: dict[str, tuple[float, float, float]]
    rank: float
    spread: float
    facts: list[dict[str, Any]]
    views: int

    @property
    def judged_by(self) -> str:
        """Which accuracy decides."""
        return "probe" if self.masked else "kNN"

    @property
    def better(self) -> bool:
        """Whether the interval of the gain excludes 0 from below."""
        return self.gains[self.judged_by][1] > 0


def seen(model: str) -> Seen:
    """Measure a network that is trained, or untrained."""
    test, train = (simzoo.represent(model, "digits", "final", n=None, split=split)[0] for split in ("test", "train"))
    support = (train, train.labels)
    right = {
        "kNN": knn_hits(test, test.labels, k=NEIGHBOURS, support=support),
        "probe": probe_hits(test, test.labels, support=support),
    }
    rows = torch.nn.functional.normalize(torch.as_tensor(np.array(test.values), dtype=torch.float64), dim=1)
    spread = float(rows.std(0).mean() * rows.shape[1] ** 0.5)
    return Seen({kind: hits.astype(float) for kind, hits in right.items()}, float(effective_rank(test)), spread)


def interval(differences: Array) -> tuple[float, float, float]:
    """Return mean, low and high of (seeds, images) differences, by half-samples as all of simzoo's intervals."""
    per_image = differences.mean(0)
    value = float(per_image.mean())
    parts = [per_image[rows].mean() for rows in halves(len(per_image), HALVES, np.random.default_rng(0))]
    low, high = np.percentile(parts, [50 * (1 - LEVEL), 50 * (1 + LEVEL)]) - np.mean(parts)
    return value, value + float(low), value + float(high)


def is_masked(objective: str) -> bool:
    """Whether an objective hides patches, and so is trained on a ViT and judged by the probe."""
    return bool(catalog().objectives[objective].sheet.facts["backbone"] == "vit")


def card_of(objective: str) -> str:
    """Return the card that is trained by an objective."""
    family = "vit" if is_masked(objective) else "resnet18"
    return f"{family}-sl" if objective == "supervised" else f"{family}-{objective}"


def measure(objective: str, seeds: Sequence[int], options: dict[str, Any], untrained: dict[str, Seen]) -> Result:
    """Train an objective for each seed, unless it is trained, and compare it with the same network untrained."""
    card, masked = card_of(objective), is_masked(objective)
    family = card.partition("-")[0]
    made, facts, base = [], [], []
    for seed in seeds:
        header = api.train(f"{card}#{seed}", yes=True, progress=Bars(), **options)[0].header
        facts.append(header)
        made.append(seen(header["name"]))
        start = f"{family}-init#{seed}"
        if start not in untrained:
            untrained[start] = seen(start)
        base.append(untrained[start])
    spec = resolve(f"{card}#{seeds[0]}", changes=api.changes(options["epochs"], options["train_images"]))[0]
    run = prepare(spec)
    return Result(
        objective,
        masked,
        {kind: float(np.mean([one.right[kind].mean() for one in made])) for kind in ACCURACIES},
        {
            kind: interval(np.stack([a.right[kind] - b.right[kind] for a, b in zip(made, base, strict=True)]))
            for kind in ACCURACIES
        },
        float(np.mean([one.rank for one in made])),
        float(np.mean([one.spread for one in made])),
        facts,
        len(run.batch(run.images.take(0, [0, 1])).views),
    )


def page(results: Sequence[Result], untrained: dict[str, Seen], seeds: Sequence[int], options: dict[str, Any]) -> str:
    """Return the page: conditions, table, what is known of those that are not better, and what was tried."""
    short = [f"{word.replace('_', ' ')} {value}" for word, value in options.items() if value is not None]
    fewer = "up to " if any(len(result.facts) < len(seeds) for result in results) else ""
    text = PAGE.format(
        seeds=f"{fewer}{len(seeds)} seed{'s' if len(seeds) > 1 else ''}",
        short=f", shortened to {', '.join(short)}" if short else "",
        k=NEIGHBOURS,
        level=LEVEL,
        torch=torch.__version__,
        threads=torch.get_num_threads(),
        machine=platform.machine(),
    )
    rows = [COLUMNS, ["---"] * len(COLUMNS), *_baselines(untrained), *(_row(result) for result in results)]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    tried = f"\n{TRIED.read_text(encoding='utf-8')}"
    failed = "".join(_failure(result) for result in results if not result.better)
    return text + table + (f"\n## Not better than the untrained network\n\n{failed}" if failed else "") + tried


def _baselines(untrained: dict[str, Seen]) -> list[list[str]]:
    rows = []
    for name in sorted({name.partition("#")[0] for name in untrained}):
        each = [one for key, one in untrained.items() if key.partition("#")[0] == name]
        knn, probe = (f"{np.mean([one.right[kind].mean() for one in each]):.3f}" for kind in ACCURACIES)
        rank, spread = np.mean([one.rank for one in each]), np.mean([one.spread for one in each])
        rows.append([f"*{name}*", str(len(each)), knn, "", probe, "", f"{rank:.1f}", f"{spread:.2f}", "", "", "", ""])
    return rows


def _row(result: Result) -> list[str]:
    gains = {kind: f"{value:+.3f} [{low:+.3f}, {high:+.3f}]" for kind, (value, low, high) in result.gains.items()}
    images, seconds, epochs = _budget(result)
    return [
        f"`{result.name}`",
        str(len(result.facts)),
        f"{result.values['kNN']:.3f}",
        gains["kNN"],
        f"{result.values['probe']:.3f}",
        gains["probe"],
        f"{result.rank:.1f}",
        f"{result.spread:.2f}",
        str(epochs),
        f"{images:,}",
        f"{images / seconds:,.0f}",
        "yes" if result.better else f"no (by {result.judged_by})",
    ]


def _budget(result: Result) -> tuple[int, float, int]:
    """Return view-images of one seed, the mean seconds of its training, and its epochs."""
    settings = result.facts[0]["settings"]
    batches = result.facts[0]["train_images"] // settings["batch_size"]
    images = settings["epochs"] * batches * settings["batch_size"] * result.views
    return images, float(np.mean([facts["seconds"] for facts in result.facts])), settings["epochs"]


def _failure(result: Result) -> str:
    value, low, high = result.gains[result.judged_by]
    losses = ", ".join(f"{loss:.3g}" for loss in result.facts[0]["losses"])
    images, seconds, epochs = _budget(result)
    return (
        f"- `{result.name}`: {result.judged_by} {value:+.3f} [{low:+.3f}, {high:+.3f}] after {epochs} epochs, "
        f"{images:,} view-images, {seconds:.0f} s.\n  Effective rank {result.rank:.1f}, spread {result.spread:.2f}. "
        f"Loss by epoch (first seed): {losses}.\n"
    )


def speed(rounds: int = 3) -> None:
    """Print the loop's images a second beside those of a bare forward-backward loop on one batch that is ready.

    And the ratio of processor seconds an image, which other work on the machine changes less.
    """
    images, epochs = 512, 3
    settings = find_recipe("quick").settings("supervised").model_copy(update={"epochs": epochs, "train_images": images})
    spec = replace(resolve("resnet18-sl")[0], training=Training("digits", "quick", (), settings, settings))
    ratios = []
    for _ in range(rounds):
        loop = Loop(prepare(spec), Checkpoint("unused", spec.name, written=float("inf")), "cpu", lambda *_: {})
        before = time.process_time()
        fit(loop, "cpu", Bars())
        work = (time.process_time() - before) / (images * epochs)
        trained = loop.done.log[-1]["images_a_second"]
        bare, least = _bare(spec, images // settings.batch_size)
        ratios.append((trained / bare, least / work))
        print(f"loop {trained:.0f}, bare {bare:.0f} images a second: {ratios[-1][0]:.2f}; ", end="")
        print(f"processor {1e3 * work:.1f} and {1e3 * least:.1f} ms an image: {ratios[-1][1]:.2f}", flush=True)
    by_clock, by_work = np.median(ratios, axis=0)
    print(
        f"median {by_clock:.2f} by the clock (target {TARGET}), {by_work:.2f} by processor time; ResNet18, 32 px, ",
        end="",
    )
    print(f"batches of {settings.batch_size}, {torch.get_num_threads()} threads, torch {torch.__version__}")


def _bare(spec: Any, steps: int) -> tuple[float, float]:
    """Return images a second and processor seconds an image of forward, backward and step, on one batch."""
    run = prepare(spec)
    size = run.training.settings.batch_size
    loop = Loop(run, Checkpoint("unused", ""), "cpu", lambda *_: {})
    batch = Batch([torch.randn(size, 3, 32, 32)], torch.arange(size) % 10)

    def step() -> None:
        loss = total(run.objective.loss(batch))
        loop.optimiser.zero_grad()
        torch.autograd.backward(loss)
        loop.optimiser.step()

    step()
    started, before = time.perf_counter(), time.process_time()
    for _ in range(steps):
        step()
    images = steps * size
    return images / (time.perf_counter() - started), (time.process_time() - before) / images


def _with_a_card() -> list[str]:
    """Return what can be trained, those that hide patches last."""
    known = cards()
    return sorted((name for name in catalog().objectives if name != "init" and card_of(name) in known), key=is_masked)


def _trained(objective: str, seed: int, options: dict[str, Any]) -> bool:
    changes = api.changes(options["epochs"], options["train_images"])
    return all(api.trained(spec) for spec in resolve(f"{card_of(objective)}#{seed}", changes=changes))


def main() -> None:
    """Write the page, objective by objective, or measure the speed."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("what", nargs="?", choices=["table", "speed"], default="table")
    asked.add_argument("--objectives", default="")
    asked.add_argument("--seeds", default="0-2")
    asked.add_argument("--epochs", type=int)
    asked.add_argument("--train-images", type=int)
    asked.add_argument("--trained", action="store_true")
    asked.add_argument("--out", type=Path, default=Path("docs/objectives.md"))
    words = asked.parse_args()
    if words.what == "speed":
        speed()
        return
    first, _, last = words.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    options = {"epochs": words.epochs, "train_images": words.train_images}
    names = words.objectives.split(",") if words.objectives else _with_a_card()
    untrained: dict[str, Seen] = {}
    results = []
    print(*COLUMNS, sep=" | ")
    for name in names:
        wanted = [seed for seed in seeds if not words.trained or _trained(name, seed, options)]
        if not wanted:
            continue
        results.append(measure(name, wanted, options, untrained))
        words.out.write_text(page(results, untrained, seeds, options), encoding="utf-8")
        print(*_row(results[-1]), sep=" | ", flush=True)
    if not results:
        raise SystemExit(f"none of {', '.join(names)} is trained; nothing is written")


if __name__ == "__main__":
    main()
