"""Candidates as rows of text: accuracies, costs, pairs, groups, scores, what came of fine-tuning."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from simzoo.cards import is_non_commercial
from simzoo.report.candidates import (
    PROBES,
    SIGNIFICANT,
    Pair,
    Share,
    accuracies_of,
    agreement,
    candidates,
    cost_of,
    groups_of,
    main_measure,
    pairs_of,
    scores_of,
)
from simzoo.report.words import counted, duration, joined, label, real
from simzoo.table.schema import Table


def share(value: Share | None) -> str:
    """Write an accuracy in per cent with its interval.

    >>> share(Share(0.7133, 0.66, 0.7614, 300)), share(None)
    ('71.3 % [66.0, 76.1]', '-')
    """
    if value is None:
        return "-"
    return f"{100 * value.value:.1f} % [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def points(pair: Pair) -> str:
    """Write a difference of accuracies in points with its interval.

    >>> points(Pair("a", "b", 0.013, -0.02, 0.046, 0.4))
    '1.3 points [-2.0, 4.6]'
    """
    return f"{100 * pair.difference:.1f} points [{100 * pair.low:.1f}, {100 * pair.high:.1f}]"


def candidate_rows(table: Table, probes: Iterable[str] = PROBES) -> pd.DataFrame:
    """Return a row of text for each model: its accuracies, its size and speed, its licence; the best first."""
    measured = {name: accuracies_of(table, name) for name in probes}
    tuned = {one["model"]: one for one in table.context["candidates"].get("finetuned") or ()}
    rows = []
    for model in candidates(table):
        row = {"model": model}
        if tuned:
            row["fine-tuned"] = tuned_share(tuned[model]) if model in tuned else "-"
        row |= {PROBES[name]: share(found.get(model)) for name, found in measured.items() if found}
        rows.append(row | cost_words(table, model))
    return pd.DataFrame(rows)


def cost_words(table: Table, model: str) -> dict[str, str]:
    """Return what a model costs, as cells of a table."""
    cost, facts = cost_of(table, model), table.models.get(model, {})
    licence = str(facts.get("licence") or "not stated")
    return {
        "parameters": _millions(cost["parameters"]),
        "operations": _billions(cost["flops"]),
        "images a second": "-" if cost["images_per_second"] is None else f"{cost['images_per_second']:,.0f}",
        "licence": f"{licence} (NON-COMMERCIAL USE ONLY)" if is_non_commercial(licence) else licence,
    }


def pair_rows(table: Table) -> pd.DataFrame:
    """Return the paired differences of the accuracy that models are ordered by, those of the best model first."""
    measure = main_measure(table)
    pairs = pairs_of(table, measure) if measure else []
    return pd.DataFrame(
        [
            {
                "better": one.a,
                "worse": one.b,
                "difference": points(one),
                "only the better": str(one.only_a),
                "only the worse": str(one.only_b),
                "p, corrected": _p_value(one.p),
                "told apart": "yes" if one.apart else "no",
            }
            for one in pairs
        ]
    )


def group_lines(table: Table) -> list[str]:
    """Return the groups of models that cannot be told apart, one line each."""
    measure = main_measure(table)
    if measure is None:
        return []
    found = accuracies_of(table, measure)
    runs = groups_of(list(found), pairs_of(table, measure))
    return [f"{joined(run)}: {_range([found[name] for name in run])}" for run in runs]


def score_rows(table: Table) -> pd.DataFrame:
    """Return a row of text for each score: the models in the order of their accuracy, with places in brackets."""
    scores, agrees = scores_of(table), agreement(table)
    order = [name for name in candidates(table) if name in scores.index]
    ranks = scores.rank(ascending=False, method="min")
    told = any(not math.isnan(tau) for tau in agrees.values())
    rows = []
    for name in scores:
        row = {"score": label(str(name))}
        row |= {model: _ranked(scores[name][model], ranks[name][model]) for model in order}
        tau = agrees.get(str(name), math.nan)
        rows.append(row | ({"weighted tau": "-" if math.isnan(tau) else f"{tau:+.2f}"} if told else {}))
    return pd.DataFrame(rows)


def score_table(scores: pd.DataFrame) -> Any:
    """Return the scores for a terminal: a row a measure, a column a model, the best in bold."""
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, pad_edge=False)
    grid.add_column("score")
    for model in scores.index:
        grid.add_column(str(model), justify="right", overflow="fold")
    for name in scores:
        best = scores[name].max()
        cells = [Text(_number(value), "bold" if value == best else "") for value in scores[name]]
        grid.add_row(label(str(name)), *cells)
    return grid


def tuning_lines(table: Table) -> list[str]:
    """Return what came of fine-tuning, one line a model and one a pair."""
    context = table.context["candidates"]
    lines = []
    for one in context.get("finetuned") or ():
        if one.get("reason"):
            lines.append(f"{one['model']} was not fine-tuned: {one['reason']}")
            continue
        spent = (
            f"{counted(one['epochs'], 'epoch')}, {counted(one['train_images'], 'image')}, {duration(one['seconds'])}"
        )
        lines.append(f"{one['model']} {tuned_share(one)} after {spent}; kept as {one['name']}")
    lines += [
        f"{one['a']} against {one['b']}: {counted(one['only_a'], 'test image')} only the first gets right, "
        f"{one['only_b']:,} only the second; {'told apart' if one['p'] < SIGNIFICANT else 'cannot be told apart'} "
        f"(exact McNemar test, p {_p_value(one['p'])})"
        for one in context.get("finetuned_pairs") or ()
    ]
    return lines


def tuned_share(one: Mapping[str, Any]) -> str:
    """Write the accuracy of a fine-tuned model, where it could be fine-tuned."""
    if one.get("reason"):
        return "-"
    return share(Share(one["accuracy"], one["low"], one["high"], one["n"]))


def _range(shares: list[Share]) -> str:
    values = [100 * one.value for one in shares]
    return f"{values[0]:.1f} %" if len(values) == 1 else f"{max(values):.1f} to {min(values):.1f} %"


def _ranked(value: Any, rank: Any) -> str:
    number = real(value)
    return "-" if number is None else f"{_number(number)} ({rank:.0f})"


def _number(value: Any) -> str:
    number = real(value)
    return "-" if number is None else f"{number:.4g}"


def _p_value(p: float) -> str:
    return "< .001" if p < 0.001 else f"{p:.3f}"[1:] if p < 1 else "1"


def _millions(value: float | None) -> str:
    return "-" if value is None else f"{value / 1e6:.2f} million"


def _billions(value: float | None) -> str:
    return "-" if value is None else f"{value / 1e9:.2f} billion"
