"""What geometry tells of one task, of held-out models, beside its rivals, chance and the noise of the truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from simzoo.prediction.lasso import Array, Folds, Held, Rows, standardised, task_score
from simzoo.prediction.pool import FEWEST, Pool, Target
from simzoo.prediction.rivals import Predictor, predictors
from simzoo.prediction.scores import bootstrap, interval, per_dataset, weighted_taus
from simzoo.progress import Step

ALL, WITHOUT = "all", "without the supervised"


def judge(pool: Pool, target: Target, step: Step, *, draws: int, permutations: int, seed: int) -> dict[str, Any]:
    """Return, as plain data, all that leave-one-model-out says of one task."""
    actual = target.accuracies
    x = pool.signature.table.reindex(actual.index).to_numpy(float)
    groups = pd.factorize(pool.groups.reindex(actual.index))[0]
    folds = Folds(x, groups)
    known = actual.to_numpy(float)
    held = folds.held_out(known)
    step.advance(1, target.name)
    rivals = list(predictors(pool, target, folds, held))
    own = rivals[0]
    drawn = {one.name: bootstrap(one.scores, actual, draws, seed, groups) for one in rivals}
    scores = [_scored(one, actual, drawn, own) for one in rivals]
    fitted = folds.fit(known)
    weights = dict(zip(pool.signature.table.columns, fitted.weights.tolist(), strict=True))
    return {
        "task": target.name,
        "title": target.title,
        "kind": target.kind,
        "models": [str(name) for name in actual.index],
        "groups": len(set(groups.tolist())),
        "datasets": [str(name) for name in actual.columns],
        "scores": scores,
        "null": _null(folds, actual, scores[0], step, permutations=permutations, seed=seed),
        "drop": _dropped(x, groups, actual, step),
        "ceiling": _ceiling(target),
        "held_out": _points(held, actual),
        "alphas": sorted(set(held.alphas.tolist())),
        "weights": {name: weight for name, weight in weights.items() if weight},
    }


def steps(target: Target, permutations: int) -> int:
    """Return how many steps `judge` reports."""
    return 1 + permutations + len(target.accuracies)


def _scored(one: Predictor, actual: pd.DataFrame, drawn: dict[str, Array], own: Predictor) -> dict[str, Any]:
    rows = per_dataset(one.scores, actual)
    means = {str(name): float(value) for name, value in rows.mean().items()}
    low, high = interval(drawn[one.name])
    found: dict[str, Any] = {"predictor": one.name, "knows": one.knows, **means, "low": low, "high": high}
    found |= errors(one.points, actual) | {"task_spearman": _task_spearman(one.scores, actual)}
    if one.name != own.name:
        apart = drawn[own.name] - drawn[one.name]
        found |= dict(zip(("ahead_low", "ahead_high"), interval(apart), strict=True))
        found["ahead"] = float(per_dataset(own.scores, actual)["weighted_tau"].mean()) - means["weighted_tau"]
    return found


def errors(points: pd.DataFrame, actual: pd.DataFrame) -> dict[str, float]:
    """Return how far predicted points lie off: `mae_points`, and of the task's score `mae` and `r2`.

    The score of a task is the mean over data sets of the accuracies, z-scored over the models. R^2 is 1 - the squared
    errors over those of the pool's mean, so that predicting the mean of the others gives less than 0.
    """
    truth, said = actual.to_numpy(float), points.to_numpy(float)
    centre, spread = standardised(truth)
    y, predicted = task_score(truth, centre, spread), task_score(said, centre, spread)
    whole = float(((y - y.mean()) ** 2).sum())
    return {
        "mae_points": float(np.nanmean(np.abs(said - truth))),
        "mae": float(np.abs(predicted - y).mean()),
        "r2": math.nan if whole == 0 else 1 - float(((y - predicted) ** 2).sum()) / whole,
    }


def _task_spearman(scores: pd.DataFrame, actual: pd.DataFrame) -> float:
    """Return Spearman's correlation of the mean score of each model with its score on the task."""
    truth, said = actual.to_numpy(float), scores.to_numpy(float)
    y, predicted = task_score(truth, *standardised(truth)), task_score(said, *standardised(said))
    constant = np.ptp(predicted) == 0 or np.ptp(y) == 0
    return math.nan if constant else float(spearmanr(predicted, y, nan_policy="omit")[0])


