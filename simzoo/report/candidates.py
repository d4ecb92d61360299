"""What a table says of models that are to be chosen from: accuracies, paired differences, groups, scores.

The rules are ours. A difference of two accuracies is of the same test images: its interval comes from half-samples of
these images, the same halves for both models (what is learnt from stays as it is). How many images only one of the two
gets right is counted from the spread of the halves' differences, and p is McNemar's exact test of these counts,
corrected for the number of pairs by Holm's method. Two models *cannot be told apart* where that p is `SIGNIFICANT` or
more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simzoo.report.reading import ACCURACY
from simzoo.report.words import real
from simzoo.table.schema import Table
from simzoo.table.shares import wilson

SIGNIFICANT = 0.05
MAIN = ("linear_probe", ACCURACY)  # by which models are ordered: the first that was measured
PROBES = {
    "linear_probe": "linear probe",
    ACCURACY: "kNN",
    "nearest_class_mean": "nearest class mean",
    "few_shot": "few-shot",
}
TRAIN = "train"
NCTI = ("ncti.self_consistency", "ncti.class_means", "ncti.collapse")


class Share(NamedTuple):
    """An accuracy with its 95 % interval over the n test images (Wilson's; of few-shot episodes their own)."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Pair:
    """Two models on the same images: accuracy of `a` less that of `b`, its interval, and p after Holm's correction.

    `only_a` and `only_b` are how many images only one of the two gets right.
    """

    a: str
    b: str
    difference: float
    low: float
    high: float
    p: float
    only_a: int = 0
    only_b: int = 0

    @property
    def apart(self) -> bool:
        """Whether the two can be told apart."""
        return self.p < SIGNIFICANT


def accuracies_of(table: Table, measure: str) -> dict[str, Share]:
    """Return the accuracy of each model that has one, the best first."""
    rows = table.rows
    keep = (rows["measure"] == measure) & (rows["split"] != TRAIN) & (rows["status"] == "ok")
    found: dict[str, Share] = {}
    for model, part in rows[keep].groupby("model", sort=False):
        values = {str(row["field"]): float(row["value"]) for row in part.to_dict("records")}
        n = int(part["n"].iloc[0])
        if "accuracy" in values:
            found[str(model)] = Share(values["accuracy"], values["low"], values["high"], n)
        else:
            found[str(model)] = Share(values["value"], *wilson(round(values["value"] * n), n), n)
    return dict(sorted(found.items(), key=lambda entry: -entry[1].value))


def main_measure(table: Table) -> str | None:
    """Return the accuracy that models are ordered by, or None where none was measured."""
    return next((measure for measure in MAIN if accuracies_of(table, measure)), None)


def candidates(table: Table) -> list[str]:
    """Return the models in order of their accuracy, those without one last."""
    measure = main_measure(table)
    best = list(accuracies_of(table, measure)) if measure else []
    asked = [str(name) for name in table.context["candidates"]["models"]]
    return [*best, *(name for name in asked if name not in best)]


def pairs_of(table: Table, measure: str) -> list[Pair]:
    """Return all pairs of models, the better first; those whose half-samples are not in the table are left out."""
    found, halves = accuracies_of(table, measure), _halves(table, measure)
    raw = []
    for a, b in combinations(found, 2):
        if a not in halves or b not in halves or len(halves[a]) != len(halves[b]) or found[a].n != found[b].n:
            continue
        difference, apart = found[a].value - found[b].value, halves[a] - halves[b]
        low, high = difference + np.percentile(apart, (2.5, 97.5), method="weibull") - apart.mean()
        only_a, only_b = judged_differently(difference, float(apart.var(ddof=1)), found[a].n)
        p = mcnemar(only_a, only_b)
        raw.append(Pair(a, b, difference, float(low), float(high), p, only_a, only_b))
    return [replace(one, p=p) for one, p in zip(raw, holm([one.p for one in raw]), strict=True)]


def judged_differently(difference: float, variance: float, n: int) -> tuple[int, int]:
    """Return how many of n images only the first, and only the second model gets right.

    The difference of the accuracies says by how many more the first is right; the variance of that difference over
    half-samples, drawn without replacement, says how many there are together, up to the chance in it.

    >>> judged_differently(0.02, 0.1 / 99 * (1 - 0.1 * 0.04), 100)  # of 10 images 6 and 4
    (6, 4)
    """
    half, more = n // 2, round(n * difference)
    together = (n - 1) * variance * half / (1 - half / n) + more**2 / n
    pairs = max(0, round((together - abs(more)) / 2))  # of an image each, so that the difference stays
    return pairs + max(0, more), pairs + max(0, -more)


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided p of McNemar's exact test: whether such counts can be halves of one by chance.

    >>> round(mcnemar(9, 1), 6), mcnemar(4, 4)
    (0.021484, 1.0)
    """
    from scipy.stats import binom

    return float(min(1.0, 2 * binom.cdf(min(only_a, only_b), only_a + only_b, 0.5)))


def groups_of(order: Sequence[str], pairs: Sequence[Pair]) -> list[list[str]]:
    """Return the longest runs of models, in their order, of which no two can be told apart; a model may be in several.

    Models that were not compared, on other images, are not in one.

    >>> near = [Pair(a, b, 0.01, -0.1, 0.1, 0.9) for a, b in ("ab", "bc")]
    >>> groups_of("abc", [*near, Pair("a", "c", 0.2, 0.1, 0.3, 0.001)])
    [['a', 'b'], ['b', 'c']]
    """
    near = {frozenset((one.a, one.b)) for one in pairs if not one.apart}
    runs: list[list[str]] = []
    for start in range(len(order)):
        run = [order[start]]
        for name in order[start + 1 :]:
            if any(frozenset((name, other)) not in near for other in run):
                break
            run.append(name)
        if not runs or not set(run) <= set(runs[-1]):
            runs.append(run)
    return runs


def holm(ps: Sequence[float]) -> list[float]:
    """Return p-values corrected for how many they are, by Holm's method.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(ps)), key=lambda at: ps[at])
    corrected, largest = [0.0] * len(ps), 0.0
    for place, at in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - place) * ps[at]))
        corrected[at] = largest
    return corrected


