"""A synthetic table of a grid: models x augmentations x strengths x measures x taps, with gaps of every kind."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from simzoo.table.schema import Row, Table, frame, params_text

SIMILARITIES = ("cka", "cka_unbiased", "mutual_knn")
GEOMETRY = ("effective_rank", "twonn", "invariance", "class_cka", "knn_accuracy")
AUGMENTATIONS = {"none": (None,), "crop": (0.25, 0.5, 1.0), "colorjitter": (0.5, 1.0), "flip": (None,)}
EVIL = "</script><b>evil</b>"


def taps_of(count):
    found = [
        (f"layer{1 + at * 4 // count}.{at // 2}:{'odd' if at % 2 == 0 else 'even'}", at) for at in range(count - 1)
    ]
    named = [(tap, "odd" if at % 2 == 0 else "even", (at // 2) / max(1, (count - 3) // 2)) for tap, at in found]
    return [*named, ("final", "final", 1.0)]


def sheet(name, larger="more alike", limits=(0.0, 1.0), kind="similarity"):
    return {
        "name": name,
        "version": 1,
        "kind": kind,
        "range": limits,
        "larger": larger,
        "symmetric": kind == "similarity",
        "summary": f"What {name} says in one sentence.",
        "reference": "kornblith2019similarity",
    }


SHEETS = {
    "cka": sheet("cka"),
    "cka_unbiased": sheet("cka_unbiased", limits=(float("-inf"), 1.0)),
    "mutual_knn": sheet("mutual_knn"),
    "effective_rank": sheet("effective_rank", "more dimensions", (1.0, float("inf")), "geometry"),
    "twonn": sheet("twonn", "more dimensions", (0.0, float("inf")), "geometry"),
    "invariance": sheet("invariance", "augmentation changes less", (float("-inf"), 1.0), "geometry"),
    "class_cka": sheet("class_cka", "closer to the class simplex", (0.0, 1.0), "geometry"),
    "knn_accuracy": sheet("knn_accuracy", "more often right", (0.0, 1.0), "geometry"),
}


class Builder:
    """Rows of one synthetic grid."""

    def __init__(self, models, seeds, taps, augmentations, data):
        self.rng = np.random.default_rng(0)
        self.models, self.seeds, self.taps, self.data = models, seeds, taps_of(taps), data
        self.settings = [(name, strength) for name, strengths in augmentations.items() for strength in strengths]
        self.names = [(f"{name}#{seed}", at, seed) for at, name in enumerate(models) for seed in range(seeds)]

    def row(self, measure, value, setting, half, **more):
        low, high = (None, None) if half is None else (value - half, value + half)
        common = {"data": self.data, "split": "test", "n": 500, "created": "2026-01-01", "run_id": "r"}
        return Row(
            measure, 1, value=value, low=low, high=high, augmentation=setting[0], strength=setting[1], **common, **more
        )

    def pairs(self, measure, setting):
        harm = 0.0 if setting[0] == "none" else 0.1 * (setting[1] or 0.3)
        for (a, i, seed), (b, j, seed_b) in combinations(self.names, 2):
            same, like = i == j, 0.9 - 0.09 * i - 0.11 * (j - i) - harm
            about = {"model": a, "model_b": b, "seed": seed, "seed_b": seed_b}
            for tap, kind, depth in self.taps:
                for tap_b, kind_b, depth_b in self.taps:
                    value = (
                        like
                        * float(np.exp(-(((depth - depth_b) / 0.4) ** 2)))
                        * (1 if "odd" not in {kind, kind_b} else 0.4)
                    )
                    value += 0.02 * self.rng.standard_normal()
                    places = {
                        "tap": tap,
                        "kind": kind,
                        "depth": depth,
                        "tap_b": tap_b,
                        "kind_b": kind_b,
                        "depth_b": depth_b,
                    }
                    yield self.row(measure, value, setting, 0.03, null_mean=0.02, p=0.01, **about, **places)
            for kind, factor in (("even", 1.0), ("odd", 0.4)):
                value = factor * (like + 0.04 * same) + 0.01 * self.rng.standard_normal()
                yield self.row(
                    measure,
                    value,
                    setting,
                    0.03,
                    field="match",
                    null_mean=0.02,
                    p=0.01,
                    kind=kind,
                    kind_b=kind,
                    **about,
                )

    def single(self, measure, setting):
        if measure == "invariance" and setting[0] == "none":
            return
        strength = setting[1] or 0.3
        for name, at, seed in self.names:
            for tap, kind, depth in self.taps:
                value = {
                    "effective_rank": 5 + 50 * depth + 4 * at,
                    "twonn": 4 + 8 * np.sin(2.8 * depth) + at,
                    "invariance": 0.98 - (0.15 + 0.12 * at) * strength - 0.1 * (setting[0] == "crop") + 0.05 * depth,
                    "class_cka": 0.1 + 0.5 * depth**2 + 0.05 * at,
                    "knn_accuracy": 0.5
                    + 0.4 * depth
                    - 0.06 * max(0, at - 1)
                    - 0.05 * strength * (setting[0] != "none"),
                }[measure] * (1 + 0.01 * self.rng.standard_normal())
                params = params_text({"k": 20}) if measure == "knn_accuracy" else "{}"
                more = {"model": name, "seed": seed, "tap": tap, "kind": kind, "depth": depth, "params": params}
                yield self.row(measure, float(value), setting, None if measure == "twonn" else 0.02 * value, **more)

    def build(self, measures):
        for setting in self.settings:
            for measure in measures:
                yield from (self.pairs if measure in SIMILARITIES else self.single)(measure, setting)


def spoil(rows, names, hostile=""):
    """Make one part fail, one undefined, one skipped and one absent; return what is left."""
    kept = []
    first, second, last = names[0], names[1], names[-1]
    for row in rows:
        model = row.model.split("#")[0]
        pair = {model, (row.model_b or row.model).split("#")[0]}
        fate = None
        if row.measure == "mutual_knn" and row.augmentation == "crop" and row.strength == 1.0 and pair == {first, last}:
            fate = ("failed", f"MemoryError: no room for the neighbours{hostile}")
        elif row.measure == "twonn" and model == second and row.kind == "odd" and row.depth > 0.6:
            fate = ("undefined", f"more than half of the samples are duplicates{hostile}")
        elif row.measure == "mutual_knn" and row.augmentation == "flip" and second in pair:
            fate = ("skipped", "the run was stopped before")
        elif row.measure == "cka_unbiased" and row.augmentation == "flip" and pair == {first, last}:
            continue
        if fate:
            if row.field == "match":
                continue
            row.status, row.reason = fate
            row.value = row.low = row.high = row.null_mean = row.p = None
        kept.append(row)
    return kept


def grid(
    *,
    models=("resnet50-sl", "resnet50-simclr", "vit-sl", "vit-simclr"),
    seeds=2,
    taps=33,
    measures=(*SIMILARITIES, *GEOMETRY),
    augmentations=None,
    data="digits",
    hostile=False,
):
    """A whole table of `simzoo grid run`."""
    builder = Builder(models, seeds, taps, augmentations or AUGMENTATIONS, data)
    rows = spoil(builder.build(measures), models, EVIL if hostile else "")
    facts = {
        name: {
            "name": name,
            "backbone": f"timm:{name}",
            "objective": name.split("-")[-1],
            "trained_on": data,
            "seed": seed,
        }
        for name, _, seed in builder.names
    }
    context = {
        "command": "simzoo grid run study.toml",
        "measure": "cka",
        "grid": "study",
        "report": "",
        "datasets": [{"name": data, "split": "test", "n": 500, "classes": 10, "left_out": []}],
        "notes": ["Intervals are from half-samples."],
        "libraries": {"torch": "2.15.0"},
        "seconds": 312.0,
        "started": "2026-01-01T09:00:00+00:00",
    }
    if hostile:
        for row in rows:
            row.tap = f"{row.tap}{EVIL}" if row.tap == builder.taps[0][0] else row.tap
    return Table(frame(rows), {name: dict(one) for name, one in SHEETS.items()}, facts, context)
