"""Candidates for fine-tuning: how accurate, how surely so, at what cost, and what scores say of them."""

from __future__ import annotations

import pandas as pd

from simzoo.report.candidates import SIGNIFICANT, accuracies_of, main_measure, pairs_of
from simzoo.report.candidates_figures import accuracies, cost
from simzoo.report.candidates_rows import candidate_rows, group_lines, pair_rows, score_rows, tuning_lines
from simzoo.report.section import Block, Chart, DataView, Text
from simzoo.report.words import counted
from simzoo.table.schema import Table

ACCURACIES = (
    "Linear probe: a logistic regression on the frozen features, its decay chosen on a fifth of the training images. "
    "kNN: the 20 nearest training images vote. Nearest class mean: nothing is chosen or fitted. Few-shot: 5 classes, "
    "5 images of each, 600 times over. Intervals are Wilson's, over the test images; those of few-shot are over "
    "episodes of the same images, and so narrower."
)
COST = (
    "Operations: floating-point operations of one image, a multiplication and an addition as two, of convolutions, "
    "matrix products and attention. Images a second: forward passes of 16 blank images on {where}, the best of three."
)
SCORES = (
    "Scores of the features of the training images, which no test image enters. Larger: more transferable; brackets: "
    "the place among these models. Values of one score compare models on this data set alone. Weighted tau: how far a "
    "score orders the models that have it as their accuracy does (1: the same order, 0: as by chance); of a handful it "
    "is rough, and here it is only a check of the scores: the accuracies were measured."
)

PREDICTED = (
    "Score: standard deviations above the mean of the pool's models; it ranks models and is no accuracy. Points (per "
    "cent) stand only where the pool holds accuracies measured on this data. The accuracies above were measured."
)


def render(table: Table) -> list[Block]:
    """Return the comparison of candidates; nothing where the table is of another kind."""
    if "candidates" not in table.context:
        return []
    drawn, against_cost = accuracies(table), cost(table)
    where = str(table.context["candidates"].get("device") or "cpu")
    blocks: list[Block] = []
    if drawn is not None:
        blocks.append(Chart(drawn, ACCURACIES, "accuracies"))
    blocks.append(DataView(candidate_rows(table), COST.format(where=where)))
    blocks += _apart(table)
    if lines := tuning_lines(table):
        blocks += [Text(("Fine-tuned:",)), Text(tuple(lines), role="list")]
    if against_cost is not None:
        blocks.append(Chart(against_cost, "Accuracy against cost. Lines: intervals.", "cost"))
    if len(scores := score_rows(table)):
        blocks.append(DataView(scores, SCORES))
    return [*blocks, *_predicted(table)]


def _apart(table: Table) -> list[Block]:
    measure = main_measure(table)
    pairs = pairs_of(table, measure) if measure else []
    if not measure or not pairs:
        return []
    n = next(iter(accuracies_of(table, measure).values())).n
    return [
        Text(("Groups of models that cannot be told apart, the best first (a model may be in several):",)),
        Text(tuple(group_lines(table)), role="list"),
        DataView(
            pair_rows(table),
            f"Differences of the {measure.replace('_', ' ')} accuracy on the same {n:,} test images. Intervals are of "
            "half-samples of these images, the same for both models; what is learnt from stays as it is. Only: how "
            "many images one of the two alone gets right, estimated (to about a seventh) from the spread of the "
            f"half-samples. p: McNemar's test of these counts, corrected for {counted(len(pairs), 'pair')} by "
            "Holm's method; told apart: "
            f"p < {SIGNIFICANT:g}.",
        ),
    ]


def _predicted(table: Table) -> list[Block]:
    """Return the prediction from geometry, where a pool was fitted for it."""
    found = table.context["candidates"].get("predicted") or {}
    if not found.get("rows"):
        return []
    rows = [
        {
            "model": one["model"],
            "task": one["task"] or "-",
            "score": "-" if one["score"] is None else f"{one['score']:+.2f}",
            "points": "-" if one.get("points") is None else f"{one['points']:.1f}",
            "": one["reason"] or ("in the pool: as when it was left out" if one.get("held_out") else ""),
        }
        for one in sorted(found["rows"], key=lambda one: (one["task"], -(one["score"] or 0)))
    ]
    start = "Predicted from geometry, by a pool of models that was fitted before. How far its order can be trusted:"
    return [Text((start,)), Text(tuple(found["about"]), role="list"), DataView(pd.DataFrame(rows), PREDICTED)]
