"""`simzoo cache ls|verify|prune`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from simzoo.cli import output

app = typer.Typer(help="See, check and clear what simzoo keeps (SIMZOO_HOME).", no_args_is_help=True)


@app.command("ls")
@output.friendly
def ls(as_json: output.Json = False, debug: output.Debug = False) -> None:
    """List what the store holds: kind, size, age in days, name."""
    from simzoo.cache import contents
    from simzoo.storage import home

    items = contents()
    size = sum(item.bytes for item in items)
    if as_json:
        output.emit({"home": str(home()), "bytes": size, "items": [item.as_dict() for item in items]})
        return
    _table(items)
    typer.echo(f"{_size(size)} in {home()}")


@app.command("verify")
@output.friendly
def verify(as_json: output.Json = False, debug: output.Debug = False) -> None:
    """Check every checksum; exit code 1 where something is damaged. Nothing is changed."""
    from simzoo.cache import verify as check

    damaged = check()
    if as_json:
        output.emit({"ok": not damaged, "damaged": damaged})
    else:
        for found in damaged:
            typer.echo(f"damaged {found['kind']}: {found['name']}: {found['reason']}")
        typer.echo("what is damaged is set aside and made again when it is next needed" if damaged else "all is sound")
    if damaged:
        raise typer.Exit(1)


@app.command("prune")
@output.friendly
def prune(
    weights: Annotated[bool, typer.Option("--weights", help="Remove trained weights: hours of work, maybe.")] = False,
    representations: Annotated[
        bool, typer.Option("--representations", help="Remove representations [default, where no kind is named].")
    ] = False,
    damaged: Annotated[bool, typer.Option("--damaged", help="Remove what was set aside as damaged.")] = False,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Remove checkpoints and what killed processes left.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All of these but weights.")] = False,
    older_than: Annotated[float, typer.Option("--older-than", min=0, help="Only what is as old, in days.")] = 0.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Make room: remove what can be made again. Results stay; weights stay unless --weights; what is in use stays."""
    from simzoo.cache import DEFAULT, REMAKE, Kind
    from simzoo.cache import prune as remove

    asked: dict[Kind, bool] = {
        "weights": weights,
        "representations": representations,
        "damaged": damaged,
        "unfinished": unfinished,
        "checkpoint": unfinished,
    }
    kinds = {kind for kind, wanted in asked.items() if wanted} | set(REMAKE if everything else ())
    gone, in_use = remove(kinds or DEFAULT, older_than, dry_run=dry_run)
    size = sum(item.bytes for item in gone)
    if as_json:
        told = {"removed": gone, "in_use": in_use}
        output.emit(
            {"dry_run": dry_run, "bytes": size} | {word: [i.as_dict() for i in items] for word, items in told.items()}
        )
        return
    _table(gone)
    counted = f"{len(gone)} item{'' if len(gone) == 1 else 's'}"
    typer.echo(f"{'would remove' if dry_run else 'removed'} {counted}, {_size(size)}")
    for item in in_use:
        typer.echo(f"in use by another process, kept: {item.kind} {item.name}")


def _table(items: Sequence[Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("kind", "size", "days", "name"):
        table.add_column(column, overflow="fold", justify="right" if column in {"size", "days"} else "left")
    for item in items:
        table.add_row(item.kind, _size(item.bytes), f"{item.days:.1f}", Text(item.name))
    output.show(table)


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
