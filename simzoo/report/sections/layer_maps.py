"""Layer-by-layer heat maps of a grid, as many as a page can carry: the main measure and different models first."""

from __future__ import annotations

import pandas as pd

from simzoo.report.grid import laid_out, main_setting, settings, without_seeds
from simzoo.report.heatmap import beside, heatmap
from simzoo.report.reading import Matrix, matrices, spoken
from simzoo.report.section import Block, Chart, Choice, Text
from simzoo.report.words import counted, pair_words
from simzoo.table.schema import Table

MAPS, CELLS = 48, 80_000  # how many maps, and cells of all of them, a page carries
_KEY = ["variant", "setting", "model", "model_b", "draw"]


def layer_maps(table: Table) -> list[Block]:
    """Return a chooser of heat maps, and how many more there are in the table."""
    rows = table.rows
    cells = rows[rows["model_b"].notna() & rows["tap"].notna() & rows["tap_b"].notna()]
    if cells.empty:
        return []
    words = laid_out(table, cells)
    keyed = words.assign(model=cells["model"], model_b=cells["model_b"])  # a map is of two models with their seeds
    counts = keyed.groupby(_KEY, sort=False).size().rename("cells").reset_index()
    counts = counts[counts["cells"] > 1]
    if counts.empty:  # one layer of each model
        return []
    ordered = counts.loc[_order(table, counts, main_setting(table, words))]
    drawn = ordered[(ordered["cells"].cumsum() <= CELLS) | (ordered.index == ordered.index[0])].head(MAPS)
    options: dict[tuple[str, ...], Chart] = {}
    for key in drawn[_KEY].itertuples(index=False, name=None):
        mask = pd.Series(True, index=cells.index)  # noqa: FBT003 - the value of every row
        for name, wanted in zip(_KEY, key, strict=True):
            mask &= keyed[name] == wanted
        part = Table(cells[mask], table.sheets, table.models, {})
        for matrix in matrices(part, str(part.rows["measure"].iloc[0])):
            variant, setting, model, model_b, draw = key
            where = f"{setting}, draw {draw}" if len(counts["draw"].drop_duplicates()) > 1 else str(setting)
            options[pair_words(model, model_b), str(variant), where] = _chart(part, matrix)
    left = len(counts) - len(options)
    blocks: list[Block] = [Choice(("Models", "Measure", "Setting"), options)] if options else []
    if left > 0:
        of = f"{counted(len(options), 'map')} of {len(counts):,}"
        said = f"{of} are drawn here, those of the main measure and of one seed first."
        blocks.append(Text((f"{said} The values of the other {left:,} are in table.parquet.",), role="note"))
    return blocks


def _chart(table: Table, matrix: Matrix) -> Chart:
    kinds = [kind for kind in matrix.kinds if kind in {"odd", "even"}]
    chart = beside(table, matrix, kinds) if len(kinds) > 1 else heatmap(table, matrix)
    return Chart(
        chart,
        f"A row is a layer of {matrix.model}, from its first at the bottom to its last at the top; a column is a layer "
        f"of {matrix.model_b}. White dot: the most alike layer of each row. Marks: no value, and why.",
    )


def _order(table: Table, counts: pd.DataFrame, main: str) -> pd.Index:
    """Sort by: different models, one seed of each, the measure that sentences are made of, the main setting."""
    rows = table.rows[table.rows["measure"].isin(spoken(table)) & table.rows["tap"].notna()]
    said = list(dict.fromkeys(laid_out(table, rows)["variant"]))
    place = counts["variant"].map(lambda name: said.index(name) if name in said else len(said))
    at = {name: number for number, name in enumerate(settings(table))}
    of = without_seeds(counts)
    rank = pd.DataFrame(
        {
            "itself": of["model"] == of["model_b"],
            "again": of.duplicated(["variant", "setting", "draw", "model", "model_b"]),
            "measure": place,
            "other": counts["setting"] != main,
            "setting": counts["setting"].map(at),
        }
    )
    return rank.sort_values(list(rank.columns), kind="stable").index
