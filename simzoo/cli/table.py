"""`simzoo table`: choose, take together and turn what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from simzoo.cli import output

MOST = 40  # rows that are printed on a terminal


@output.friendly
def table(
    source: Annotated[
        str,
        typer.Argument(metavar="[TABLE]", help="A table.parquet or a command's output folder [default: all results]."),
    ] = "",
    where: Annotated[
        list[str],
        typer.Option(
            "--where", help="COLUMN=GLOB, COLUMN!=GLOB, COLUMN>=NUMBER ...; A|B for alternatives. Repeatable."
        ),
    ] = [],  # noqa: B006 - typer copies it
    columns: Annotated[str, typer.Option("--columns", help="Which columns, with commas [default: those in use].")] = "",
    down: Annotated[str, typer.Option("--down", help="Pivot: the columns whose values become rows, with commas.")] = "",
    across: Annotated[str, typer.Option("--across", help="Pivot: the columns whose values become columns.")] = "",
    value: Annotated[str, typer.Option("--value", help="Pivot: the column that fills the cells.")] = "value",
    over_seeds: Annotated[bool, typer.Option("--over-seeds", help="Mean and 95 % interval over seeds.")] = False,
    form: Annotated[
        str, typer.Option("--format", metavar="csv|json|md|latex", help="Print as text of this form.")
    ] = "",
    out: Annotated[
        str, typer.Option("--out", help="Write to a file: .parquet, .csv, .json, .md or .tex; all rows, all columns.")
    ] = "",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Show what was measured: filtered, over seeds, pivoted; as text or as a file."""
    from simzoo.table.export import as_text, write_rows
    from simzoo.table.query import choose, in_use, pivot, require_column
    from simzoo.table.query import over_seeds as together
    from simzoo.table.store import read_rows

    rows = choose(read_rows(source), where)
    if where and rows.empty:
        typer.echo("no row meets this: " + ", ".join(where), err=True)
    rows = together(rows) if over_seeds else rows
    if down or across:
        shown = pivot(rows, _names(down), _names(across), value)
    else:
        for name in _names(columns):
            require_column(rows, name)
        shown = rows[_names(columns) or in_use(rows)]
    if out:
        output.wrote([write_rows(shown if down or across or columns else rows, Path(out))])
    if as_json:
        output.emit({"rows": json.loads(as_text(shown, "json"))})
    elif form:
        typer.echo(as_text(shown, form), nl=False)
    elif not out:
        typer.echo(as_text(shown.head(MOST), "md"), nl=False)
        if len(shown) > MOST:
            typer.echo(f"{len(shown) - MOST:,} rows more: --out FILE.csv, or choose with --where", err=True)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
