"""`simzoo show NAME`."""

from __future__ import annotations

from typing import Annotated

import typer

from simzoo.cli import output


@output.friendly
def show_part(
    name: Annotated[
        str, typer.Argument(help="A model, recipe, measure, objective, backbone, data set or augmentation.")
    ],
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Show all that is known of one part: its card or fact sheet, its source, its documentation."""
    from simzoo.inventory import describe

    facts = describe(name)
    if as_json:
        output.emit(facts)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in facts.items():
        if key != "documentation" and value not in (None, "", [], {}, ()):
            table.add_row(key, Text(str(value)))
    output.show(table)
    if facts.get("documentation"):
        output.show(Text(f"\n{facts['documentation']}"))
