"""What training makes of a network: the shape of its final layer untrained, and after each training, by backbone.

The rules are those of `simzoo.report.verdict`: two values differ where their intervals lie apart.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import combinations
from typing import Any

import pandas as pd

from simzoo.report.singles import last, singles
from simzoo.report.words import real, with_interval
from simzoo.table.query import without_seed
from simzoo.table.schema import Table

SHAPE = (
    ("mgm", "diameter_mean", "width of the manifolds of classes (NNK diameter)"),
    ("mgm", "affinity_mean", "flatness (NNK affinity)"),
    ("mgm", "count_mean", "dimension (NNK neighbours)"),
    ("anisotropy", "value", "anisotropy (mean cosine)"),
    ("effective_rank", "value", "effective rank"),
)
COLUMNS = ["what", "backbone", "model", "state", "data", "value", "low", "high", "seeds"]
Record = dict[Hashable, Any]


def starts(table: Table) -> pd.DataFrame:
    """Return the shape of each model whose backbone the table has both untrained and trained, on clean images.

    Columns: what, backbone, model (without seed), state (its paradigm), data, value, low, high, seeds; over seeds.
    Empty where no backbone has both, or nothing of the shape was measured.
    """
    facts = {without_seed(name): known for name, known in table.models.items()}
    states = {name: str(known.get("paradigm") or "unknown") for name, known in facts.items()}
    backbones = {name: str(known.get("backbone") or "unknown").split(":")[-1] for name, known in facts.items()}
    both = {
        backbone
        for backbone in backbones.values()
        if len({states[name] == "untrained" for name in facts if backbones[name] == backbone}) == 2
    }
    single = table.rows[table.rows["measure"].isin([measure for measure, _, _ in SHAPE])]
    if not both or single.empty:
        return pd.DataFrame(columns=COLUMNS)
    parts = []
    for measure, field, what in SHAPE:
        own = single[(single["measure"] == measure) & (single["field"] == field) & (single["augmentation"] == "none")]
        for data, rows in own.groupby("data", sort=False):
            one = Table(rows, table.sheets, table.models, table.context)
            found = last(one, singles(one))
            found = found[(found["status"] == "ok") & found["model"].map(backbones).isin(both)]
            found = found.drop_duplicates("model")
            parts.append(found.assign(what=what, data=data))
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat(parts, ignore_index=True)
    found = found.assign(backbone=found["model"].map(backbones), state=found["model"].map(states))
    return found[COLUMNS].sort_values(["backbone"], kind="stable").reset_index(drop=True)


def start_sentences(table: Table) -> list[str]:
    """Say what training does to the width of each backbone's manifolds, and which backbone starts narrower."""
    found = starts(table)
    width = found[found["what"] == SHAPE[0][2]]
    sentences = []
    for _, rows in width.groupby("data", sort=False):
        untrained, trained = rows[rows["state"] == "untrained"], rows[rows["state"] != "untrained"]
        for start in untrained.to_dict("records"):
            ends = [end for end in trained.to_dict("records") if end["backbone"] == start["backbone"]]
            if ends:
                sentences.append(_change(start, ends))
        pairs = combinations(untrained.to_dict("records"), 2)
        sentences += [_between(a, b) for a, b in pairs if a["backbone"] != b["backbone"]]
    return sentences


def _change(start: Record, ends: list[Record]) -> str:
    said = []
    for end in ends:
        way = _way(start, end)
        words = {
            1: "wider: it repels",
            -1: "narrower: it attracts",
            0: "not to be told apart",
            None: "without an interval",
        }
        said.append(f"{end['model']} {_shown(end)}, {words[way]}")
    opening = f"The manifolds of classes of {start['model']} have a diameter of {_shown(start)}"
    return f"{opening}; after training: {'; '.join(said)}."


def _between(a: Record, b: Record) -> str:
    way = _way(a, b)
    opening = f"Untrained, {a['model']} {_shown(a)} and {b['model']} {_shown(b)}"
    if way is None:
        return f"{opening}: without intervals nothing is concluded."
    if way == 0:
        return f"{opening} cannot be told apart."
    narrow, wide = (a, b) if way > 0 else (b, a)
    return f"{opening}: {narrow['model']} starts nearer to collapse than {wide['model']}."


def _way(a: Record, b: Record) -> int | None:
    """Return 1 where b lies above a, -1 below, 0 where their intervals meet, None without intervals."""
    ends = [real(one[name]) for one in (a, b) for name in ("low", "high")]
    if any(end is None for end in ends):
        return None
    low_a, high_a, low_b, high_b = (end or 0.0 for end in ends)
    return 1 if low_b > high_a else -1 if high_b < low_a else 0


def _shown(row: Record) -> str:
    return with_interval(*(real(row[name]) for name in ("value", "low", "high")))
