"""The verdict: plain sentences, made only from rows, their intervals and their nulls.

The rules are ours. They need an interval (`low`, `high`) and a null (`null_mean`, `p`); a row without them is quoted
with the remark that they were not computed, and nothing is concluded from it.

- *agree*: the whole interval is at least `AGREE`, and the value is above its null. Only for similarities that are 1 at
  most; where a similarity has another scale, or is a distance, we say *more alike than chance* or *closer than chance*.
- *agree in part*: the interval lies above the null mean and p < `SIGNIFICANT`, but reaches below `AGREE`.
- *cannot be told from chance*: anything else.
- A *lag* is named only where its interval excludes 0, its layers are more alike than chance, and they pair up in
  order: the rank correlation of a layer's depth and its most alike layer's depth is at least `ORDERED`.
- Two accuracies *cannot be told apart* where their intervals overlap (stricter than a test at the same level).

For CKA the sentences use the debiased form: the biased one is high for wide layers whatever they hold.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pandas as pd

from simzoo.report.grid import is_grid
from simzoo.report.grid_verdict import grid_verdict
from simzoo.report.prediction_verdict import fit_of, prediction_sentences
from simzoo.report.reading import (
    Accuracy,
    Matrix,
    Score,
    accuracies,
    bounds,
    by_condition,
    is_distance,
    left_out_images,
    matrices,
    models,
    problems,
    spoken,
    summaries,
)
from simzoo.report.starts import start_sentences
from simzoo.report.words import counted, joined, label, numbers, percent, real, with_interval
from simzoo.table.schema import Table

AGREE = 0.5
SIGNIFICANT = 0.05
ORDERED = 0.5
SPOKEN_KINDS = ("even", "block", "odd", "other", "final", "logits")


@dataclass(frozen=True)
class Finding:
    """What one row says about the layers of one kind."""

    kind: str
    claim: str
    evidence: str
    value: float | None

    @property
    def above_chance(self) -> bool:
        """Whether the claim is one of likeness."""
        return self.claim in _LIKE


_LIKE = ("agree", "agree in part", "are more alike than chance", "are closer than chance")
_CHANCE = "cannot be told from chance"


def verdict(table: Table) -> list[str]:
    """Return the sentences at the top of a report, of a comparison, of a grid, or of candidates for fine-tuning."""
    if "candidates" in table.context:
        from simzoo.report.candidates_text import candidate_sentences  # scipy loads for a second

        return candidate_sentences(table)
    if fit_of(table) is not None:
        return [*prediction_sentences(table), *_training(table)]
    if not is_grid(table):
        return comparison_verdict(table)
    return [*_maps(table), *start_sentences(table), *grid_verdict(table), *_training(table)]


def _maps(table: Table) -> list[str]:
    """Return what the maps of models say, of a table that may hold some."""
    if "map" not in table.context and not (table.rows["measure"] == "mgm").any():
        return []
    from simzoo.report.maps import map_sentences  # scipy and scikit-learn load for a second

    return map_sentences(table)


def comparison_verdict(table: Table) -> list[str]:
    """Return the sentences on a comparison of a few models, most alike pair first."""
    return [*_agreement(table), *_accuracy(table), *_training(table), *_gaps(table)]


def ranked_pairs(table: Table) -> list[tuple[str, str]]:
    """Return the pairs of different models, most alike first by the main measure."""
    lines = chain.from_iterable(_pair_lines(table, measure) for measure in spoken(table)[:1])
    return list(dict.fromkeys(pair for _, pair, _ in sorted(lines, key=lambda line: line[0])))


def _agreement(table: Table) -> list[str]:
    """One sentence for each pair and measure; with more than one pair, of the main measure only."""
    measures = spoken(table)
    lines = {measure: sorted(_pair_lines(table, measure), key=lambda line: line[0]) for measure in measures}
    pairs = {pair for found in lines.values() for _, pair, _ in found}
    told = measures if len(pairs) <= 1 else measures[:1]
    return [sentence for measure in told for _, _, sentence in lines[measure]]


def _pair_lines(table: Table, measure: str) -> list[tuple[float, tuple[str, str], str]]:
    """Return (rank, pair, sentence) for each pair of different models and each condition."""
    matches, lags = summaries(table, measure, "match"), summaries(table, measure, "lag")
    rows = matches if len(matches) else _final_rows(table, measure)
    lines = []
    for condition, group in by_condition(rows) if len(rows) else ():
        for pair, part in group.groupby(["model", "model_b"], sort=False):
            by_kind = {str(row["kind"]): row for row in part.to_dict("records")}
            findings = [_finding(table, measure, by_kind[kind]) for kind in SPOKEN_KINDS if kind in by_kind]
            where = f" ({condition})" if condition else ""
            names = (str(pair[0]), str(pair[1]))
            clauses = [_clause(finding, first=at == 0, measure=measure) for at, finding in enumerate(findings)]
            unordered = {
                kind
                for matrix in matrices(table, measure)
                if (matrix.model, matrix.model_b, matrix.condition) == (*names, condition)
                for kind in matrix.kinds
                if not in_order(matrix.only(kind))
            }
            clauses += _lag(lags, part, findings, names, unordered)
            sentence = f"{names[0]} and {names[1]}{where}: {'; '.join(clauses)}."
            first = next((finding.value for finding in findings if finding.value is not None), None)
            worst = float("inf") if first is None else first if is_distance(table, measure) else -first
            lines.append((worst, names, sentence))
    return lines


def _final_rows(table: Table, measure: str) -> pd.DataFrame:
    """Without summaries (one tap a model), the value between the final layers is the evidence."""
    rows = table.rows
    keep = (rows["measure"] == measure) & (rows["kind"] == "final") & (rows["kind_b"] == "final")
    return rows[keep & (rows["model"] != rows["model_b"])]


def _finding(table: Table, measure: str, row: dict[Hashable, Any]) -> Finding:
    kind, status = str(row["kind"]), str(row["status"])
    value, low, high, null, p = (real(row[name]) for name in ("value", "low", "high", "null_mean", "p"))
    if status != "ok" or value is None:
        return Finding(kind, status, "", None)
    shown = numbers(value, low, high, null)
    if low is None or high is None:
        return Finding(kind, "no interval was computed", shown[0], value)
    evidence = f"{shown[0]} [{shown[1]}, {shown[2]}]"
    if null is None or p is None:
        return Finding(kind, "no null was computed", evidence, value)
    claim = _claim(table, measure, (low, high), null, p)
    return Finding(kind, claim, f"{evidence}, null {shown[3]}", value)


def _claim(table: Table, measure: str, interval: tuple[float, float], null: float, p: float) -> str:
    low, high = interval
    if is_distance(table, measure):
        return "are closer than chance" if high < null and p < SIGNIFICANT else _CHANCE
    if not (low > null and p < SIGNIFICANT):
        return _CHANCE
    if bounds(table, measure)[1] != 1:
        return "are more alike than chance"
    return "agree" if low >= AGREE else "agree in part"


def _clause(finding: Finding, *, first: bool, measure: str) -> str:
    layers = f"{finding.kind} layers" if finding.kind != "logits" else "logits"
    named = f"{label(measure)} " if first else ""
    if not finding.evidence:
        return f"{layers}: no value{f' of {label(measure)}' if first else ''} ({finding.claim})"
    if finding.claim == _CHANCE or finding.claim in _LIKE:
        return f"{layers} {finding.claim} ({named}{finding.evidence})"
    return f"{layers}: {named}{finding.evidence}, {finding.claim}"


def in_order(matrix: Matrix) -> bool:
    """Whether deeper layers of the first model have their most alike layers deeper in the second."""
    tops = matrix.cells[matrix.cells["top"]]
    if tops["i"].nunique() < 2 or tops["j"].nunique() < 2:
        return False
    return bool(tops["i"].rank().corr(tops["j"].rank()) >= ORDERED)


def _lag(
    lags: pd.DataFrame, part: pd.DataFrame, findings: list[Finding], names: tuple[str, str], unordered: set[str]
) -> list[str]:
    """Tell the lag of the first kind of layers that are alike at all: elsewhere the row maxima mean nothing."""
    condition = ["model", "model_b", "data", "split", "augmentation", "draw", "params"]
    rows = lags.merge(part[condition].drop_duplicates(), on=condition) if len(lags) else lags
    for finding in findings:
        found = rows[(rows["kind"] == finding.kind) & (rows["status"] == "ok") & rows["value"].notna()]
        if not len(found) or not (finding.above_chance or "computed" in finding.claim):
            continue
        if finding.kind in unordered:
            return ["their layers do not pair up in order of depth, so no lag is named"]
        row = found.iloc[0]
        value, low, high = real(row["value"]) or 0.0, real(row["low"]), real(row["high"])
        if low is None or high is None:
            return [f"{_later(names, value)} by {percent(abs(value))} of depth, no interval was computed"]
        ends = sorted((low, high) if value > 0 else (-high, -low))
        shown = f"{percent(abs(value))} of depth [{percent(ends[0])}, {percent(ends[1])}]"
        if low <= 0 <= high:
            shown = f"{percent(value)} of depth [{percent(low)}, {percent(high)}]"
            return [f"no lag can be told from zero ({shown})"]
        return [f"{_later(names, value)} by {shown}"]
    return []


def _later(names: tuple[str, str], lag: float) -> str:
    return f"{names[1] if lag > 0 else names[0]} lags"


def _accuracy(table: Table) -> list[str]:
    return [_accuracy_sentence(found, found.trained) for found in accuracies(table) if found.trained]


def _accuracy_sentence(found: Accuracy, own: Score) -> str:
    value, low, high = own
    where = f" ({found.condition})" if found.condition else ""
    start = f"{found.model} reaches {with_interval(value, low, high)} kNN accuracy{where}"
    if found.untrained is None:
        chance = "" if found.chance is None else f" (chance {numbers(found.chance)[0]})"
        return f"{start}{chance}{'' if low is not None else '; no interval was computed'}."
    other, other_low, other_high = found.untrained
    beside = f"({with_interval(other, other_low, other_high)})"
    if low is None or high is None or other_low is None or other_high is None:
        return f"{start}, the same network untrained {with_interval(other, None, None)}; no interval was computed."
    if low <= other_high and other_low <= high:
        return f"{start}, which cannot be told apart from the same network untrained {beside}."
    direction = "above" if value > other else "below"
    return f"{start}, {numbers(abs(value - other))[0]} {direction} the same network untrained {beside}."


def _training(table: Table) -> list[str]:
    """Return what must be known of the trainings: which were shortened, which models have had none."""
    facts = {name: table.models.get(name, {}) for name in models(table)}
    sentences = []
    short = [f"{name} ({known['shortened']})" for name, known in facts.items() if known.get("shortened")]
    if short:
        sentences.append(f"Training was shortened: {'; '.join(short)}. Longer training may change every line above.")
    untrained = [name for name, known in facts.items() if known.get("objective") == "init"]
    if untrained:
        verb = "is" if len(untrained) == 1 else "are"
        sentences.append(f"{joined(untrained)} {verb} untrained: what is alike there comes without any learning.")
    return sentences


def _gaps(table: Table) -> list[str]:
    counts = problems(table)["status"].value_counts()
    words = [f"{counted(int(counts[status]), 'value')} {_GAP[status]}" for status in _GAP if counts.get(status, 0)]
    left_out = len(left_out_images(table))
    sentences = [f"{joined(words)}: see Gaps."] if words else []
    if left_out:
        sentences.append(f"{counted(left_out, 'image')} could not be used: see Gaps.")
    return sentences


_GAP = {"undefined": "undefined", "failed": "failed", "skipped": "skipped"}


def notable_matrices(table: Table, limit: int) -> list[Matrix]:
    """Return the matrices of the spoken main measure for the most alike pairs, at most `limit`."""
    wanted = ranked_pairs(table)[:limit]
    found = [matrix for measure in spoken(table)[:1] for matrix in matrices(table, measure)]
    return [matrix for pair in wanted for matrix in found if (matrix.model, matrix.model_b) == pair]