def _mean_tau(held: Held, actual: pd.DataFrame) -> float:
    known = actual.to_numpy(float).T
    taus = weighted_taus(np.broadcast_to(held.scores, known.shape), known)
    return float(np.nanmean(taus)) if np.isfinite(taus).any() else math.nan


def _null(
    folds: Folds, actual: pd.DataFrame, found: dict[str, Any], step: Step, *, permutations: int, seed: int
) -> dict[str, Any] | None:
    """Return what the same fit makes of accuracies that were dealt to other models: everything but the relation."""
    if not permutations:
        return None
    generator = np.random.default_rng(seed)
    taus, squares = [], []
    for _ in range(permutations):
        order = dealt(folds.groups, generator)
        mixed = pd.DataFrame(actual.to_numpy(float)[order], actual.index, actual.columns)
        held = folds.held_out(mixed.to_numpy(float))
        tau = _mean_tau(held, mixed)
        taus.append(tau if math.isfinite(tau) else 0.0)  # all alike: no order is told
        points = pd.DataFrame(held.points, mixed.index, mixed.columns)
        squares.append(errors(points, mixed)["r2"])
        step.advance(1, "null")
    return {
        "permutations": permutations,
        "weighted_tau": _against(found["weighted_tau"], np.array(taus)),
        "r2": _against(found["r2"], np.array(squares)),
    }


def dealt(groups: Rows, generator: np.random.Generator) -> Rows:
    """Return a permutation of models that deals whole groups to groups of the same size."""
    order = np.arange(len(groups), dtype=np.intp)
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    for size in {len(own) for own in members}:
        alike = [own for own in members if len(own) == size]
        for own, other in zip(alike, generator.permutation(len(alike)), strict=True):
            order[own] = alike[other]
    return order


def _against(value: float, null: Array) -> dict[str, float]:
    value = value if math.isfinite(value) else 0.0
    low, high = interval(null)
    exceeding = int((null >= value).sum())
    return {"mean": float(null.mean()), "low": low, "high": high, "p": (1 + exceeding) / (1 + len(null))}


def _dropped(x: Array, groups: Rows, actual: pd.DataFrame, step: Step) -> list[dict[str, Any]]:
    """Return the weighted tau of held-out models when one model less is in the pool, for each."""
    found = []
    for group in np.unique(groups):
        kept = groups != group
        if len(set(groups[kept].tolist())) >= FEWEST - 1:
            rest = actual[kept]
            tau = _mean_tau(Folds(x[kept], groups[kept]).held_out(rest.to_numpy(float)), rest)
            found.append({"without": str(actual.index[~kept][0]), "weighted_tau": tau})
        step.advance(int((~kept).sum()), "one model less")
    return found


def _ceiling(target: Target) -> dict[str, Any] | None:
    """Return how well a second measurement of the same accuracies ranks the first; None where there is none."""
    if target.second is None:
        return None
    shared = target.accuracies.index.intersection(target.second.index)
    sets = target.accuracies.columns.intersection(target.second.columns)
    if len(shared) < FEWEST or sets.empty:
        return None
    first, second = target.accuracies.loc[shared, sets], target.second.loc[shared, sets]
    rows = per_dataset(first, second)["weighted_tau"]
    each = {str(name): float(value) for name, value in rows.items()}
    return {"weighted_tau": float(rows.mean()), "models": len(shared), "datasets": each}


def _points(held: Held, actual: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each model, its rank score, its score on the task, and predicted and measured accuracies."""
    truth = actual.to_numpy(float)
    scores = task_score(truth, *standardised(truth))
    return [
        {
            "model": str(name),
            "predicted": float(held.scores[at]),
            "measured": float(scores[at]),
            "points": [
                {
                    "dataset": str(place),
                    "predicted": float(held.points[at, column]),
                    "measured": float(truth[at, column]),
                }
                for column, place in enumerate(actual.columns)
                if math.isfinite(truth[at, column])
            ],
        }
        for at, name in enumerate(actual.index)
    ]


def without_supervised(pool: Pool, target: Target) -> Target | None:
    """Return the target without the models trained with labels, where the pool has both and enough of the others."""
    chosen = ~pool.supervised.reindex(target.accuracies.index)
    if chosen.all() or pool.groups.reindex(target.accuracies.index)[chosen].nunique() < FEWEST:
        return None
    kept = target.accuracies[chosen]
    scores = {name: table[table.index.isin(kept.index)] for name, table in target.scores.items()}
    second = None if target.second is None else target.second[target.second.index.isin(kept.index)]
    return Target(target.name, target.title, target.kind, kept, scores, second)
