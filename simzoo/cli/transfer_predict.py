"""`simzoo transfer predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from simzoo.cli import output
from simzoo.progress import Bars


@output.friendly
def predict(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Names as for compare, one or more.")],
    data: Annotated[
        str, typer.Option("--data", help="Where accuracy is wanted: in points, if the pool was measured on it.")
    ] = "",
    pool: Annotated[
        str, typer.Option("--pool", metavar="FILE", help="A pool.json, or a folder of fit [default: the last fit].")
    ] = "",
    table: Annotated[
        str, typer.Option("--table", help="Take the signatures from this table rather than measure them.")
    ] = "",
    device: output.Device = "cpu",
    no_train: output.NoTrain = False,
    yes: output.Yes = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Rank models by what a fit foretells of them from their geometry, beside how far that fit can be trusted."""
    from simzoo.prediction.fitted import read_fit, trust

    read_fit(Path(pool) if pool else None)  # before torch loads for seconds
    from simzoo.transfer.predict import transfer_predict

    found = transfer_predict(
        *models,
        data=data or None,
        pool=Path(pool) if pool else None,
        table=table or None,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=Bars(),
    )
    if as_json:
        output.emit({"predictions": json.loads(found.to_json(orient="records", double_precision=6))})
        return
    from rich.table import Table

    for title, rows in found.groupby("title", sort=False):
        evidence = rows.iloc[0]
        shown = Table("model", "score", "points", "", title=str(title), title_justify="left", box=None, pad_edge=False)
        for row in rows.sort_values("score", ascending=False).to_dict("records"):
            points = (
                "-" if row["points"] is None else f"{row['points']:.1f} \N{PLUS-MINUS SIGN} {row['mae_points']:.1f}"
            )
            where = "in the pool; as when it was left out" if row["held_out"] else ""
            shown.add_row(row["model"], f"{row['score']:+.2f}", points, where)
        output.show(shown)
        typer.echo(f"How far to trust this order: {trust(evidence.to_dict())}.\n")
    if data and found["points"].isna().all():
        typer.echo(f"No points: the pool holds no accuracy that was measured on {data}.")
    typer.echo("Score: standard deviations above the mean of the pool's models. Points: percent, with the mean error.")
