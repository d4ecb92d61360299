"""The verdict, in plain sentences."""

from __future__ import annotations

from simzoo.report.grid import is_grid
from simzoo.report.reading import similarities
from simzoo.report.section import Block, Text
from simzoo.report.verdict import verdict
from simzoo.table.schema import Table

HOW_TO_READ = (
    "Even layers are taken after a block's addition (shortcut + branch), odd layers are the residual branch before it. "
    "The figure quoted for a pair is the mean, over the first model's layers, of the most alike layer of the second. "
    "Brackets hold its interval; the null is the same figure after the images of one side were shuffled."
)

OVER_SEEDS = (
    "Where a model has several seeds, values are means over them and brackets are 95 % intervals over them; pairs of "
    "seeds are not independent, so that of a pair of models is too narrow. Two values cannot be told apart where their "
    "intervals overlap; nothing is corrected for the number of comparisons."
)


def render(table: Table) -> list[Block]:
    """Return the sentences, and one note on how to read them."""
    sentences = verdict(table)
    blocks: list[Block] = [Text(tuple(sentences), role="verdict")] if sentences else []
    if blocks and similarities(table):
        more = (OVER_SEEDS,) if is_grid(table) else ()
        blocks.append(Text((HOW_TO_READ, *more), role="note"))
    return blocks
