"""All rows of a grid in one table, in pages, searchable offline; of a very large grid those that say most."""

from __future__ import annotations

import pandas as pd

from simzoo.report.grid import is_grid
from simzoo.report.section import Block, DataView, Text
from simzoo.report.words import counted
from simzoo.table.query import in_use
from simzoo.table.schema import Table

MOST = 60_000  # rows that a page carries
_UNSHOWN = {"version"}


def render(table: Table) -> list[Block]:
    """Return the rows with the columns that tell them apart; above `MOST` the layers-by-layers values go first."""
    if not is_grid(table) or table.rows.empty:
        return []
    rows, left = _shown(table.rows)
    columns = [name for name in in_use(table.rows) if name not in _UNSHOWN]
    same = {name: table.rows[name].iloc[0] for name in ("data", "split", "n", "augmentation") if name not in columns}
    said = ", ".join(f"{name} {value}" for name, value in same.items() if not pd.isna(value) and value != "")
    caption = f"{counted(len(rows), 'row')}{f'; the same in all: {said}' if said else ''}."
    shown = rows[columns]
    if "params" in columns:
        shown = shown.assign(params=shown["params"].replace("{}", ""))
    blocks: list[Block] = [DataView(shown, caption)]
    if left:
        words = f"{counted(left, 'value')} of layers by layers are left out here to keep the page usable"
        blocks.append(
            Text((f"{words}; they are in table.parquet: simzoo table TABLE --where measure=cka",), role="note")
        )
    return blocks


def _shown(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return at most `MOST` rows: summaries, single representations and what went wrong before layers by layers."""
    if len(rows) <= MOST:
        return rows, 0
    dense = rows["tap"].notna() & rows["tap_b"].notna()
    rank = dense.astype(int) * (1 + (rows["status"] == "ok").astype(int))
    kept = rows.loc[rank.sort_values(kind="stable").index[:MOST]]
    return kept.sort_index(), len(rows) - MOST
