"""The verdict on a grid: what was measured, who is alike, what changes whom, who leads, and what is missing.

The rules are those of `simzoo.report.verdict`: two values cannot be told apart where their intervals overlap, and
nothing is concluded from a value without an interval. Nothing is corrected for the number of comparisons.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from simzoo.report.alike import alike
from simzoo.report.grid import bases, main_setting, settings
from simzoo.report.reading import ACCURACY, DEBIASED, is_distance, spoken
from simzoo.report.singles import last, ranked, singles
from simzoo.report.words import counted, joined, label, numbers, percent, real, with_interval
from simzoo.table.schema import Table

SIGNIFICANT = 0.05
NAMED = 6  # names that a sentence carries
_FIELDS = ("draws_unbiased", "value")
_CHANGED = {"invariance": "smallest", "alignment": "largest"}  # which end of the measure means most change


def grid_verdict(table: Table) -> list[str]:
    """Return the sentences at the top of a grid's report."""
    cells, one = alike(table), singles(table)
    final = last(table, one) if len(one) else one
    return [
        *_measured(table),
        *_pairs(table, cells),
        *_change(table, final),
        *_leader(table, final),
        *_missing(table, cells),
    ]


def _measured(table: Table) -> list[str]:
    rows = table.rows
    seeds = rows.groupby(rows["model"].str.replace(r"#\d+$", "", regex=True))["seed"].nunique()
    most = int(seeds.max()) if len(seeds) else 0
    data = [str(name) for name in rows["data"].dropna().unique() if name]
    parts = [
        counted(len(bases(table)), "model") + (f" (up to {most} seeds each)" if most > 1 else ""),
        counted(rows["measure"].nunique(), "measure"),
        f"{counted(rows['augmentation'].nunique(), 'augmentation')} in {counted(len(settings(table)), 'setting')}",
    ]
    where = f" on {joined(data)}" if data else ""
    counts = rows["status"].value_counts()
    states = [
        f"{int(counts[name]):,} {name}" for name in ("ok", "undefined", "failed", "skipped") if counts.get(name, 0)
    ]
    return [f"Measured: {joined(parts)}{where}; {counted(len(rows), 'row')}: {joined(states)}."] if len(rows) else []


def _pairs(table: Table, cells: pd.DataFrame) -> list[str]:
    """Tell the most and the least alike pair by the main measure, and whether that holds in the other settings."""
    known = cells[(cells["status"] == "ok") & (cells["model"] != cells["model_b"])]
    measure = next((name for name in _main(table) if name in set(known["measure"])), None)
    if measure is None:
        return []
    own = known[known["measure"] == measure]
    own = own[own["variant"] == own["variant"].iloc[0]]
    own = own[own["kind"] == ("even" if (own["kind"] == "even").any() else own["kind"].iloc[0])]
    setting = main_setting(table, own)
    here = own[own["setting"] == setting].sort_values("value", ascending=is_distance(table, measure), kind="stable")
    layers = "final layers" if here["kind"].iloc[0] == "final" else str(here["kind"].iloc[0])
    layers = layers if layers.endswith("layers") else f"{layers} layers"
    start = f"By {here['variant'].iloc[0]} of {layers}, {setting}"
    first = here.iloc[0]
    if len(here) == 1:
        return [f"{start}: {_pair(first)} reach {_evidence(first)}."]
    opening = f"{start}: {_pair(first)} are most alike ({_evidence(first)}), {_pair(here.iloc[-1])} least"
    sentences = [f"{opening} ({_evidence(here.iloc[-1])}).", _apart(here, "the most alike pair", _pair)]
    if here["seeds"].max() > 1:
        sentences.append("These intervals are over pairs of seeds, which share seeds: they are too narrow.")
    sentences += [_against_chance(table, measure, here), _elsewhere(own, first, setting, table, measure)]
    return [one for one in sentences if one]


def _main(table: Table) -> list[str]:
    given = table.context.get("measure") or []
    named = [given] if isinstance(given, str) else [str(name) for name in given]
    return [*(DEBIASED[name] for name in named if name in DEBIASED), *named, *spoken(table)]


def _pair(row: Any) -> str:
    return f"{row['model']} and {row['model_b']}"


def _evidence(row: Any) -> str:
    shown = with_interval(*(real(row[name]) for name in ("value", "low", "high")))
    null = real(row.get("null"))
    return shown + (f", null {numbers(null, 1.0)[0]}" if null is not None else "")


def _apart(ordered: pd.DataFrame, what: str, name: Any) -> str:
    """Tell which of the others cannot be told apart from the first."""
    first, others = ordered.iloc[0], ordered.iloc[1:]
    if pd.isna(first["low"]) or others["low"].isna().all():
        return "No interval was computed, so nothing is concluded from the order."
    near = others[(others["low"] <= first["high"]) & (others["high"] >= first["low"])]
    if near.empty:
        return f"The intervals of all others lie apart from that of {what}."
    names = [name(row) for row in near.head(NAMED).to_dict("records")]
    if len(near) > NAMED:
        names.append(f"{len(near) - NAMED} more")
    return f"Cannot be told apart from {what}: {'; '.join(names)}."


