"""What a fit says in sentences: does geometry tell which model transfers, here, and better than what is cheaper?

The rules are those of `simzoo.prediction.claims`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simzoo.prediction.claims import Claim, claim, known
from simzoo.report.words import counted, joined, numbers, p_value, with_interval
from simzoo.table.schema import Table

FIT = "transfer_fit"  # where a table carries it, in its context


def fit_of(table: Table) -> Mapping[str, Any] | None:
    """Return the fit that a table carries."""
    found: Mapping[str, Any] | None = table.context.get(FIT)
    return found


def prediction_sentences(table: Table) -> list[str]:
    """Return the verdict on the fit of a table, the answer first; nothing where it carries none."""
    found = fit_of(table)
    if found is None:
        return []
    tasks = [(one, claim(one)) for one in found["tasks"] if one["pool"] == "all"]
    sentences = [_answer(tasks), _pool(found, tasks), *(_task(one, said) for one, said in tasks)]
    sentences += [_without(found), _ceilings(tasks), _drop(tasks)]
    return [sentence for sentence in sentences if sentence]


def _answer(tasks: list[tuple[dict[str, Any], Claim]]) -> str:
    count = counted(len(tasks), "task")
    beats = [one["title"] for one, said in tasks if said.beats]
    above = [one["title"] for one, said in tasks if said.above_chance]
    if any(said.above_chance is None for _, said in tasks):
        return f"Whether geometry beats the baselines is not said: no null was computed for {count}."
    if beats:
        where = "the one task" if len(tasks) == 1 else f"{len(beats)} of {count}: {joined(beats)}"
        return f"Here geometry beats the baselines on {where}."
    start = "Here geometry does not beat the baselines on any task" if len(tasks) > 1 else _SINGLE
    if not above:
        return f"{start}, and cannot be told from chance{'' if len(tasks) == 1 else ' on any'}."
    return f"{start}, though it ranks held-out models better than chance: {joined(above)}."


_SINGLE = "Here geometry does not beat the baselines"


def _pool(found: Mapping[str, Any], tasks: list[tuple[dict[str, Any], Claim]]) -> str:
    groups, networks = max((one["groups"], len(one["models"])) for one, _ in tasks)
    seeds = f" ({counted(networks, 'network')} with their seeds)" if groups < networks else ""
    entries = counted(len(found["signature"]["entries"]), "number")
    return (
        f"Learnt from {counted(groups, 'model')}{seeds}, {entries} each, measured on {found['signature']['data']}; "
        "every score below is of models that were left out with all their seeds."
    )


def _task(one: dict[str, Any], said: Claim) -> str:
    own, *rivals = one["scores"]
    if not known(own["weighted_tau"]):
        shown = "geometry learnt nothing and ranks no model"
    else:
        chance = one["null"] and one["null"]["weighted_tau"]
        null = (
            f", null {numbers(chance['mean'], 1.0)[0]}, p {p_value(chance['p'])}"
            if chance
            else ", no null was computed"
        )
        tau = with_interval(own["weighted_tau"], own["low"], own["high"])
        claims = {True: "above chance", False: "cannot be told from chance", None: "no claim is made"}
        shown = f"geometry has a weighted tau of {tau}{null}: {claims[said.above_chance]}"
    parts = [f"{words} {joined(list(names))}" for words, names in _sides(said) if names]
    best = max((rival for rival in rivals if known(rival["weighted_tau"])), key=_tau, default=None)
    beside = f"; the best baseline, {best['predictor']}, has {numbers(best['weighted_tau'], 1.0)[0]}" if best else ""
    return f"{_title(one)}: {shown}{beside}{'; ' if parts else ''}{', '.join(parts)}."


def _tau(rival: dict[str, Any]) -> float:
    return float(rival["weighted_tau"])


def _sides(said: Claim) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("ahead of", said.ahead), ("not to be told apart from", said.level), ("behind", said.behind)


def _title(one: dict[str, Any]) -> str:
    title = str(one["title"])
    return title[:1].upper() + title[1:]


def _without(found: Mapping[str, Any]) -> str:
    """Tell how the scores move when the supervised models leave the pool."""
    whole = {one["task"]: one["scores"][0]["weighted_tau"] for one in found["tasks"] if one["pool"] == "all"}
    rest = {one["task"]: one for one in found["tasks"] if one["pool"] != "all"}
    shown = [
        f"{one['title']} {numbers(whole[name], 1.0)[0]} to {numbers(one['scores'][0]['weighted_tau'], 1.0)[0]}"
        for name, one in rest.items()
        if known(whole[name]) and known(one["scores"][0]["weighted_tau"])
    ]
    return (
        f"Without the models trained with labels geometry's weighted tau goes from {'; '.join(shown)}." if shown else ""
    )


def _ceilings(tasks: list[tuple[dict[str, Any], Claim]]) -> str:
    shown = [
        f"{one['title']} {numbers(one['ceiling']['weighted_tau'], 1.0)[0]} ({one['ceiling']['models']} models)"
        for one, _ in tasks
        if one["ceiling"]
    ]
    if not shown:
        return "No accuracy was measured twice here, so how much of it is noise is not known."
    return (
        f"Two measurements of the same accuracies agree at a weighted tau of {'; '.join(shown)}: a level of the noise."
    )


def _drop(tasks: list[tuple[dict[str, Any], Claim]]) -> str:
    """Tell the task whose score hangs most on a single model."""
    found = []
    for one, _ in tasks:
        left = [(drop["weighted_tau"], drop["without"]) for drop in one["drop"] if known(drop["weighted_tau"])]
        if left and known(one["scores"][0]["weighted_tau"]):
            found.append((max(left)[0] - min(left)[0], one, min(left), max(left)))
    if not found:
        return ""
    _, one, (low, worst), (high, best) = max(found, key=lambda row: row[0])
    shown = numbers(low, high, 1.0)
    return (
        f"With one model less in the pool, geometry's weighted tau on {one['title']} lies between {shown[0]} (without "
        f"{worst}) and {shown[1]} (without {best})."
    )
