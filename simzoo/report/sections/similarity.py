"""How alike the models are, layer by layer: agreement of the pairs at a glance, then a heat map of any of them."""

from __future__ import annotations

from altair.typing import ChartType

from simzoo.report.figures import agreement
from simzoo.report.grid import is_grid
from simzoo.report.heatmap import beside, heatmap, pair_figure
from simzoo.report.reading import Matrix, by_condition, matrices, similarities, spoken, summaries, title_of
from simzoo.report.section import Block, Chart, Choice
from simzoo.report.sections.layer_maps import layer_maps
from simzoo.report.verdict import ranked_pairs
from simzoo.report.words import label, pair_words, sentence
from simzoo.table.schema import Table

READING = (
    "A row is a layer of {model}, from its first at the bottom to its last at the top; a column is a layer of "
    "{model_b}. White dot: the most alike layer of each row{lag}. Grey: no value; the mark says why."
)
LAG = "; dots right of the diagonal mean that {model_b} reaches the like state later"


def render(table: Table) -> list[Block]:
    """Return the overview, the chooser of heat maps, and the same heat maps as one figure a pair for paper."""
    if is_grid(table):
        return layer_maps(table)
    found = [matrix for measure in similarities(table) for matrix in matrices(table, measure)]
    if not found:
        return []
    options = {key: chart for matrix in found for key, chart in _options(table, matrix).items()}
    labels = ("Models", "Measure", "Layers")
    return [*_overview(table), Choice(labels, options), *_for_paper(table, found)]


def _overview(table: Table) -> list[Block]:
    blocks: list[Block] = []
    for measure in spoken(table):
        rows = summaries(table, measure, "match")
        rows = rows[(rows["status"] == "ok") & rows["value"].notna()]
        for condition, group in by_condition(rows) if len(rows) else ():
            shown = group[["kind", "value", "low", "high"]].assign(
                pair=[pair_words(a, b) for a, b in zip(group["model"], group["model_b"], strict=True)],
                null=group["null_mean"],
            )
            order = [pair_words(a, b) for a, b in ranked_pairs(table)]
            where = f", {condition}" if condition else ""
            caption = (
                f"{sentence(title_of(table, measure))}{where}: for each layer of the first model the most alike layer "
                "of the second, averaged. Lines: intervals; ticks: the mean after shuffling the images of one side."
            )
            blocks.append(Chart(agreement(table, shown, order, measure), caption, f"agreement-{measure}{where}"))
    return blocks


def _options(table: Table, matrix: Matrix) -> dict[tuple[str, ...], Chart]:
    pair = pair_words(matrix.model, matrix.model_b)
    named = label(matrix.measure) + (f" ({matrix.condition})" if matrix.condition else "")
    caption = _caption(matrix)
    kinds = [kind for kind in matrix.kinds if kind in {"odd", "even", "block"}]
    charts: dict[str, ChartType] = {}
    if len(kinds) > 1:
        charts[" | ".join(kinds)] = beside(table, matrix, kinds)
    charts |= {kind: heatmap(table, matrix.only(kind), f"{kind} layers") for kind in matrix.kinds}
    if len(matrix.kinds) != 1 or len(matrix.taps) != len(matrix.only(matrix.kinds[0]).taps):
        charts["all"] = heatmap(table, matrix, "all layers")
    return {(pair, named, kind): Chart(chart, caption) for kind, chart in charts.items()}


def _caption(matrix: Matrix) -> str:
    lag = "" if matrix.model == matrix.model_b else LAG.format(model_b=matrix.model_b)
    return READING.format(model=matrix.model, model_b=matrix.model_b, lag=lag)


def _for_paper(table: Table, found: list[Matrix]) -> list[Block]:
    """Return one figure for each pair, with all its measures; small enough in number for a handful of models."""
    pairs = list(dict.fromkeys((matrix.model, matrix.model_b) for matrix in found))
    pairs = pairs if len(pairs) <= _MANY else [pair for pair in pairs if pair[0] != pair[1]]
    return [
        Chart(
            pair_figure(table, [matrix for matrix in found if (matrix.model, matrix.model_b) == pair]),
            _caption(next(matrix for matrix in found if (matrix.model, matrix.model_b) == pair)),
            f"heatmap {pair[0]} {pair[1]}",
            on_page=False,
        )
        for pair in pairs
    ]


_MANY = 6  # pairs up to which a model with itself gets a figure too: three models
