"""`simzoo doctor`."""

from __future__ import annotations

from simzoo.cli import output


@output.friendly
def doctor(as_json: output.Json = False, debug: output.Debug = False) -> None:
    """Check the installation: libraries, devices, the store, data folders, plugins."""
    import typer

    from simzoo.doctor import checkup

    checks = checkup()
    if as_json:
        output.emit({"ok": all(check["ok"] for check in checks), "checks": checks})
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check['ok'] else 'FAIL'}  {check['name']}: {check['found']}")
            if check.get("next"):
                typer.echo(f"      next: {check['next']}")
    if not all(check["ok"] for check in checks):
        raise typer.Exit(1)