def _against_chance(table: Table, measure: str, here: pd.DataFrame) -> str:
    tested = here[here[["low", "high", "null", "p"]].notna().all(axis=1)]
    if len(tested) < len(here):
        left = len(here) - len(tested)
        return (
            f"For {counted(left, 'pair')} of {len(here)} no interval or no null was computed: no claim is made of them."
        )
    above = tested["high"] < tested["null"] if is_distance(table, measure) else tested["low"] > tested["null"]
    sound = int((above & (tested["p"] < SIGNIFICANT)).sum())
    if sound == len(here):
        return f"All {counted(len(here), 'pair')} are more alike than chance."
    return f"{sound} of {counted(len(here), 'pair')} are more alike than chance; the others cannot be told from it."


def _elsewhere(own: pd.DataFrame, first: Any, setting: str, table: Table, measure: str) -> str:
    ordered = own.sort_values("value", ascending=is_distance(table, measure), kind="stable")
    tops = ordered.drop_duplicates("setting")
    others = tops[tops["setting"] != setting]
    same = int(((others["model"] == first["model"]) & (others["model_b"] == first["model_b"])).sum())
    return (
        f"The same pair has the largest likeness in {same} of {counted(len(others), 'other setting')}."
        if len(others)
        else ""
    )


def _change(table: Table, final: pd.DataFrame) -> list[str]:
    """Tell which augmentation changes which model most, by the first measure of views that the table has."""
    measure = next((name for name in _CHANGED if len(final) and (final["measure"] == name).any()), None)
    if measure is None:
        several = len(table.rows["augmentation"].dropna().drop_duplicates()) > 1
        return ["How much an augmentation changes a model was not measured."] if several else []
    rows = final[(final["measure"] == measure) & (final["status"] == "ok")]
    if rows.empty:
        return []
    name = next(
        (
            f"{label(measure)} ({field})"
            for field in _FIELDS
            if (rows["variant"] == f"{label(measure)} ({field})").any()
        ),
        None,
    )
    rows = rows[rows["variant"] == (name or rows["variant"].iloc[0])]
    ordered = rows.sort_values("value", ascending=_CHANGED[measure] == "smallest", kind="stable")
    most, least = ordered.iloc[0], ordered.iloc[-1]
    said = f"{most['setting']} changes {most['model']} most ({most['variant']} of the final layer {_evidence(most)})"
    end = f"; {least['setting']} changes {least['model']} least ({_evidence(least)})." if len(ordered) > 1 else "."
    doubt = _apart(ordered, "the largest change", lambda row: f"{row['model']} under {row['setting']}")
    return ["Of all models and settings, " + said + end, *([doubt] if len(ordered) > 1 else [])]


def _leader(table: Table, final: pd.DataFrame) -> list[str]:
    """Tell who is most accurate, for each data set where the images are as they are, and who cannot be told apart."""
    rows = final[(final["measure"] == ACCURACY) & (final["status"] == "ok")] if len(final) else final
    if rows.empty:
        return []
    rows = rows[rows["variant"] == rows["variant"].iloc[0]]
    plain = rows[rows["augmentation"] == "none"]
    shown = plain if len(plain) else rows[rows["setting"] == main_setting(table, rows)]
    sentences = []
    for setting, part in shown.groupby("setting", sort=False):
        order = ranked(part)
        held = part.set_index("model").loc[order].reset_index()
        best = held.iloc[0]
        opening = f"By {best['variant']} of the final layer, {setting}: {best['model']} leads with {_evidence(best)}"
        if len(held) == 1:
            sentences.append(f"{opening}.")
            continue
        end = f"; {held.iloc[-1]['model']} is last with {_evidence(held.iloc[-1])}."
        sentences += [opening + end, _apart(held, "the leader", lambda row: str(row["model"]))]
    return sentences


def _missing(table: Table, cells: pd.DataFrame) -> list[str]:
    rows = table.rows
    bad = int((rows["status"] != "ok").sum())
    share = bad / len(rows) if len(rows) else 0.0
    shown = percent(share) if share >= 0.01 or share == 0 else "less than 1 %"
    sentences = [f"{counted(bad, 'row')} ({shown}) hold no value: see Gaps."] if bad else []
    absent = cells[cells["status"] == "absent"][["variant", "model", "model_b", "setting"]].drop_duplicates()
    if len(absent):
        whole = cells[["variant", "model", "model_b", "setting"]].drop_duplicates()
        said = f"{len(absent):,} of {counted(len(whole), 'pair')} of models by measure and setting"
        sentences.append(f"Not in this table at all: {said}; see Gaps.")
    if not sentences and len(rows):
        sentences.append("Nothing is missing of what the rows span.")
    return sentences
