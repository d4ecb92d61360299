"""Tables of pools: signatures that go with accuracies as far as they are told to."""

import json

import numpy as np

from simzoo.table.schema import Row, Table, frame

SHEETS = {
    "mgm": {"name": "mgm", "kind": "geometry"},
    "twonn": {"name": "twonn", "kind": "geometry"},
    "linear_probe": {"name": "linear_probe", "kind": "geometry"},
    "logme": {"name": "logme", "kind": "transferability"},
}
FIELDS = ("diameter_mean", "diameter_sd", "affinity_mean", "affinity_sd", "count_mean", "count_sd", "rank_mean")
OPTIONS = json.dumps({"k": 50, "views": 20})


def row(measure, model, value, field="value", **more):
    facts = {"tap": "final", "kind": "final", "depth": 1.0, "data": "digits", "split": "test", "n": 100, "d": 8}
    return Row(measure, 1, field, value=float(value), model=model, **{**facts, **more})


def signatures(names, quality, planted, seed=0, settings=("none", "crop")):
    """Rows of mgm: noise, but for `count_mean` under crop, which is the quality as far as `planted` says."""
    generator = np.random.default_rng(seed)
    rows = []
    for name, good in zip(names, quality, strict=True):
        for setting in settings:
            for field in FIELDS:
                noise = generator.normal()
                hit = (setting, field) == ("crop", "count_mean")
                value = planted * good + (1 - planted) * noise if hit else noise
                strength = None if setting == "none" else 1.0
                where = {"params": OPTIONS, "augmentation": setting, "strength": strength}
                rows.append(row("mgm", name, value, field, **where))
    return rows


def measured(planted=0.9, models=8, seeds=2, seed=0, sets=("digits", "mnist", "dtd10")):
    """A pool measured here: models with seeds, accuracies of a probe on data sets, a score of features and labels."""
    generator = np.random.default_rng(seed)
    names = [f"net{model}#{number}" for model in range(models) for number in range(seeds)]
    quality = np.repeat(generator.normal(size=models), seeds) + 0.05 * generator.normal(size=models * seeds)
    rows = signatures(names, quality, planted, seed + 1)
    for name, good in zip(names, quality, strict=True):
        for place in sets:
            accuracy = 0.7 + 0.05 * good + 0.005 * generator.normal()
            rows.append(row("linear_probe", name, accuracy, data=place))
            rows.append(row("logme", name, good + 0.3 * generator.normal(), data=place))
    facts = {name: {"name": name, "paradigm": "supervised" if name < "net2" else "contrastive"} for name in names}
    return Table(frame(rows), SHEETS, facts, {"notes": [], "command": "simzoo grid run x", "grid": "x"})


def published(names, quality, planted=0.9, seed=0):
    """Signatures of models that have published results."""
    rows = signatures(names, quality, planted, seed, settings=("none", "crop", "rotate"))
    return Table(frame(rows), SHEETS, {}, {"notes": [], "command": "simzoo grid run transfer", "grid": "transfer"})
