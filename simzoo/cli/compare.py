"""`simzoo compare A B ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from simzoo.cli import output
from simzoo.progress import Bars


@output.friendly
def compare(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL MODEL...",
            help="NAME[@DATA][:RECIPE][#SEED], timm:NAME, init:NAME, torchvision:NAME.WEIGHTS, file:CARD.toml, "
            "py:MODULE:FUNCTION",
        ),
    ],
    measure: Annotated[
        list[str],
        typer.Option("--measure", help="A measure; may be given several times. Beside cka always cka_unbiased."),
    ] = ["cka"],  # noqa: B006 - typer copies it
    taps: Annotated[
        str, typer.Option("--taps", help="final, blocks, residual, logits, or globs; 'A|B' is B where there is no A.")
    ] = "residual",
    pool: Annotated[
        str | None, typer.Option("--pool", help="gap, cls, flatten or grid:K [default: each model's own].")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="digits, a name under SIMZOO_DATA, a folder, tar or Parquet file, hf:OWNER/NAME [default: what the "
            "models were trained on, or digits].",
        ),
    ] = None,
    split_seed: output.SplitSeed = None,
    group_by: output.GroupBy = None,
    n: Annotated[int, typer.Option("--n", min=2, help="At most so many evaluation images.")] = 1_000,
    augmentation: Annotated[
        str,
        typer.Option(
            "--augmentation",
            metavar="NAME[:STRENGTH]",
            help="What is done to the images, the same for every model (simzoo list augmentations).",
        ),
    ] = "none",
    epochs: output.Epochs = None,
    train_images: output.TrainImages = None,
    resamples: Annotated[
        int | None,
        typer.Option("--resamples", min=0, help="Half-samples for intervals [default: 100 where they are cheap]."),
    ] = None,
    permutations: Annotated[
        int | None,
        typer.Option("--permutations", min=0, help="Permutations for the null [default: 50 where they are cheap]."),
    ] = None,
    out: output.Out = "",
    seed: output.Seed = 0,
    device: output.Device = "cpu",
    no_train: output.NoTrain = False,
    yes: output.Yes = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Compare models layer by layer: a table, a verdict in sentences, heat maps and one offline page."""
    from simzoo.comparison import compare as run

    result = run(
        *models,
        measure=measure,
        data=output.data_name(data, split_seed, group_by),
        n=n,
        taps=taps,
        pool=pool,
        augmentation=augmentation,
        epochs=epochs,
        train_images=train_images,
        resamples=resamples,
        permutations=permutations,
        seed=seed,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=Bars(),
    )
    output.delivered(result, out, as_json=as_json)
