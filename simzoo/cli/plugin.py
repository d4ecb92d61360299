"""`simzoo plugin new NAME` and `simzoo plugin check PATH`."""

from __future__ import annotations

from typing import Annotated

import typer

from simzoo.cli import output

app = typer.Typer(
    help="Write a plugin of your own, and check one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("new")
@output.friendly
def new(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens; simzoo-NAME is written.")],
    kind: Annotated[
        str, typer.Option("--kind", help="measure, objective, backbone, dataset or augmentation.")
    ] = "measure",
    out: Annotated[str, typer.Option("--out", help="Folder to write simzoo-NAME into.")] = ".",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Write a plugin that works, with a test that passes: change it from there."""
    from simzoo.testing.new import new_plugin

    written = new_plugin(name, kind, out)
    if as_json:
        output.emit({"out": written[0].parent, "files": written})
    output.wrote(written)
    typer.echo(f"next: simzoo plugin check {written[0].parent}", err=True)


@app.command("check")
@output.friendly
def check(
    plugin: Annotated[str, typer.Argument(metavar="PATH", help="A plugin's folder, or the name of an installed one.")],
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Check that a plugin loads, and that each of its parts does what its sheet declares."""
    from simzoo.testing.plugin import check_plugin

    found = check_plugin(plugin)
    ok = all(part.ok for part in found)
    if as_json:
        output.emit({"ok": ok, "parts": [part.as_dict() for part in found]})
    else:
        for part in found:
            typer.echo(part.subject + ("" if part.results else " (no checks for this kind)"))
            for result in part.results:
                typer.echo("  " + str(result).replace("\n", "\n      "))
        count = sum(len(part.results) for part in found)
        failed = sum(not result.ok for part in found for result in part.results)
        typer.echo(f"{count - failed} of {count} checks passed or are waived")
    if not ok:
        raise typer.Exit(1)
