"""`simzoo list KIND`."""

from __future__ import annotations

from typing import Annotated

import typer

from simzoo.cli import output


@output.friendly
def list_parts(
    kind: Annotated[
        str,
        typer.Argument(
            help="models, recipes, measures, objectives, backbones, data, augmentations, grids, executors, plugins"
        ),
    ],
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """List what there is of one kind, with the plugin it comes from; broken plugins are named below."""
    from simzoo.inventory import broken_plugins, inventory

    parts = inventory(kind)
    broken = broken_plugins()
    if as_json:
        output.emit({"kind": kind, "items": parts, "broken": broken})
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    widest = max((len(str(part["name"])) for part in parts), default=0)
    table.add_column("name", no_wrap=True, min_width=widest)  # whole on any terminal, and in a pipe
    for column in list(parts[0])[1:] if parts else ():
        table.add_column(column, overflow="fold")
    for part in parts:
        table.add_row(*(Text(str(value)) for value in part.values()))
    output.show(table)
    for name, error in broken.items():
        typer.echo(f"broken plugin {name}: {error}", err=True)
