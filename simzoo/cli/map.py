"""`simzoo map A B C ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from simzoo.cli import output
from simzoo.progress import Bars


@output.friendly
def map_models(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL MODEL MODEL...", help="Names as for compare, three or more.")
    ],
    measure: Annotated[
        list[str],
        typer.Option(
            "--measure",
            help="mgm or other measures of one representation (may be given several times), or one similarity.",
        ),
    ] = ["mgm"],  # noqa: B006 - typer copies it
    augmentations: Annotated[
        str,
        typer.Option(
            "--augmentations",
            metavar="NAME[:STRENGTH],...",
            help="Settings of a signature [default: none,augs,crop,colorjitter,rotate; of a similarity none].",
        ),
    ] = "",
    clusters: Annotated[int, typer.Option("--clusters", min=2, help="Into how many the tree is cut.")] = 3,
    data: output.Data = None,
    split_seed: output.SplitSeed = None,
    group_by: output.GroupBy = None,
    n: Annotated[int, typer.Option("--n", min=2, help="At most so many clean images.")] = 1_000,
    images: Annotated[int, typer.Option("--images", min=2, help="At most so many images under augmentation.")] = 100,
    views: Annotated[int, typer.Option("--views", min=2, help="So many draws of the augmentation an image.")] = 20,
    taps: output.Taps = "final",
    pool: output.Pool = None,
    resamples: Annotated[
        int, typer.Option("--resamples", min=0, help="Half-samples of the images for intervals and stability.")
    ] = 20,
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
    """Map models by their geometry or by how alike they are: a tree, a plane, clusters, and how stable they are."""
    from simzoo.mapping import model_map

    result = model_map(
        *models,
        measure=measure,
        augmentations=[word.strip() for word in augmentations.split(",") if word.strip()] or None,
        clusters=clusters,
        data=output.data_name(data, split_seed, group_by),
        n=n,
        images=images,
        views=views,
        taps=taps,
        pool=pool,
        resamples=resamples,
        epochs=epochs,
        train_images=train_images,
        seed=seed,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=Bars(),
    )
    output.delivered(result, out, as_json=as_json)
