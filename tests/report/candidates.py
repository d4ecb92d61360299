"""A small table of candidates, made by hand."""

import numpy as np

from simzoo.table.schema import Row, Table, frame, params_text

N, HALVES = 200, 400


def hits(accuracies, seed=0):
    """Whether each model is right of each image: right of the easiest ones, as accurate models mostly are."""
    draw = np.random.default_rng(seed)
    hard = draw.permutation((np.arange(N) + 0.5) / N)
    return {name: hard + 0.04 * draw.normal(size=N) < share for name, share in accuracies.items()}


def halves_of(right, seed=1):
    draw = np.random.default_rng(seed)
    chosen = [draw.permutation(N)[: N // 2] for _ in range(HALVES)]
    return [float(right[rows].mean()) for rows in chosen]


def table(accuracies, *, facts=None, extra=(), scores=None, measure="linear_probe", **context):
    """Return a table of the accuracies of these models, with half-samples."""
    right = hits(accuracies)
    about = {"tap": "final", "kind": "final", "data": "pets", "n": N}
    rows = [
        Row(measure, 1, value=float(one.mean()), chance=0.1, model=name, split="test", **about)
        for name, one in right.items()
    ]
    for name, values in (scores or {}).items():
        rows += [Row(name, 1, value=value, model=model, split="train", **about) for model, value in values.items()]
    models = {name: {"name": name, **(facts or {}).get(name, {})} for name in accuracies}
    half = [
        {"measure": measure, "field": "value", "model": name, "split": "test", "params": params_text({}), "values": v}
        for name, one in right.items()
        for v in [halves_of(one)]
    ]
    asked = [*accuracies, *(row.model for row in extra if row.model not in accuracies)]
    about = {"name": "pets", "split": "test", "classes": 10, "n": N}
    told = {"models": list(dict.fromkeys(asked)), "device": "cpu", "finetuned": [], "finetuned_pairs": [], **context}
    return Table(
        frame([*rows, *extra]),
        {},
        models,
        {"candidates": told, "data": about, "half_samples": half, "grid": "transfer", "notes": [], "command": "simzoo"},
    )
