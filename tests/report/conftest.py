"""A synthetic table like the one `simzoo compare` makes, with hostile names, undefined and failed rows."""

from __future__ import annotations

import runpy
from itertools import combinations_with_replacement
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from simzoo.table.schema import Row, Table, frame, params_text

HOSTILE = "evil</script><b>bold</b>"


def sheet(name, kind="similarity", larger="more alike", limits=(0.0, 1.0), fields=("value",), **more):
    return {
        "name": name,
        "version": 1,
        "kind": kind,
        "range": limits,
        "larger": larger,
        "reference": "kornblith2019similarity",
        "symmetric": kind == "similarity",
        "identical": 1.0 if larger == "more alike" else 0.0,
        "fields": fields,
        "summary": f"What {name} says in one sentence.",
        "domain": {"constant": "ConstantInputError", "n < 4": "value"},
        "variants": [{}],
        "chance": None,
        **more,
    }


SHEETS = {
    "cka": sheet("cka"),
    "cka_unbiased": sheet("cka_unbiased", limits=(float("-inf"), 1.0)),
    "procrustes": sheet("procrustes", larger="less alike", limits=(0.0, float("inf"))),
    "effective_rank": sheet("effective_rank", "geometry", "more dimensions", (1.0, float("inf"))),
    "twonn": sheet("twonn", "geometry", "more dimensions", (0.0, float("inf"))),
    "class_cka": sheet("class_cka", "geometry", "closer to the class simplex", fields=("biased", "unbiased")),
    "knn_accuracy": sheet("knn_accuracy", "geometry", "more often right"),
}


def facts(name, **more):
    known = {
        "name": name,
        "backbone": "timm:resnet50" if "resnet" in name else "timm:vit_tiny_patch8",
        "objective": "simclr" if "simclr" in name else "supervised",
        "paradigm": "self-supervised" if "simclr" in name else "supervised",
        "trained_on": "digits",
        "recipe": "quick",
        "epochs": 12,
        "train_images": 1297,
        "train_seconds": 98.4,
        "shortened": None,
        "pool": "gap",
        "input_size": 32,
        "parameters": 23_500_000 if "resnet" in name else 5_400_000,
        "licence": "none (trained here)",
        "reference": "he2016deep",
        "seed": 0,
        "stem": "timm",
        "untrained": f"{name}-untrained",
    }
    return known | more


def untrained(name):
    return facts(name, objective="init", paradigm="none", trained_on=None, recipe=None, untrained=None, train_seconds=0)


def taps_of(blocks):
    """(tap, kind, depth), in the order the network computes them."""
    found = []
    for at in range(blocks):
        depth = at / (blocks - 1)
        stage = f"layer{at * 4 // blocks + 1}.{at % 4}"
        found += [(f"{stage}:{at}.odd", "odd", depth), (f"{stage}:{at}.even", "even", depth)]
    return [*found, ("final", "final", 1.0)]


COMMON = {"version": 1, "data": "digits", "split": "test", "n": 500, "created": "2025-01-01", "run_id": "r"}


def similarity_rows(rng, measure, models, taps, *, lag=0.0, like=0.85, intervals=True):
    (a, b), (taps_a, taps_b), rows = models, taps, []
    distance, null = measure == "procrustes", 0.02 if measure == "cka_unbiased" else 0.11
    for tap, kind, depth in taps_a:
        for tap_b, kind_b, depth_b in taps_b:
            near = np.exp(-(((depth_b - depth - lag) / 0.3) ** 2))
            level = like if "odd" not in {kind, kind_b} else 0.4 * like
            value = 0.05 + level * near + 0.02 * rng.standard_normal()
            value = 1.0 if (a, tap) == (b, tap_b) else float(np.clip(value, -0.05, 0.999))
            scale, null_here = (20.0, 24.0) if distance else (1.0, null)
            value = scale * (1 - value) if distance else value
            half = 0.02 * scale
            row = Row(measure, value=value, null_mean=null_here, p=0.01, chance=None, **COMMON)
            row.low, row.high = (value - half, value + half) if intervals else (None, None)
            row.model, row.tap, row.kind, row.depth, row.d = a, tap, kind, depth, 256
            row.model_b, row.tap_b, row.kind_b, row.depth_b, row.d_b = b, tap_b, kind_b, depth_b, 192
            rows.append(row)
    return rows


def summary(measure, pair, kind, field, value, *, half=0.03, null=0.02, p=0.01, **more):
    row = Row(measure, field=field, value=value, null_mean=null, p=p, **COMMON)
    row.low, row.high = (None, None) if None in {half, value} else (value - half, value + half)
    row.model, row.model_b, row.kind, row.kind_b = *pair, kind, kind
    for name, given in more.items():
        setattr(row, name, given)
    return row


def accuracy(model, value, half=0.03):
    low, high = (None, None) if half is None else (value - half, value + half)
    row = Row("knn_accuracy", value=value, low=low, high=high, chance=0.1, params=params_text({"k": 20}), **COMMON)
    row.model, row.tap, row.kind, row.depth = model, "final", "final", 1.0
    return row


