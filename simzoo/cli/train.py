"""`simzoo train NAME`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from simzoo.cli import output
from simzoo.progress import Bars


@output.friendly
def train(
    name: Annotated[
        str,
        typer.Argument(
            help="NAME[@DATA][:RECIPE][#SEED], or START@@DATA[:RECIPE][#SEED] to fine-tune START; several seeds as #0-2"
        ),
    ],
    epochs: output.Epochs = None,
    train_images: output.TrainImages = None,
    devices: Annotated[
        int | None,
        typer.Option("--devices", min=1, help="Share each batch out among GPUs (or processes): another, named recipe."),
    ] = None,
    out: Annotated[str, typer.Option("--out", help="Also copy the weights and their recipe into this folder.")] = "",
    log: Annotated[
        str, typer.Option("--log", help="Write a table of the epochs into this folder, NAME.csv, after each of them.")
    ] = "",
    online: Annotated[
        str, typer.Option("--online", help="Measure after each epoch, for --log: knn, probe or both (knn,probe).")
    ] = "",
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write into --log what TensorBoard reads, too (extra tensorboard).")
    ] = False,
    seed: output.Seed = 0,
    device: output.Device = "cpu",
    no_train: output.NoTrain = False,
    yes: output.Yes = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Train a model by its recipe, unless it is trained; say its name, accuracy and speed."""
    from simzoo import api

    progress = Bars()
    made = api.train(
        name,
        epochs=epochs,
        train_images=train_images,
        devices=devices,
        seed=seed,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=progress,
        log=log,
        online=[word.strip() for word in online.split(",") if word.strip()],
        tensorboard=tensorboard,
    )
    written = [path for artifact in made for path in (api.copy_weights(artifact, out) if out else [artifact.path])]
    if as_json:
        output.emit({"models": [{**artifact.header, "weights": str(artifact.path)} for artifact in made]})
    else:
        for artifact in made:
            output.show(_sentence(artifact.header))
    output.wrote(written)


def _sentence(facts: dict[str, Any]) -> str:
    epochs, seconds, accuracy = facts["settings"]["epochs"], facts["seconds"], facts["knn_accuracy"]
    known = "undefined" if accuracy is None else f"{accuracy:.3f}"
    if head := facts.get("accuracy"):
        known += f", accuracy of its head {head['value']:.3f} [{head['low']:.3f}, {head['high']:.3f}]"
    short = f" (shortened: {facts['shortened']})" if facts["shortened"] else ""
    speed = facts["train_images"] * epochs / seconds
    spent = {what: sum(epoch.get(f"{what}_seconds") or 0.0 for epoch in facts["log"]) for what in ("views", "reading")}
    shares = ", ".join(f"{what} {value / seconds:.0%}" for what, value in spent.items())
    return (
        f"{facts['name']}: kNN accuracy {known} after {epochs} epochs on {facts['train_images']:,} "
        f"images of {facts['data']}{short}, {seconds:.0f} s, {speed:.0f} images a second"
        f"{f' (of the time {shares})' if facts['device'] == 'cpu' else ''}"
    )
