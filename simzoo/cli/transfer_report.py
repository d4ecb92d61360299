"""`simzoo transfer report MODEL... --data D`."""

from __future__ import annotations

from typing import Annotated

import typer

from simzoo.cli import output
from simzoo.cli.transfer_score import Data, Measures, Models, Most, named
from simzoo.progress import Bars


@output.friendly
def report(
    models: Models,
    data: Data,
    measures: Measures = "",
    finetune: Annotated[
        int, typer.Option("--finetune", metavar="TOP", min=0, help="Fine-tune the best TOP models and measure them.")
    ] = 0,
    recipe: Annotated[str, typer.Option("--recipe", help="By which recipe (finetune-quick: few epochs).")] = "finetune",
    split_seed: output.SplitSeed = None,
    group_by: output.GroupBy = None,
    n: Most = None,
    pool: Annotated[
        str | None,
        typer.Option("--pool", metavar="FILE", help="A pool.json of transfer fit: adds what geometry foretells."),
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="So many epochs of fine-tuning.")] = None,
    out: Annotated[
        str, typer.Option("--out", "--output", help="Folder for what is written [default: simzoo-out/COMMAND-NAMES/].")
    ] = "",
    seed: output.Seed = 0,
    device: output.Device = "cpu",
    no_train: output.NoTrain = False,
    yes: output.Yes = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Say which model to fine-tune for your labelled images, how sure that is and what it costs: a verdict, a page."""
    from simzoo.transfer.report import transfer_report

    result = transfer_report(
        *models,
        data=output.data_name(data, split_seed, group_by),
        measures=named(measures),
        finetune=finetune,
        recipe=recipe,
        n=n,
        pool=pool,
        epochs=epochs,
        seed=seed,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=Bars(),
    )
    output.delivered(result, out, as_json=as_json)
