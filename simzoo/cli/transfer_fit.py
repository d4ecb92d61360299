"""`simzoo transfer fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simzoo.cli import output
from simzoo.progress import Bars


@output.friendly
def fit(
    tables: Annotated[
        list[str],
        typer.Argument(metavar="GRID_TABLE...", help="Tables of grids, or folders that hold them; together one pool."),
    ],
    targets: Annotated[
        str,
        typer.Option(
            "--targets",
            help="What is predicted, with commas: accuracies of the table (linear_probe, knn_accuracy), or published "
            "[default: what the table has, else published].",
        ),
    ] = "",
    measures: Annotated[
        str, typer.Option("--measures", help="What signatures are made of, with commas [default: mgm, or all].")
    ] = "",
    on: Annotated[
        str, typer.Option("--on", help="The image set of the signatures [default: the one most were measured on].")
    ] = "",
    draws: Annotated[
        int, typer.Option("--resamples", min=0, help="Draws of models and of data sets for the intervals.")
    ] = 1_000,
    permutations: Annotated[
        int, typer.Option("--permutations", min=0, help="How often accuracies are dealt anew for the null.")
    ] = 200,
    seed: output.Seed = 0,
    out: output.Out = "",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Learn which models transfer from their geometry, and say how it did on models that were left out."""
    from simzoo.transfer.fit import transfer_fit

    found = transfer_fit(
        *tables,
        measures=_names(measures),
        on=on or None,
        targets=_names(targets),
        draws=draws,
        permutations=permutations,
        seed=seed,
        progress=Bars(),
    )
    folder = Path(out) if out else Path("simzoo-out") / output.folder_name(found.result.context["command"])
    written = found.save(folder)
    if as_json:
        output.emit(found.as_json(folder))
    else:
        output.show(found)
    output.wrote([path for path in written if path.parent == folder] + [folder / "figures", found.keep()])


def _names(text: str) -> list[str] | None:
    return [name.strip() for name in text.split(",") if name.strip()] or None
