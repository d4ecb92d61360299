"""`simzoo transfer predict`: models to signatures, as the fit had them, to what it foretells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from simzoo.errors import UndefinedError
from simzoo.grids import run_grid
from simzoo.names import resolve
from simzoo.prediction.fitted import Fitted, Number, predicted, read_fit
from simzoo.prediction.signature import NO_STRENGTH, plain
from simzoo.progress import Progress
from simzoo.table.query import last_layers
from simzoo.table.store import read_rows


def transfer_predict(
    *models: str,
    data: str | None = None,
    pool: Fitted | str | Path | None = None,
    table: str | Path | None = None,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Predict how models rank from their geometry, by a fitted pool; one row for each task and model.

    What the signature needs is measured where it is not yet, on the images, the augmentations and with the options of
    the pool. Columns: model, task, title, score (standard deviations above the pool's mean), held_out (whether the
    model is in the pool: then the score is the one it had when it was left out), points and mae_points (percent: only
    where the pool holds measured accuracies on `data`), and how well the pool ranked held-out models: weighted_tau,
    low, high, p, claim.

    Args:
        models: names as for `compare`.
        data: where accuracy is wanted; no image of it is looked at.
        pool: a fit, its file or folder; by default the one that was fitted last.
        table: a table that holds the signatures; then nothing is measured.
        device: where networks run.
        may_train: whether models that are not trained yet may be.
        yes: consent to more than 30 minutes of training.
        progress: told of every block.
    """
    made = pool if isinstance(pool, Fitted) else read_fit(None if pool is None else Path(pool))
    names = [spec.name for name in models for spec in resolve(name, seed=0)]
    if table is None:
        rows = run_grid(
            models=names, device=device, may_train=may_train, yes=yes, progress=progress, **grid_words(made)
        ).table
    else:
        rows = read_rows(str(table))
    return predicted(made, _signatures(made, rows, names), data)


def grid_words(made: Fitted) -> dict[str, Any]:
    """Return the words of a grid that measures the signature of a fit."""
    settings = {(one.augmentation, one.strength): one.n for one in made.numbers}
    measures = {(one.measure, one.params): None for one in made.numbers}
    return {
        "measures": [{"name": name, **json.loads(params)} for name, params in measures],
        "augmentations": [
            {"name": name, "n": n} | ({} if strength is None else {"strength": strength})
            for (name, strength), n in settings.items()
        ],
        "data": [made.data],
        "taps": "final",
        "n": max(settings.values()),
        "resamples": 0,
        "permutations": 0,
    }


def _signatures(made: Fitted, rows: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Return models x numbers, in the order of the fit."""
    rows = rows.assign(model=rows["model"].map(plain))
    names = [plain(name) for name in models]
    sound = last_layers(rows[(rows["data"] == made.data) & rows["model"].isin(names)])
    sound = sound.assign(strength=sound["strength"].fillna(NO_STRENGTH).astype(float))
    keys = ["model", "measure", "field", "params", "augmentation", "strength"]
    values = sound[sound["status"] == "ok"].groupby(keys)["value"].mean().astype(float)
    return pd.DataFrame(
        [[_value(values, rows, model, number) for number in made.numbers] for model in names], index=list(models)
    )


def _value(values: pd.Series, rows: pd.DataFrame, model: str, number: Number) -> float:
    strength = NO_STRENGTH if number.strength is None else number.strength
    key = (model, number.measure, number.field, number.params, number.augmentation, strength)
    if key not in values.index:
        why = rows.loc[(rows["model"] == model) & (rows["status"] != "ok"), "reason"].dropna().unique()
        raise UndefinedError(
            f"{model} has no {number.title}, which the fit predicts from",
            expected=f"a row of {number.measure} with the options {number.params}",
            got=str(why[0]) if len(why) else "no such row",
            next_step="simzoo transfer predict MODEL without --table measures it, or fit a pool that this model is in",
        )
    return float(values[key])
