"""A fitted pool as a file: JSON that is checked when it is read, and holds no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from simzoo.errors import DataError, UsageError
from simzoo.prediction.lasso import Folds, standardised
from simzoo.prediction.pool import PUBLISHED, Pool, Target
from simzoo.prediction.signature import plain
from simzoo.storage import atomic, home
from simzoo.tomlfile import Frozen

FILE = "pool.json"
FIT = "simzoo transfer fit TABLE"


class Number(Frozen):
    """One number of the signature: what it is, and its mean and standard deviation in the pool."""

    title: str
    measure: str
    field: str
    params: str
    augmentation: str
    strength: float | None
    n: int = Field(ge=1)
    centre: float
    spread: float = Field(gt=0)


class Place(Frozen):
    """One data set of a task: mean and standard deviation of the pool's accuracies, in percent."""

    name: str
    mean: float
    scale: float


class Task(Frozen):
    """One task: a weight for each number of the signature, how well it did on held-out models, and their scores."""

    name: str
    title: str
    kind: str
    datasets: tuple[Place, ...] = Field(min_length=1)
    offset: float
    weights: tuple[float, ...]
    alpha: float
    models: int
    weighted_tau: float | None
    low: float | None
    high: float | None
    p: float | None
    mae_points: float
    held_out: dict[str, float]
    claim: str


class Fitted(Frozen):
    """A pool that was fitted: what a signature is, and what follows from one for each task."""

    version: Literal[1]
    command: str
    data: str
    split: str
    numbers: tuple[Number, ...] = Field(min_length=1)
    models: tuple[str, ...]
    tasks: tuple[Task, ...] = Field(min_length=1)


def fitted(pool: Pool, found: dict[str, Any], claims: dict[str, str], command: str) -> Fitted:
    """Fit every task on the whole pool, and put beside each how well it did on models that were held out."""
    table = pool.signature.table
    centre, spread = standardised(table.to_numpy(float))
    numbers = [
        Number(title=str(title), centre=float(centre[at]), spread=float(spread[at]), **entry._asdict())
        for at, (title, entry) in enumerate(zip(table, pool.signature.entries, strict=True))
    ]
    judged = {one["task"]: one for one in found["tasks"] if one["pool"] == "all"}
    tasks = [_task(pool, target, judged[target.name], claims[target.name]) for target in pool.targets]
    return Fitted(
        version=1,
        command=command,
        data=pool.signature.data,
        split=pool.signature.split,
        numbers=tuple(numbers),
        models=tuple(pool.models),
        tasks=tuple(tasks),
    )


def _task(pool: Pool, target: Target, judged: dict[str, Any], claim: str) -> Task:
    actual = target.accuracies
    x = pool.signature.table.reindex(actual.index).to_numpy(float)
    made = Folds(x, pd.factorize(pool.groups.reindex(actual.index))[0]).fit(actual.to_numpy(float))
    own, null = judged["scores"][0], judged["null"]
    whole = standardised(pool.signature.table.to_numpy(float))
    # of a task that fewer models have, the weights are for their spread: those of the file are for the whole pool's
    weights = made.weights * whole[1] / made.spread
    offset = float(((whole[0] - made.centre) / made.spread) @ made.weights)
    places = zip(actual, made.mean, made.scale, strict=True)
    return Task(
        name=target.name,
        title=target.title,
        kind=target.kind,
        datasets=tuple(Place(name=str(name), mean=float(mean), scale=float(scale)) for name, mean, scale in places),
        offset=offset,
        weights=tuple(weights.tolist()),
        alpha=made.alpha,
        models=len(actual),
        weighted_tau=own["weighted_tau"],
        low=own["low"],
        high=own["high"],
        p=None if null is None else null["weighted_tau"]["p"],
        mae_points=own["mae_points"],
        held_out={plain(one["model"]): one["predicted"] for one in judged["held_out"]},
        claim=claim,
    )


def last_fit() -> Path:
    """Return where the pool that was fitted last lies: what `predict` takes by default."""
    return home() / "transfer" / FILE


def write_fit(made: Fitted, path: Path) -> Path:
    """Write a fitted pool, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(made.model_dump(mode="json"), indent=1, allow_nan=False), encoding="utf-8")
    return path


def read_fit(path: Path | None = None) -> Fitted:
    """Read a fitted pool: the one that was fitted last, or that of a file or of an output folder."""
    place = last_fit() if path is None else path / FILE if path.is_dir() else path
    if not place.exists():
        raise UsageError(
            "there is no fitted pool" if path is None else f"there is no fitted pool at {place}",
            expected="a pool.json, as simzoo transfer fit writes it",
            got="no such file",
            next_step=f"{FIT}, where TABLE is the table of a grid of models with known accuracies",
        )
    try:
        made = Fitted.model_validate_json(place.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DataError(
            f"{place.name} is not a fitted pool: {where}",
            expected=first["msg"],
            got=repr(first.get("input"))[:80],
            next_step=FIT,
        ) from error
    for task in made.tasks:
        if len(task.weights) != len(made.numbers):
            raise DataError(
                f"{place.name} is not a fitted pool: weights of {task.name}",
                expected=f"{len(made.numbers)} weights, one for each number of the signature",
                got=str(len(task.weights)),
                next_step=FIT,
            )
    return made


def trust(row: Mapping[Any, Any]) -> str:
    """Say how far the order that a fit gives can be trusted: what `predicted` holds of its task."""
    if row["weighted_tau"] is None:
        return f"not at all, the fit ranks no model ({row['claim']})"
    between = "" if row["low"] is None else f" [{row['low']:.2f}, {row['high']:.2f}]"
    chance = "" if row["p"] is None else f", p {row['p']:.2g}"
    return (
        f"on models left out of the pool a weighted tau of {row['weighted_tau']:.2f}{between}{chance}: {row['claim']}"
    )


def predicted(made: Fitted, values: pd.DataFrame, data: str | None = None) -> pd.DataFrame:
    """Predict models from their signatures (models x numbers, columns in the order of the fit), one row a task.

    Columns: model, task, title, score (standard deviations above the pool's mean), held_out (whether the model is in
    the pool: then its score is the one it had when it was left out), points and mae_points (the predicted accuracy on
    `data` in percent, and how far predictions of held-out models were off: only where the pool holds measured
    accuracies on `data`), and of the task weighted_tau, low, high, p and claim.
    """
    z = (values.to_numpy(float) - [one.centre for one in made.numbers]) / [one.spread for one in made.numbers]
    rows = []
    for task in made.tasks:
        scores = task.offset + z @ np.array(task.weights)
        place = next((one for one in task.datasets if one.name == data and task.kind != PUBLISHED), None)
        for name, own in zip(values.index, scores, strict=True):
            held = plain(str(name))
            score = task.held_out.get(held, float(own))
            rows.append(
                {
                    "model": str(name),
                    "task": task.name,
                    "title": task.title,
                    "score": score,
                    "held_out": held in task.held_out,
                    "points": None if place is None else place.mean + score * place.scale,
                    "mae_points": None if place is None else task.mae_points,
                    **{key: getattr(task, key) for key in ("weighted_tau", "low", "high", "p", "claim")},
                }
            )
    found = pd.DataFrame(rows)
    for name in ("points", "mae_points", "weighted_tau", "low", "high", "p"):
        found[name] = found[name].astype(object).where(found[name].notna(), None)  # what there is not is None
    return found