def curve_rows(rng, model, taps):
    rows = []
    for tap, kind, depth in taps:
        for measure, field, value in [
            ("effective_rank", "value", 5 + 60 * depth * (kind != "final") + 3 * rng.random()),
            ("twonn", "value", 4 + 8 * np.sin(2.8 * depth) + rng.random()),
            ("class_cka", "biased", 0.1 + 0.6 * depth**2),
            ("class_cka", "unbiased", 0.05 + 0.6 * depth**2),
        ]:
            row = Row(measure, field=field, value=float(value), **COMMON)
            row.low, row.high = (None, None) if measure == "twonn" else (float(value) * 0.95, float(value) * 1.05)
            row.model, row.tap, row.kind, row.depth, row.chance = model, tap, kind, depth, None
            rows.append(row)
    return rows


def comparison(models=("resnet50-sl", "vit-simclr"), blocks=(16, 12), measures=("cka", "cka_unbiased"), hostile=False):
    """A whole table of `simzoo compare`."""
    rng = np.random.default_rng(0)
    taps = {name: taps_of(blocks[at % len(blocks)]) for at, name in enumerate(models)}
    rows = []
    for measure in measures:
        for at, (a, b) in enumerate(combinations_with_replacement(models, 2)):
            lag = 0.0 if a == b else 0.18
            like = 0.92 - 0.04 * at
            rows += similarity_rows(rng, measure, (a, b), (taps[a], taps[b]), lag=lag, like=like)
            if a != b:
                rows.append(summary(measure, (a, b), "even", "match", round(like - 0.07, 2)))
                rows.append(summary(measure, (a, b), "odd", "match", 0.31))
                rows.append(summary(measure, (a, b), "even", "lag", 0.18, half=0.06, null=0.0))
                rows.append(summary(measure, (a, b), "odd", "lag", 0.02, half=0.06, null=0.0))
    for at, name in enumerate(models):
        rows += curve_rows(rng, name, taps[name])
        rows += [accuracy(name, 0.96 - 0.17 * (at % 2)), accuracy(f"{name}-untrained", 0.935 - 0.365 * (at % 2))]
    known = {name: facts(name) for name in models}
    known |= {f"{name}-untrained": untrained(f"{name}-untrained") for name in models}
    context = {
        "command": "simzoo compare " + " ".join(models),
        "data": {"name": "digits", "split": "test", "n": 500, "classes": 10, "left_out": []},
        "notes": ["The interval of a match is from half-samples without replacement (ours)."],
        "libraries": {"python": "3.11.9", "torch": "2.15.0", "timm": "1.0.31"},
        "started": "2025-11-21T09:00:00+00:00",
        "seconds": 212.4,
    }
    if hostile:
        for row in rows:
            row.tap = f"{row.tap}</script><b>" if row.tap == taps[models[0]][0][0] else row.tap
        known[models[0]] |= {"licence": HOSTILE, "trained_on": HOSTILE, "shortened": f"2 of 200 epochs {HOSTILE}"}
        context["data"]["left_out"] = [[f"img-{HOSTILE}.png", "does not decode"]]
        context["notes"].append(HOSTILE)
        for at in (3, 40):
            rows[at].status, rows[at].reason = "undefined", f"constant input {HOSTILE}"
            rows[at].value = rows[at].low = rows[at].high = None
        rows[77].status, rows[77].reason, rows[77].value = "failed", f"ValueError: {HOSTILE}", None
    return Table(frame(rows), {name: dict(known) for name, known in SHEETS.items()}, known, context)


@pytest.fixture(scope="session")
def make():
    """The builders, for tests that need tables of their own (test files cannot import each other)."""
    return SimpleNamespace(
        comparison=comparison,
        summary=summary,
        accuracy=accuracy,
        facts=facts,
        untrained=untrained,
        similarity_rows=similarity_rows,
        taps_of=taps_of,
        sheets=SHEETS,
        hostile=HOSTILE,
        table=lambda rows, models=None, context=None: Table(frame(rows), dict(SHEETS), models or {}, context or {}),
    )


@pytest.fixture(scope="session")
def two():
    """Two models, 33 and 25 taps."""
    return comparison()


@pytest.fixture(scope="session")
def grids():
    """The builder of grids' tables (`grids.py`)."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("grids.py"))))


@pytest.fixture(scope="session")
def studies():
    """The builder of tables of the layer-by-layer study (`objectives.py`)."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("objectives.py"))))


@pytest.fixture(scope="session")
def small_grid(grids):
    """Three models of two seeds, five taps, four settings, with gaps of every kind."""
    augmentations = {"none": (None,), "crop": (0.5, 1.0), "flip": (None,)}
    return grids.grid(models=("sl", "simclr", "vit"), taps=5, augmentations=augmentations)


@pytest.fixture(scope="session")
def candidates():
    """The builder of tables of candidates for fine-tuning (`candidates.py`)."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("candidates.py"))))
