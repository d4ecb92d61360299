"""`simzoo report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simzoo.cli import output


@output.friendly
def report(
    source: Annotated[str, typer.Argument(metavar="TABLE", help="A table.parquet or a folder that holds one.")],
    out: Annotated[str, typer.Option("--out", help="Folder for what is written [default: the table's folder].")] = "",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Write report.html and its figures from a table, of a comparison or a grid; nothing is computed again."""
    from simzoo.catalog import catalog
    from simzoo.report.verdict import verdict
    from simzoo.report.writer import write_report
    from simzoo.table.files import read_table

    path = Path(source).expanduser()
    path = path / "table.parquet" if path.is_dir() else path
    table = read_table(path)
    folder = Path(out).expanduser() if out else path.parent
    written = write_report(table, folder, catalog().report_sections)
    sentences = verdict(table)
    if as_json:
        output.emit(
            {
                "out": str(folder),
                "report": str(written[0]),
                "figures": [str(path) for path in written[1:]],
                "rows": len(table.rows),
                "verdict": sentences,
            }
        )
    else:
        typer.echo("\n".join(sentences))
    output.wrote([written[0], *([folder / "figures"] if written[1:] else [])])
