"""The application: every command by name, its module loaded when it runs."""

from __future__ import annotations

import typer

from simzoo.cli import (
    audit,
    cache,
    compare,
    doctor,
    grid,
    listing,
    plugin,
    report,
    represent,
    show,
    table,
    train,
    transfer,
    zoo,
)
from simzoo.cli import map as model_map
from simzoo.cli.commands import Commands

app = typer.Typer(
    name="simzoo",
    cls=Commands,
    help="How alike are two vision models, what shape are their representations, and which one will transfer?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("compare")(compare.compare)
app.command("audit")(audit.audit)
app.command("train")(train.train)
app.command("represent")(represent.represent)
app.command("report")(report.report)
app.command("list")(listing.list_parts)
app.command("show")(show.show_part)
app.add_typer(grid.app, name="grid")
app.add_typer(transfer.app, name="transfer")
app.command("map")(model_map.map_models)
app.command("table")(table.table)
app.command("doctor")(doctor.doctor)
app.add_typer(plugin.app, name="plugin")
app.add_typer(cache.app, name="cache")
app.add_typer(zoo.app, name="zoo")