def scores_of(table: Table) -> pd.DataFrame:
    """Return the scores on the training images, a row a model and a column a measure; NaN where there is none.

    NCTI is one number over these models, made of its three parts as `simzoo.measures.transferability` has it.
    """
    rows = table.rows[(table.rows["split"] == TRAIN) & table.rows["model_b"].isna()]
    names = rows["measure"].where(rows["field"] == "value", rows["measure"] + "." + rows["field"])
    named = rows.assign(score=names.astype(object), model=rows["model"].astype(object))
    values = named.assign(value=named["value"].astype("float64"))
    wide = values.pivot_table(index="model", columns="score", values="value", sort=False, dropna=False)
    asked = list(dict.fromkeys(named["model"]))
    wide = wide.reindex(index=asked, columns=list(dict.fromkeys(named["score"])))
    return _with_ncti(wide).rename_axis(index="model", columns=None)


def agreement(table: Table) -> dict[str, float]:
    """Return how well each score ranks the models by their measured accuracy: weighted Kendall tau, NaN for too few."""
    from simzoo.prediction.scores import ranking

    measure = main_measure(table)
    if measure is None:
        return {}
    found, scores = accuracies_of(table, measure), scores_of(table)
    known = scores.reindex(index=list(found))
    actual = [share.value for share in found.values()]
    return {str(name): ranking(known[name].to_list(), actual).weighted_tau for name in known}


def cost_of(table: Table, model: str) -> dict[str, float | None]:
    """Return parameters, floating-point operations of one image and images a second; None where not known."""
    facts: Mapping[str, Any] = table.models.get(model, {})
    return {name: real(facts.get(name)) for name in ("parameters", "flops", "images_per_second")}


def _with_ncti(scores: pd.DataFrame) -> pd.DataFrame:
    """Put the score of a pool in the place of its parts: each scaled to [0, 1] over the models, the last taken off."""
    if not set(NCTI) <= set(scores.columns):
        return scores
    parts = scores[list(NCTI)]
    width = (parts.max() - parts.min()).replace(0, 1)
    shares = (parts - parts.min()) / width
    pooled = shares[NCTI[0]] + shares[NCTI[1]] - shares[NCTI[2]]
    alone = len(parts.dropna()) < 2  # one model is no pool
    together = scores.assign(**{NCTI[0]: math.nan * pooled if alone else pooled}).rename(columns={NCTI[0]: "ncti"})
    return together.drop(columns=list(NCTI[1:]))


def _halves(table: Table, measure: str) -> dict[str, Any]:
    return {
        str(one["model"]): np.asarray(one["values"], dtype=np.float64)
        for one in table.context.get("half_samples") or ()
        if one["measure"] == measure and one["split"] != TRAIN
    }
