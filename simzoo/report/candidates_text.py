"""Which model to take, in the sentences that come first: which, how sure that is, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from simzoo.cards import is_non_commercial
from simzoo.report.candidates import (
    MAIN,
    SIGNIFICANT,
    Pair,
    Share,
    accuracies_of,
    cost_of,
    groups_of,
    main_measure,
    pairs_of,
)
from simzoo.report.candidates_rows import cost_words, points, share, tuned_share
from simzoo.report.reading import problems
from simzoo.report.words import counted, joined, label
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
        *_what_it_costs(table, found, pairs, best, group),
        *_confirm(table, best, group),
        *_problems(table),
    ]


def score_lines(table: Table) -> list[str]:
    """Return what is to be said below scores: what larger means, and why some have no value."""
    undefined = _undefined(table.rows[table.rows["status"] == "undefined"])
    start = "Larger: more transferable. Scores compare models on this data set alone."
    return [start, *_problems(table), *undefined]


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
        by = f"by {points(against[closest])}"
        if len(far) == 1:
            return [f"{closest} is worse, {by}."]
        others = "All others" if len(far) + 1 == len(found) else _some(far)
        return [f"{others} are worse, {closest} {by}{corrected}."]
    named = _some(near)
    first = (
        f"It cannot be told apart from {named}: the difference to {near[0]} is {points(against[near[0]])}{corrected}."
    )
    if not far:
        return [first]
    return [first, f"{_some(far)} {'is' if len(far) == 1 else 'are'} worse (paired, p < .05 after Holm)."]


def _what_it_costs(
    table: Table, found: Mapping[str, Share], pairs: list[Pair], best: str, group: list[str]
) -> list[str]:
    cost, words = cost_of(table, best), cost_words(table, best)
    device = table.context["candidates"].get("device") or "cpu"
    said = []
    if cost["parameters"] is not None:
        said.append(f"{words['parameters']} parameters")
    if cost["flops"] is not None:
        said.append(f"{words['operations']} operations an image")
    if cost["images_per_second"] is not None:
        said.append(f"{words['images a second']} images a second here ({device})")
    sentences = [f"It costs {joined(said)}; licence: {words['licence']}."] if said else []
    flops = {name: cost_of(table, name)["flops"] for name in group}
    known = {name: value for name, value in flops.items() if value is not None}
    cheapest = min(known, key=lambda name: known[name], default=best)
    if best in known and known[cheapest] < CHEAPER * known[best]:
        behind = next(one for one in pairs if {one.a, one.b} == {best, cheapest})
        sentences.append(
            f"If cost counts, take {cheapest}: it needs {100 * known[cheapest] / known[best]:.0f} % of the operations "
            f"and cannot be told apart, though it may be worse by {points(behind)}."
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
    first = f"Fine-tuned by recipe {done[0]['recipe']}, {done[0]['model']} is right of {tuned_share(done[0])}"
    others = [f"{one['model']} of {tuned_share(one)}" for one in done[1:]]
    ties = [
        other
        for one in context.get("finetuned_pairs") or ()
        if one["p"] >= SIGNIFICANT and done[0]["model"] in (one["a"], one["b"])
        for other in ({one["a"], one["b"]} - {done[0]["model"]})
    ]
    apart = f" It cannot be told apart from {joined(ties)} (exact McNemar test)." if ties else ""
    return [f"{first}{', ' + joined(others) if others else ''}.{apart}", *_worse_than_probe(table, done), *lost]


def _worse_than_probe(table: Table, done: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which models fine-tuning made worse than a probe of what they were: then the recipe does not suit them."""
    probed = accuracies_of(table, "linear_probe")
    bad = [str(one["model"]) for one in done if one["model"] in probed and one["high"] < probed[one["model"]].low]
    if not bad:
        return []
    advice = (
        "the recipe does not suit, try another, with more epochs or a lower learning rate, before concluding anything"
    )
    return [f"Fine-tuning made {joined(bad)} worse than a probe of the frozen features: {advice}."]


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
