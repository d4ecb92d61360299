"""Prediction of transfer: every score of held-out models beside its rivals, chance and noise; what goes with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from simzoo.prediction.claims import known
from simzoo.report.prediction_figures import scatter, scores_chart
from simzoo.report.prediction_verdict import fit_of
from simzoo.report.section import Block, Chart, DataView, Text
from simzoo.report.words import counted, joined, numbers, p_value, with_interval
from simzoo.table.schema import Table

READING = (
    "How to read it. Every score is of models that were left out, with all seeds of the same model, and predicted "
    "from the others; the lasso's penalty was chosen by leaving out one more inside. Weighted tau: agreement of two "
    "rankings, 1 the same, -1 reversed, errors among the best count most; the mean over data sets. Its interval is "
    "over draws of models and of data sets, the fit as it is. The null deals the accuracies to other models and fits "
    "again; it lies below 0 because whoever is left out pulls the others' mean away. Ahead: geometry's tau less the "
    "rival's, over the same draws. Regret: how far the model ranked first lies below the best, in points. MAE and R^2"
    " are of the task's score, the mean over data sets of accuracies in standard deviations; predicting the mean of "
    "the others has an R^2 below 0. A static rank has seen how the same models did on the other data sets of the "
    "task, which geometry has not."
)
OURS = (
    "Ours, where the published study is silent: the alphas of the lasso, standard deviations of the training models as "
    "the unit of a prediction, the draws, the null, the rules of the verdict, and the exact five settings and sizes of "
    "the signature. No number here is the paper's."
)


def render(table: Table) -> list[Block]:
    """Return the scores of each task, figures, correlations and trees; nothing where the table carries no fit."""
    found = fit_of(table)
    if found is None:
        return []
    blocks: list[Block] = [Text((READING,), role="note")]
    tasks = found["tasks"]
    whole = [one for one in tasks if one["pool"] == "all"]
    blocks.append(
        Chart(scores_chart(whole), "Weighted tau of held-out models, with intervals; grey: null.", "transfer scores")
    )
    blocks.append(Chart(scatter(whole), _SCATTER, "transfer held out"))
    blocks += [DataView(_scores(one), _caption(one)) for one in tasks]
    blocks += [DataView(_drops(whole), "Geometry's weighted tau with one model less in the pool.")]
    blocks += _correlations(found)
    blocks += [Text(tuple(_lasso(one) for one in whole), role="list")]
    blocks += [Text(tuple(f"{name}: {_tree(text)}" for name, text in found["trees"].items()), role="list")]
    left_out = found["signature"]["left_out"]
    blocks += [Text(tuple(f"Left out: {reason}." for reason in left_out), role="list")] if left_out else []
    return [*blocks, Text((OURS,))]


_SCATTER = (
    "Predicted against measured score of each task, every model as it was predicted when it was left out: standard "
    "deviations from the mean of the models learnt from, and from that of the pool."
)


def _caption(one: Mapping[str, Any]) -> str:
    who = "" if one["pool"] == "all" else f", {one['pool']}"
    ceiling = one["ceiling"]
    noise = (
        f" Noise: a second measurement of the same accuracies ranks {ceiling['models']} models with a weighted tau of "
        f"{numbers(ceiling['weighted_tau'], 1.0)[0]} ({_each(ceiling['datasets'])})."
        if ceiling
        else ""
    )
    null = one["null"]
    chance = " No null was computed."
    if null:
        against = f"weighted tau {_null(null['weighted_tau'])}; R^2 {_null(null['r2'])}"
        chance = f" Null of {null['permutations']} permutations: {against}."
    title = str(one["title"])
    counts = f"{counted(one['groups'], 'model')}, {counted(len(one['datasets']), 'data set')}"
    return f"{title[:1].upper()}{title[1:]}{who}: {counts} ({joined(one['datasets'])}).{chance}{noise}"


def _each(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {numbers(value, 1.0)[0]}" for name, value in values.items())


def _null(null: Mapping[str, float]) -> str:
    return f"{with_interval(null['mean'], null['low'], null['high'])}, p {p_value(null['p'])}"


def _scores(one: Mapping[str, Any]) -> pd.DataFrame:
    rows = []
    for score in one["scores"]:
        ahead = score.get("ahead")
        rows.append(
            {
                "predictor": score["predictor"],
                "has seen": score["knows"],
                "weighted tau": _interval(score["weighted_tau"], score["low"], score["high"]),
                "geometry ahead by": _interval(ahead, score.get("ahead_low"), score.get("ahead_high")),
                "Spearman": _plain(score["spearman"]),
                "Pearson": _plain(score["pearson"]),
                "regret": _plain(score["regret"]),
                "MAE, points": _plain(score["mae_points"]),
                "task: Spearman": _plain(score["task_spearman"]),
                "task: MAE": _plain(score["mae"]),
                "task: R^2": _plain(score["r2"]),
            }
        )
    return pd.DataFrame(rows)


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or not known(value):
        return "-"
    shown = with_interval(value, low, high) if known(low) and known(high) else numbers(value, 1.0)[0]
    return shown.replace(" ", "\N{NO-BREAK SPACE}")


def _plain(value: float | None) -> str:
    return f"{value:.2f}" if value is not None and known(value) else "-"


def _drops(tasks: list[dict[str, Any]]) -> pd.DataFrame:
    columns = {one["title"]: {drop["without"]: _plain(drop["weighted_tau"]) for drop in one["drop"]} for one in tasks}
    return pd.DataFrame(columns).rename_axis("without").reset_index()


def _correlations(found: Mapping[str, Any]) -> list[Block]:
    rows = [
        {"task": name, **{key: _plain(value) if isinstance(value, float) else value for key, value in row.items()}}
        for name, held in found["correlations"].items()
        for row in sorted(held, key=lambda row: float(row["spearman_p"]))
    ]
    frame = pd.DataFrame(rows)
    if frame.empty:
        return []
    sound = sum(row["spearman_q"] < 0.05 for held in found["correlations"].values() for row in held)
    caption = (
        f"Correlation of each number with each accuracy, in the whole pool, seeds averaged: {sound} of {len(frame):,} "
        "have q < .05 (Benjamini-Hochberg within a task). In-sample: it says what goes with what, and predicts nothing."
    )
    return [DataView(frame, caption)]


def _lasso(one: Mapping[str, Any]) -> str:
    weights = sorted(one["weights"].items(), key=lambda item: -abs(item[1]))
    shown = "; ".join(f"{name} {weight:+.2f}" for name, weight in weights) or "no number at all"
    return f"{one['title']}: the lasso on the whole pool keeps {shown}"


def _tree(text: str) -> str:
    """Return scikit-learn's drawing of a tree on one line."""
    return " ".join(text.replace("|---", "->").replace("|", " ").split())
