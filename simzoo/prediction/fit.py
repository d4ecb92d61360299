"""A fit: every task judged, with the supervised models and without, and what goes with what."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from scipy.stats import false_discovery_control
from sklearn.tree import DecisionTreeRegressor, export_text

from simzoo.prediction.correlations import correlations
from simzoo.prediction.judge import ALL, WITHOUT, judge, steps, without_supervised
from simzoo.prediction.lasso import standardised, task_score
from simzoo.prediction.pool import Pool, Target
from simzoo.progress import Progress

DRAWS, PERMUTATIONS = 1_000, 200
DEPTH = 2  # of the tree that explains


def judged(
    pool: Pool, progress: Progress, *, draws: int = DRAWS, permutations: int = PERMUTATIONS, seed: int = 0
) -> dict[str, Any]:
    """Return, as plain data, everything that a report on a fit says: signature, tasks, correlations, trees."""
    parts = [(ALL, target) for target in pool.targets]
    parts += [(WITHOUT, kept) for target in pool.targets if (kept := without_supervised(pool, target))]
    with progress.step("fit", sum(steps(target, permutations) for _, target in parts)) as step:
        found = [
            {"pool": name, **judge(pool, target, step, draws=draws, permutations=permutations, seed=seed)}
            for name, target in parts
        ]
    for name in (ALL, WITHOUT):
        _correct([one for one in found if one["pool"] == name])
    plain: dict[str, Any] = _finite(
        {
            "signature": {
                "data": pool.signature.data,
                "split": pool.signature.split,
                "entries": [str(name) for name in pool.signature.table],
                "left_out": list(pool.signature.left_out),
            },
            "models": pool.models,
            "supervised": [str(name) for name in pool.models if pool.supervised[name]],
            "draws": draws,
            "permutations": permutations,
            "seed": seed,
            "tasks": found,
            "correlations": {target.name: correlations(pool, target).to_dict("records") for target in pool.targets},
            "trees": {target.name: tree(pool, target) for target in pool.targets},
        }
    )
    return plain


def _finite(value: Any) -> Any:
    """Replace what JSON cannot say, an undefined score, by None."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _correct(found: list[dict[str, Any]]) -> None:
    """Add to each null its q: p after Benjamini-Hochberg over the tasks."""
    nulls = [one["null"]["weighted_tau"] for one in found if one["null"]]
    for null, q in zip(nulls, false_discovery_control([null["p"] for null in nulls]) if nulls else (), strict=True):
        null["q"] = float(q)


def tree(pool: Pool, target: Target) -> str:
    """Return a tree of depth 2 for the whole pool, in words: an explanation, and no prediction."""
    known = target.accuracies.to_numpy(float)
    scores = task_score(known, *standardised(known))
    entries: pd.DataFrame = pool.signature.table.reindex(target.accuracies.index)
    grown = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=2, random_state=0).fit(entries.to_numpy(), scores)
    return str(export_text(grown, feature_names=list(entries.columns), decimals=3))
