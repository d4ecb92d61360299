"""Synthetic tables of manifold graph metrics, and of a similarity, of models whose groups are known."""

from __future__ import annotations

import numpy as np

from simzoo.table.schema import Row, Table, frame, params_text

FIELDS = ("diameter_mean", "diameter_sd", "affinity_mean", "affinity_sd", "affinity_random", "count_mean")
FIELDS += ("count_sd", "rank_mean", "rank_sd")
SETTINGS = ("none", "augs", "crop", "colorjitter", "rotate")
PARAMS = params_text({"k": 50, "kernel": "cosine", "solver": "exact", "views": 12})
SHEETS = {
    "mgm": {"name": "mgm", "kind": "geometry", "takes": ["labels", "views"], "range": [0, None], "larger": "more"},
    "cka": {"name": "cka", "kind": "similarity", "larger": "more alike", "range": [0, 1], "symmetric": True},
    "gap": {"name": "gap", "kind": "similarity", "larger": "less alike", "range": [0, None], "symmetric": True},
}
GROUPS = {"a": "contrastive", "b": "clustering", "c": "untrained"}


def facts(names):
    return {
        name: {"name": name, "paradigm": GROUPS[name[0]], "backbone": f"net{int(name[-1]) % 2}", "objective": "x"}
        for name in names
    }


def signatures(*, each=3, data=("digits",), halves=4, noise=0.1, evil=""):
    """Three groups of models that lie far apart in every number."""
    draw, names = np.random.default_rng(0), [f"{group}{evil}{at}" for group in GROUPS for at in range(each)]
    centres = draw.normal(size=(len(GROUPS), len(FIELDS) * len(SETTINGS)))
    rows, parts = [], []
    for where in data:
        for at, name in enumerate(names):
            values = centres[at // each] + noise * draw.normal(size=centres.shape[1])
            for column, (setting, field) in enumerate((setting, field) for setting in SETTINGS for field in FIELDS):
                about = {"model": name, "tap": "final", "data": where, "augmentation": setting, "params": PARAMS}
                about |= {"measure": "mgm", "field": field, "strength": None if setting == "none" else 1.0}
                more = {
                    "version": 2,
                    "kind": "final",
                    "depth": 1.0,
                    "split": "test",
                    "n": 200 if setting == "none" else 40,
                }
                rows.append(Row(**about, **more, value=float(values[column])))
                again = values[column] + noise * draw.normal(size=halves)
                parts.append({**about, "model_b": None, "tap_b": None, "seed": None, "values": again.tolist()})
    context = {"grid": "map", "half_samples": parts if halves else [], "datasets": [], "notes": []}
    return Table(frame(rows), {"mgm": SHEETS["mgm"]}, facts(names), context)


def likenesses(measure="cka", halves=3):
    """Models on a line, as far apart as their places: likeness falls with distance."""
    names, rows, parts = ["a0", "a1", "b0", "b1", "c0"], [], []
    places = [0.0, 0.1, 1.0, 1.2, 3.0]
    for i, name in enumerate(names):
        for j in range(i, len(names)):
            apart = abs(places[i] - places[j])
            value = apart if measure == "gap" else 1 - apart / 10
            about = {"measure": measure, "field": "value", "model": name, "tap": "final", "model_b": names[j]}
            about |= {"tap_b": "final", "data": "digits", "augmentation": "none", "params": "{}", "strength": None}
            ends = {"kind": "final", "kind_b": "final", "depth": 1.0, "depth_b": 1.0, "version": 1, "n": 100}
            rows.append(Row(**about, **ends, value=value))
            parts.append({**about, "seed": None, "values": [value] * halves})
    context = {"grid": "map", "map": {"measures": [measure], "clusters": 2}, "half_samples": parts, "notes": []}
    return Table(frame(rows), {measure: SHEETS[measure]}, facts(names), context), np.array(places)
