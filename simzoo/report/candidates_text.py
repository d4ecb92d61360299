"""Which model to take, in words: the sentences that come first, and the tables of terminal and page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from simzoo.cards import is_non_commercial
from simzoo.report.candidates import (
    MAIN,
    PROBES,
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
from simzoo.report.reading import problems
from simzoo.report.words import counted, duration, joined, label, real
from simzoo.table.schema import Table

CHEAPER = 0.8  # of the operations of the best: below it another model is worth a sentence
NAMED = 4  # models that a sentence names


def candidate_sentences(table: Table) -> list[str]:
    """Return what is to be said first: which model, how sure that is, what it costs, and what could not be said."""
    measure = main_measure(table)
    if measure is None:
        return ["No model can be recommended: no accuracy could be measured.", *_problems(table)]
    found, pairs = accuracies_of(table, measure), pairs_of(table, measure)
    best = next(iter(found))
    group = next((run for run in groups_of(list(found), pairs) if best in run), [best])
    return [
        *_tuned(table),
        _which(table, measure, best, found[best]),
        *_how_sure(found, pairs, best),
        *_what_it_costs(table, found, best, group),
        *_confirm(table, best, group),
        *_problems(table),
    ]


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
            row["fine-tuned"] = _tuned_share(tuned[model]) if model in tuned else "-"
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
    """Return the paired differences of the accuracy that models are ordered by, the clearest first."""
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
            for one in sorted(pairs, key=lambda one: one.p)
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


def score_lines(table: Table) -> list[str]:
    """Return what is to be said below scores: what larger means, and why some have no value."""
    undefined = _undefined(table.rows[table.rows["status"] == "undefined"])
    start = "Larger: more transferable. Scores compare models on this data set alone."
    return [start, *_problems(table), *undefined]


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
        lines.append(f"{one['model']} {_tuned_share(one)} after {spent}; kept as {one['name']}")
    lines += [
        f"{one['a']} against {one['b']}: {counted(one['only_a'], 'test image')} only the first gets right, "
        f"{one['only_b']:,} only the second; {'told apart' if one['p'] < 0.05 else 'cannot be told apart'} "
        f"(exact McNemar test, p {_p_value(one['p'])})"
        for one in context.get("finetuned_pairs") or ()
    ]
    return lines


def _which(table: Table, measure: str, best: str, found: Share) -> str:
    data = table.context["data"]
    classes = data.get("classes")
    chance = f"; guessing would be right of {100 / classes:.1f} %" if classes else ""
    means = "a linear probe on its features" if measure == "linear_probe" else "its nearest training images"
    verb = "is" if measure == "linear_probe" else "are"
    tuned = any(not one.get("reason") for one in table.context["candidates"].get("finetuned") or ())
    start = f"Before fine-tuning {best} was ahead" if tuned else f"Fine-tune {best} first"
    return (
        f"{start}: {means} {verb} right of {share(found)} of {found.n:,} test images of {data['name']} "
        f"(95 % interval{chance})."
    )


def _how_sure(found: Mapping[str, Share], pairs: list[Pair], best: str) -> list[str]:
    against = {one.b if one.a == best else one.a: one for one in pairs if best in (one.a, one.b)}
    if not against:
        return ["How sure that is cannot be said: nothing was measured to compare it with."] if len(found) < 2 else []
    near = [name for name in found if name in against and not against[name].apart]
    far = [name for name in found if name in against and against[name].apart]
    corrected = f" (paired over the test images, corrected for {counted(len(pairs), 'pair')})" if len(pairs) > 1 else ""
    if not near:
        closest = far[0]
        return [f"That is sure: all others are worse, {closest} by {points(against[closest])}{corrected}."]
    named = _some(near)
    first = (
        f"It cannot be told apart from {named}: the difference to {near[0]} is {points(against[near[0]])}{corrected}."
    )
    return [first, *([f"Worse for sure {'is' if len(far) == 1 else 'are'} {_some(far)}."] if far else [])]


def _what_it_costs(table: Table, found: Mapping[str, Share], best: str, group: list[str]) -> list[str]:
    cost, words = cost_of(table, best), cost_words(table, best)
    said = []
    if cost["parameters"] is not None:
        said.append(f"{words['parameters']} parameters")
    if cost["flops"] is not None:
        said.append(f"{words['operations']} operations an image")
    if cost["images_per_second"] is not None:
        said.append(f"{words['images a second']} images a second here")
    sentences = [f"It costs {joined(said)}; licence: {words['licence']}."] if said else []
    flops = {name: cost_of(table, name)["flops"] for name in group}
    known = {name: value for name, value in flops.items() if value is not None}
    cheapest = min(known, key=lambda name: known[name], default=best)
    if best in known and known[cheapest] < CHEAPER * known[best]:
        sentences.append(
            f"If cost counts, take {cheapest}: it cannot be told apart and needs "
            f"{100 * known[cheapest] / known[best]:.0f} % of the operations."
        )
    if is_non_commercial(str(table.models.get(best, {}).get("licence") or "")):
        free = [name for name in found if not is_non_commercial(str(table.models.get(name, {}).get("licence") or ""))]
        known_free = f"The best without that term is {free[0]} ({share(found[free[0]])})." if free else ""
        sentences.append(f"{best} is for non-commercial use only. {known_free}".strip())
    return sentences


def _tuned(table: Table) -> list[str]:
    """Say which fine-tuned model is the best, where some were fine-tuned."""
    context = table.context["candidates"]
    done = [one for one in context.get("finetuned") or () if not one.get("reason")]
    lost = [
        f"{one['model']} was not fine-tuned: {one['reason']}."
        for one in context.get("finetuned") or ()
        if one.get("reason")
    ]
    if not done:
        return lost
    done = sorted(done, key=lambda one: -one["accuracy"])
    first = f"Fine-tuned by recipe {done[0]['recipe']}, {done[0]['model']} is right of {_tuned_share(done[0])}"
    others = [f"{one['model']} of {_tuned_share(one)}" for one in done[1:]]
    ties = [
        other
        for one in context.get("finetuned_pairs") or ()
        if one["p"] >= 0.05 and done[0]["model"] in (one["a"], one["b"])
        for other in ({one["a"], one["b"]} - {done[0]["model"]})
    ]
    apart = f" It cannot be told apart from {joined(ties)} (exact McNemar test)." if ties else ""
    return [f"{first}{', ' + joined(others) if others else ''}.{apart}", *lost]


def _confirm(table: Table, best: str, group: list[str]) -> list[str]:
    if table.context["candidates"].get("finetuned"):
        return []
    top = max(2, min(len(group), NAMED))
    start = "A probe leaves the features as they are; fine-tuning changes them and mostly, not always, keeps the order"
    return [f"{start}: --finetune {top} trains the best {top} and measures them, {best} among them."]


def _problems(table: Table) -> list[str]:
    """Say which models could not be measured, and which of the accuracies there are none of."""
    bad, sentences = problems(table), []
    for model, part in bad[bad["status"] == "failed"].groupby("model", sort=False):
        reason = str(part["reason"].iloc[0]).replace("\n  ", "; ")
        lost = "not measured" if len(part) == (table.rows["model"] == model).sum() else "not wholly measured"
        sentences.append(f"{model} was {lost}: {reason}.")
    undefined = bad[(bad["status"] == "undefined") & bad["measure"].isin(list(MAIN))]
    return [*sentences, *_undefined(undefined)]


def _undefined(rows: pd.DataFrame) -> list[str]:
    """Return one sentence for each measure that some models have no value of."""
    found = []
    for measure, part in rows.groupby("measure", sort=False):
        names = list(dict.fromkeys(str(name) for name in part["model"]))
        why = str(part["reason"].iloc[0]).split("\n", maxsplit=1)[0]
        found.append(f"No {label(str(measure))} of {_some(names)}: {why}.")
    return found


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return joined(names) if more <= 1 else joined([*names[:NAMED], f"{more} more"])


def _range(shares: list[Share]) -> str:
    values = [100 * one.value for one in shares]
    return f"{values[0]:.1f} %" if len(values) == 1 else f"{max(values):.1f} to {min(values):.1f} %"


def _tuned_share(one: Mapping[str, Any]) -> str:
    if one.get("reason"):
        return "-"
    return share(Share(one["accuracy"], one["low"], one["high"], one["n"]))


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
