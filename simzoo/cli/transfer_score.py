"""`simzoo transfer score MODEL... --data D`."""

from __future__ import annotations

from typing import Annotated

import typer

from simzoo.cli import output
from simzoo.progress import Bars

Data = Annotated[
    str,
    typer.Option(
        "--data",
        help="Labelled images: a folder FOLDER/CLASS/IMAGE, a name under SIMZOO_DATA, a tar or Parquet file, "
        "hf:OWNER/NAME, digits.",
    ),
]
Most = Annotated[
    int | None, typer.Option("--n", min=2, help="At most so many training, and test, images [default: all].")
]
Models = Annotated[list[str], typer.Argument(metavar="MODEL MODEL...", help="Names as for compare.")]
Measures = Annotated[
    str, typer.Option("--measures", metavar="NAME,...", help="Other measures [default: all transferability scores].")
]


@output.friendly
def score(
    models: Models,
    data: Data,
    measures: Measures = "",
    split_seed: output.SplitSeed = None,
    group_by: output.GroupBy = None,
    n: Most = None,
    epochs: output.Epochs = None,
    train_images: output.TrainImages = None,
    out: output.Out = "",
    seed: output.Seed = 0,
    device: output.Device = "cpu",
    no_train: output.NoTrain = False,
    yes: output.Yes = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Score models on labelled training images by every transferability measure: a table, and a page."""
    from simzoo.transfer.scores import transfer_scores

    result = transfer_scores(
        *models,
        data=output.data_name(data, split_seed, group_by),
        measures=named(measures),
        n=n,
        epochs=epochs,
        train_images=train_images,
        seed=seed,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=Bars(),
    )
    output.delivered(result, out, as_json=as_json)


def named(measures: str) -> list[str]:
    """Return the names in a list with commas."""
    return [word.strip() for word in measures.split(",") if word.strip()]
