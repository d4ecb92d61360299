"""What predicts transfer without looking at any image: published accuracies held against published accuracies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from simzoo.prediction.scores import bootstrap, interval, per_dataset
from simzoo.prediction.tasks import TASKS, Task, accuracies, imagenet, second_finetuning

SUPERVISED = "Supervised"  # the one model of the study that saw labels
DRAWS = 1_000
_BY_NAME = {task.name: task for task in TASKS}
_FEWSHOT = Task("fewshot", "few-shot, 5-way 20-shot", "few_shot_5way_20shot")
_SFDA = "fine-tune of SFDA"
_LOGME = Task("finetune", "fine-tune of TLlib", "many_shot_finetune_LogME")
_ESTIMATORS = ("LogME", "LEEP", "NCE", "HScore")
_SINGLE = ("detection_frozen", "detection_finetune", "normals", "segmentation")
_COPY_ERROR = "apparent copy error"  # so says the note of a column that repeats another
_CEILING = "Ericsson's fine-tune, same data set (noise ceiling)"
_TOP1 = "ImageNet top-1"
_STATIC = "static rank on the other data sets"


class Line(NamedTuple):
    """One predictor of one target over one pool of models; both tables are models x data sets."""

    predictor: str
    target: str
    pool: str
    predicted: pd.DataFrame
    actual: pd.DataFrame


def static_rank(actual: pd.DataFrame) -> pd.DataFrame:
    """Return, for each data set, the mean rank of each model on the other data sets (larger is better).

    It knows how the same models transferred elsewhere, which no score of their features does.
    """
    ranks = actual.rank()
    return pd.DataFrame({name: ranks.drop(columns=name).mean(axis=1) for name in actual.columns})


def everywhere(scores: pd.Series, actual: pd.DataFrame) -> pd.DataFrame:
    """Return one score a model as the score on every data set."""
    return pd.DataFrame(dict.fromkeys(actual.columns, scores.reindex(actual.index)))


def baselines(results: pd.DataFrame, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return every baseline of the published tables with its mean scores over data sets, one a row.

    Columns: predictor, target, pool, models, datasets, weighted_tau with `low` and `high` (95 % interval over models
    and data sets), kendall, spearman, pearson, regret (in the unit of the target).
    """
    return pd.DataFrame([_row(line, draws, seed) for line in lines(results)])


def _row(line: Line, draws: int, seed: int) -> dict[str, object]:
    scores = per_dataset(line.predicted, line.actual)
    low, high = interval(bootstrap(line.predicted, line.actual, draws, seed))
    means = {str(name): float(value) for name, value in scores.mean().items()}
    about = (line.predictor, line.target, line.pool, len(line.actual), int(scores["weighted_tau"].notna().sum()))
    return {
        **dict(zip(("predictor", "target", "pool", "models", "datasets"), about, strict=True)),
        "weighted_tau": means.pop("weighted_tau"),
        "low": low,
        "high": high,
        **means,
    }


def lines(results: pd.DataFrame) -> Iterator[Line]:
    """Yield what is held against what, the recognition tasks of the study first."""
    top1 = imagenet(results)
    linear, finetune = (accuracies(results, _BY_NAME[name]) for name in ("linear", "finetune"))
    for target, actual in (("linear", linear), ("fine-tune", finetune)):
        yield Line(_TOP1, target, "14 models", everywhere(top1, actual), actual)
        ssl = actual.drop(index=SUPERVISED)
        yield Line(_TOP1, target, "13 SSL models", everywhere(top1, ssl), ssl)
        yield Line(_STATIC, target, "14 models", static_rank(actual), actual)
        yield Line(_STATIC, target, "13 SSL models", static_rank(ssl), ssl)
    yield Line("linear, same data set", "fine-tune", "14 models", linear, finetune)
    yield from _second_finetuning(results, top1, linear, finetune)
    fewshot = accuracies(results, _FEWSHOT)
    yield Line(_TOP1, "few-shot", "14 models", everywhere(top1, fewshot), fewshot)
    yield Line(_STATIC, "few-shot", "14 models", static_rank(fewshot), fewshot)
    for name in _SINGLE:
        actual = accuracies(results, _BY_NAME[name])
        title = _BY_NAME[name].title
        yield Line(_TOP1, title, "14 models", everywhere(top1, actual), actual)
        yield Line("mean linear accuracy", title, "14 models", everywhere(linear.mean(axis=1), actual), actual)
    yield from _estimators(results)


def _second_finetuning(
    results: pd.DataFrame, top1: pd.Series, linear: pd.DataFrame, finetune: pd.DataFrame
) -> Iterator[Line]:
    """Yield what predicts the other fine-tuning of the same weights: the study's own is a level of its noise."""
    second = second_finetuning(results)
    ours = second[second.index.isin(linear.index)]
    others = second.drop(index=ours.index)
    pool = f"{len(ours)} SSL models"
    yield Line(_CEILING, _SFDA, pool, finetune.reindex(ours.index), ours)
    yield Line("Ericsson's linear, same data set", _SFDA, pool, linear.reindex(ours.index), ours)
    yield Line(_TOP1, _SFDA, pool, everywhere(top1, ours), ours)
    yield Line(_STATIC, _SFDA, pool, static_rank(ours), ours)
    yield Line(_STATIC, _SFDA, f"{len(others)} supervised CNNs", static_rank(others), others)


def _estimators(results: pd.DataFrame) -> Iterator[Line]:
    """Yield the published transferability scores of supervised networks."""
    actual = accuracies(results, _LOGME, "tllib")
    pool = f"{len(actual)} supervised CNNs"
    results = results[~results["note"].str.contains(_COPY_ERROR)]
    for name in _ESTIMATORS:
        scores = accuracies(results, Task(name, name, "transferability_score", name), "tllib")
        yield Line(f"{name} (published)", _LOGME.title, pool, scores.reindex(actual.index), actual)
    yield Line(_STATIC, _LOGME.title, pool, static_rank(actual), actual)
