"""What a comparison looks like in a terminal: the verdict, the models, and a small heat map of each pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from rich import box
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table as Grid
from rich.text import Text

from simzoo.report.grid import is_grid
from simzoo.report.palette import Levels, levels, viridis
from simzoo.report.reading import Matrix, accuracies, last_values, models, spoken
from simzoo.report.scales import domain
from simzoo.report.verdict import notable_matrices, verdict
from simzoo.report.words import label, numbers, real, training_words, with_interval
from simzoo.table.schema import Table

LARGEST = 33
PAIRS = 3
ROOM_FOR_TRAINING = 80
SHADES, ASCII_SHADES = " ░▒▓█", " .:*#"


def summary(table: Table) -> RenderableType:
    """Return the verdict, a table of the models and the heat maps of at most three pairs, for rich to print.

    Of a grid only the verdict: its figures are for the page.
    """
    sentences = [Padding(Text(sentence), (0, 0, 0, 2)) for sentence in verdict(table)]
    if is_grid(table):
        return Group(Text("Verdict", style="bold"), *sentences)
    parts: list[RenderableType] = [Text("Verdict", style="bold"), *sentences, Text(), _models(table), *_values(table)]
    parts += [Text(f"Note: {note}") for note in table.context.get("notes") or ()]
    for matrix in notable_matrices(table, PAIRS):
        kinds = [kind for kind in matrix.kinds if kind in {"odd", "even", "block"}]
        shown = {kind: matrix.only(kind) for kind in kinds} or {"all": matrix}
        maps = [Group(_heading(part, kind), _heatmap(table, part)) for kind, part in shown.items()]
        parts += [
            Text(),
            Text(_axes(matrix), style="dim"),
            Columns(maps, padding=(0, 3)),
            Text(_scale(table, matrix), style="dim"),
        ]
    hidden = len(models(table)) * (len(models(table)) - 1) // 2 - PAIRS
    if hidden > 0 and spoken(table):
        parts.append(
            Text(f"\nThe {PAIRS} most alike pairs are drawn; report.html has the other {hidden}.", style="dim")
        )
    if notes := (table.context.get("data") or {}).get("notes"):
        parts += [Text(), *(Text(f"Data: {note}", style="dim") for note in notes)]
    return Group(*parts)


def _values(table: Table) -> list[Text]:
    """One line for each measure of single representations: its value at the last tap; the curves are on the page."""
    lines = []
    for measure, by_model in last_values(table).items():
        said = "; ".join(f"{model} {with_interval(*score)} ({tap})" for model, (tap, score) in by_model.items())
        lines.append(Text(f"{label(measure)}: {said}"))
    return lines


@dataclass(frozen=True)
class HeatMap:
    """Cells from 0 (unlike) to 1 (alike), NaN where undefined, and the row maxima; colour where there is colour."""

    cells: Levels
    tops: tuple[int, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw two characters a cell where they fit, else one; the deepest layer of the first model on top."""
        room = max(options.max_width, 1)
        columns = self.cells.shape[1]
        cells, tops = (self.cells, self.tops) if columns <= room else _reduced(self.cells, self.tops, room)
        width = 2 if cells.shape[1] * 2 <= room else 1
        coloured = console.color_system in {"256", "truecolor"} and not console.no_color
        plain = options.ascii_only
        for at in reversed(range(len(cells))):
            yield from self._row(cells[at], tops[at], width, coloured=coloured, plain=plain)
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Say what width it takes, so that heat maps can stand side by side."""
        columns = self.cells.shape[1]
        return Measurement(min(columns, options.max_width), min(2 * columns, options.max_width))

    def _row(self, row: Levels, top: int, width: int, *, coloured: bool, plain: bool) -> Iterator[Segment]:
        dot, shades = ("o", ASCII_SHADES) if plain else ("●", SHADES)
        colours = viridis(row)
        for at, level in enumerate(row):
            mark = dot if at == top else ""
            if coloured:
                red, green, blue = (int(part) for part in colours[at])
                style = Style.parse(f"{'black' if level > 0.6 else 'white'} on rgb({red},{green},{blue})")
                yield Segment(mark.ljust(width), style)
            elif np.isnan(level):
                yield Segment("?" * width)
            else:
                shade = shades[min(int(level * len(shades)), len(shades) - 1)]
                yield Segment(mark + shade * (width - len(mark)))


def _heatmap(table: Table, matrix: Matrix) -> HeatMap:
    values = np.full((len(matrix.taps), len(matrix.taps_b)), np.nan)
    cells = matrix.cells
    values[cells["i"], cells["j"]] = cells["value"]
    tops = np.full(len(matrix.taps), -1)
    tops[cells.loc[cells["top"], "i"]] = cells.loc[cells["top"], "j"]
    shares = levels(values, domain(table, matrix), reverse=matrix.distance)
    return HeatMap(*_reduced(shares, tuple(int(top) for top in tops), LARGEST))


def _heading(matrix: Matrix, kind: str) -> Text:
    null = real(matrix.cells["null"].mean())
    about = f"{label(matrix.measure)}, {kind} layers" + ("" if null is None else f", null {numbers(null, 1.0)[0]}")
    return Text(about, style="bold")


def _axes(matrix: Matrix) -> str:
    return f"up: {matrix.model}, right: {matrix.model_b}" + (f" ({matrix.condition})" if matrix.condition else "")


def _scale(table: Table, matrix: Matrix) -> str:
    ends = domain(table, matrix)
    low, high = numbers(*(reversed(ends) if matrix.distance else ends))
    return f"from {low} (unlike, faint) to {high} (alike, bright); dots: the most alike layer of each row"


def _reduced(cells: Levels, tops: tuple[int, ...], most: int) -> tuple[Levels, tuple[int, ...]]:
    """Average neighbouring cells until there are at most `most` rows and columns."""
    if max(cells.shape) <= most:
        return cells, tops
    bins, bins_b = (np.arange(size) * min(size, most) // size for size in cells.shape)
    shape = (bins[-1] + 1, bins_b[-1] + 1)
    known = ~np.isnan(cells)
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (bins[:, None], bins_b[None, :]), np.where(known, cells, 0.0))
    np.add.at(count, (bins[:, None], bins_b[None, :]), known)
    small = np.divide(total, count, out=np.full(shape, np.nan), where=count > 0)
    kept = tuple(int(np.nanargmax(row)) if count[at].any() else -1 for at, row in enumerate(small))
    return small, kept


@dataclass(frozen=True)
class Models:
    """The models and their accuracies; what they were trained on and how is left to the page in a narrow terminal."""

    rows: tuple[tuple[str, ...], ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as many columns as can be read."""
        headings = ("model", "kNN accuracy", "untrained", "trained on", "training")
        shown = headings if options.max_width >= ROOM_FOR_TRAINING else headings[:3]
        grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in shown:
            grid.add_column(heading, overflow="fold")
        for row in self.rows:
            grid.add_row(*(Text(cell) for cell in row[: len(shown)]))
        yield grid


def _models(table: Table) -> Models:
    measured = {found.model: found for found in reversed(accuracies(table))}
    rows = []
    for name in models(table):
        facts, found = table.models.get(name, {}), measured.get(name)
        scores = (found and found.trained, found and found.untrained)
        written = [with_interval(*score) if score else "-" for score in scores]
        rows.append((name, *written, str(facts.get("trained_on") or "-"), training_words(facts)))
    return Models(tuple(rows))
