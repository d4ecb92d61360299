"""How the values were made: data, options, definitions, rules of the verdict, versions and references."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from simzoo.report.reading import datasets
from simzoo.report.section import Block, DataView, Text
from simzoo.report.verdict import AGREE, ORDERED, SIGNIFICANT
from simzoo.report.words import duration, label, real
from simzoo.table.schema import Table

RULES = (
    f"Rules of the verdict (ours). Agree: the whole interval is at least {AGREE:g} and lies above its null. Agree in "
    f"part: the interval lies above the null and p < {SIGNIFICANT:g}, but it reaches below {AGREE:g}. "
    "Cannot be told from chance: anything else. A lag is named where its interval excludes 0, the layers are more "
    f"alike than chance, and they pair up in order of depth (rank correlation {ORDERED:g} or more). Two accuracies "
    "cannot be told apart where their intervals overlap. Nothing is concluded from a value without an interval and a "
    "null."
)


def render(table: Table) -> list[Block]:
    """Return what a reader needs to judge the values or make them again."""
    blocks: list[Block] = [Text(_run(table))]
    if len(definitions := _definitions(table)):
        blocks.append(DataView(definitions, "The measures, from their fact sheets."))
    blocks.append(Text((RULES,)))
    notes = tuple(str(note) for note in table.context.get("notes") or ())
    if notes:
        blocks.append(Text(notes, role="note"))
    versions = table.context.get("libraries") or {}
    if versions:
        blocks.append(Text((f"Versions: {', '.join(f'{name} {version}' for name, version in versions.items())}.",)))
    return blocks


def cite(table: Table) -> list[Block]:
    """Return what to cite for what this table holds: entries where the context has them, else their keys."""
    entries = _references(table)
    start = "If you use these values, cite simzoo and the works whose measures, models and methods they come from:"
    return [Text((start,)), Text(tuple(entries), role="list")] if entries else []


def _references(table: Table) -> list[str]:
    given = table.context.get("references") or {}
    used = set(table.rows["measure"].unique())
    keys = [sheet.get("reference") for name, sheet in table.sheets.items() if name in used]
    keys += [facts.get("reference") for facts in table.models.values()]
    named = list(dict.fromkeys(str(key) for key in keys if key))
    if isinstance(given, dict):
        return [str(given.get(key, key)) for key in [*named, *(key for key in given if key not in named)]]
    return [str(entry) for entry in given] or named


def _run(table: Table) -> tuple[str, ...]:
    context: dict[str, Any] = table.context
    seconds = real(context.get("seconds"))
    lines = [
        f"Command: {context['command']}" if context.get("command") else "",
        *(_data(facts) for facts in datasets(table)),
        _drawn(table),
        f"Run: {context.get('started') or 'start unknown'}, {duration(seconds)}." if seconds is not None else "",
    ]
    return tuple(line for line in lines if line)


def _data(facts: dict[str, Any]) -> str:
    classes = f" of {facts['classes']} classes" if facts.get("classes") else ""
    split = f", {facts['split']} split" if facts.get("split") else ""
    return f"Data: {facts['name']}{split}, {facts.get('n', '?')} images{classes}." if facts.get("name") else ""


def _drawn(table: Table) -> str:
    names = [str(name) for name in table.rows["augmentation"].dropna().unique()]
    return "" if names in ([], ["none"]) else f"Augmentations: {', '.join(names)}; every model sees the same draws."


def _definitions(table: Table) -> pd.DataFrame:
    rows = []
    for name in table.rows["measure"].unique():
        sheet, own = table.sheets.get(str(name), {}), table.rows[table.rows["measure"] == name]
        options = [_options(str(text)) for text in own["params"].dropna().unique() if text != "{}"]
        counts = sorted({int(n) for n in own["n"].dropna()})
        rows.append(
            {
                "measure": label(str(name)),
                "what it says": str(sheet.get("summary") or "-"),
                "range": _range(sheet.get("range")),
                "larger": str(sheet.get("larger") or "-"),
                "options": "; ".join(options) or "-",
                "n": ", ".join(f"{count:,}" for count in counts) or "-",
                "reference": str(sheet.get("reference") or "-"),
            }
        )
    return pd.DataFrame(rows)


def _options(text: str) -> str:
    return ", ".join(f"{key} = {value}" for key, value in json.loads(text).items())


def _range(ends: Any) -> str:
    low, high = (real(end) for end in (ends or (None, None)))
    return f"{'(-∞' if low is None else f'[{low:g}'}, {'∞)' if high is None else f'{high:g}]'}"
