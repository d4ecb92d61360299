"""`simzoo represent MODEL`: representations as files for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simzoo.cli import output
from simzoo.progress import Bars
from simzoo.storage import file_name

if TYPE_CHECKING:
    from simzoo.export import Exported

LISTED = 3  # files named one by one; above that the folder is


@output.friendly
def represent(
    model: Annotated[str, typer.Argument(help="A name as for compare; several seeds as #0-2 make a folder each.")],
    data: output.Data = None,
    split_seed: output.SplitSeed = None,
    group_by: output.GroupBy = None,
    taps: output.Taps = "blocks",
    pool: output.Pool = None,
    n: output.N = 1_000,
    split: Annotated[
        str | None, typer.Option("--split", help="train, test, ... [default: the split that models are compared on].")
    ] = None,
    augmentation: output.Augmentation = "none",
    draw: Annotated[int, typer.Option("--draw", min=0, help="Which draw of the augmentation.")] = 0,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="npz|npy|rdm",
            help="npz: one archive, which features:FILE.npz reads. npy: an array a tap. rdm: dissimilarities.",
        ),
    ] = "npz",
    rdm: Annotated[
        str, typer.Option("--rdm", help="correlation, cosine, euclidean or sqeuclidean, for --format rdm.")
    ] = "correlation",
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
    """Write what a model makes of images: one row an image, one array a tap, as npz, npy or dissimilarity matrices."""
    from simzoo.export import export

    folder = Path(out) if out else Path("simzoo-out") / f"represent-{file_name(model)}"
    made = export(
        model,
        folder,
        data=output.data_name(data, split_seed, group_by),
        taps=taps,
        pool=pool,
        n=n,
        split=split,
        augmentation=augmentation,
        draw=draw,
        form=form,
        rdm=rdm,
        epochs=epochs,
        train_images=train_images,
        seed=seed,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=Bars(),
    )
    if as_json:
        output.emit({"out": str(folder), "format": form, "models": [_facts(one) for one in made]})
    else:
        for one in made:
            output.show(_sentence(one))
    written = [path for one in made for path in one.files]
    output.wrote(written if len(written) <= LISTED else [folder])


def _facts(one: Exported) -> dict[str, Any]:
    first = one.taps[0]
    taps = [{"name": tap.tap, "kind": tap.kind, "depth": tap.depth, "d": tap.shape[1]} for tap in one.taps]
    about = {"name": one.model, "data": first.data, "split": first.split, "n": len(first), "taps": taps}
    return {**about, "files": [str(path) for path in one.files]}


def _sentence(one: Exported) -> str:
    first = one.taps[0]
    return f"{one.model}: {len(one.taps)} taps of {len(first):,} images of {first.data} ({first.split})"
