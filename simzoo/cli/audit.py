"""`simzoo audit MODEL`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from simzoo.cli import output
from simzoo.progress import Bars
from simzoo.storage import file_name


@output.friendly
def audit(
    model: Annotated[str, typer.Argument(help="A name as for compare.")],
    data: output.Data = None,
    split_seed: output.SplitSeed = None,
    group_by: output.GroupBy = None,
    n: Annotated[int | None, typer.Option("--n", min=2, help="At most so many images [default: all].")] = None,
    against: Annotated[
        str,
        typer.Option("--against", metavar="MODEL", help="Exit with 1 where the audited model is worse than this one."),
    ] = "",
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, help="By how much an accuracy (0 to 1) may be worse.")
    ] = 0.01,
    out: output.Out = "",
    seed: output.Seed = 0,
    device: output.Device = "cpu",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Say what a pretrained model is worth: identity, speed, accuracy, shape of its features, relatives, warnings."""
    from simzoo.audit.page import write_page
    from simzoo.audit.regression import regression
    from simzoo.audit.run import audit as run

    images = output.data_name(data, split_seed, group_by)
    found = run(model, images, n=n, seed=seed, device=device, progress=Bars()).as_dict
    rows = None
    if against:
        other = run(against, found["data"], n=n, seed=seed, device=device, progress=Bars()).as_dict
        rows = regression(found, other, tolerance)
    words = [
        "simzoo",
        "audit",
        model,
        *(["--data", images] if images else []),
        *(["--n", str(n)] if n else []),
        *(["--seed", str(seed)] if seed else []),
        *(["--against", against, "--tolerance", str(tolerance)] if against else []),
    ]
    folder = Path(out) if out else Path("simzoo-out") / f"audit-{file_name('-'.join((model, found['data'])))}"
    written = write_page(found, folder, shlex.join(words), rows)
    if as_json:
        compared = {} if rows is None else {"against": against, "regression": rows, "worse": _worse(rows)}
        output.emit({"out": str(folder), **found, **compared})
    else:
        _show(found, rows)
    output.wrote(written[:1])
    if rows is not None and _worse(rows):
        raise typer.Exit(1)


def _worse(rows: list[dict[str, Any]]) -> bool:
    return any(row["worse"] for row in rows)


def _show(found: dict[str, Any], rows: list[dict[str, Any]] | None) -> None:
    from simzoo.audit import summary

    for sentence in summary.verdict(found):
        typer.echo(sentence)
    for warning in found["warnings"]:
        typer.echo(f"warning: {warning}")
    parts = [summary.accuracy_rows(found), summary.value_rows(found), summary.identity_rows(found)]
    parts += [summary.regression_rows(rows)] if rows else []
    for part in (*parts, summary.time_rows(found["seconds"])):
        typer.echo()
        _table(part)


def _table(rows: list[dict[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=len(rows[0]) > 2)
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(value) for value in row.values()))
    output.show(table)
