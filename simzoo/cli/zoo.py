"""`simzoo zoo add`, `push` and `pull`: checkpoints of one's own by name, and shared."""

from __future__ import annotations

from typing import Annotated

import typer

from simzoo.cli import output
from simzoo.progress import Bars

app = typer.Typer(
    help="Name a checkpoint of your own, and share models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("add")
@output.friendly
def add(
    checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A safetensors or torch file.")],
    backbone: Annotated[str, typer.Option("--backbone", help="timm:NAME, or a backbone of simzoo or a plugin.")],
    name: Annotated[str, typer.Option("--name", metavar="ID", help="The model's name [default: the file's].")] = "",
    backbone_arg: Annotated[
        list[str] | None,
        typer.Option("--backbone-arg", metavar="KEY=VALUE", help="An argument of the backbone; may be repeated."),
    ] = None,
    mean: Annotated[str, typer.Option("--mean", metavar="R,G,B", help="Mean of pixels from 0 to 1.")] = "",
    std: Annotated[str, typer.Option("--std", metavar="R,G,B", help="Standard deviation of pixels.")] = "",
    input_size: Annotated[int | None, typer.Option("--input-size", min=1, help="Side of the images.")] = None,
    crop: Annotated[float | None, typer.Option("--crop", help="Share of the image that the centre crop keeps.")] = None,
    crop_first: Annotated[
        bool, typer.Option("--crop-first", help="Crop and then resize, as TensorFlow does [default: resize first].")
    ] = False,
    pool: Annotated[str, typer.Option("--pool", help="gap, cls, flatten or grid:K [default: gap].")] = "",
    licence: Annotated[str, typer.Option("--licence", help="Its licence, for reports.")] = "",
    trained_on: Annotated[str, typer.Option("--trained-on", help="What it was trained on, for reports.")] = "",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Write a card for a checkpoint by matching its keys and shapes; say every assumption and what did not match."""
    from simzoo.zoo import WARNING
    from simzoo.zoo import add as add_card

    made = add_card(
        checkpoint,
        backbone,
        name=name,
        args=backbone_arg or (),
        mean=mean,
        std=std,
        input_size=input_size,
        crop=crop,
        crop_first=crop_first,
        pool=pool,
        licence=licence,
        trained_on=trained_on,
    )
    if as_json:
        output.emit(made.facts)
    else:
        typer.echo(f"{made.card.name}: {made.match.matched} tensors of the file match {made.card.backbone}. Assumed:")
        for line in made.assumed:
            typer.echo(f"  {line}")
        typer.echo(WARNING.format(name=made.card.name))
    output.wrote([made.path])


@app.command("push")
@output.friendly
def push(
    name: Annotated[str, typer.Argument(help="A model with weights.")],
    where: Annotated[str, typer.Argument(metavar="OWNER/NAME|FOLDER", help="On the Hugging Face hub, or a folder.")],
    private: Annotated[bool, typer.Option("--private", help="Make a repository that only you see.")] = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Write a model as card and safetensors onto the Hugging Face hub, or into a folder."""
    from simzoo.sharing import push as push_model

    place = push_model(name, where, private=private, progress=Bars())
    if as_json:
        output.emit({"name": name, "where": place})
    output.wrote([place])


@app.command("pull")
@output.friendly
def pull(
    where: Annotated[str, typer.Argument(metavar="OWNER/NAME|FOLDER", help="What simzoo zoo push wrote.")],
    name: Annotated[str, typer.Option("--name", metavar="ID", help="Its name here [default: the card's].")] = "",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Take a model that somebody pushed; it can be named at once."""
    from simzoo.sharing import pull as pull_model

    card = pull_model(where, name, progress=Bars())
    if as_json:
        output.emit({"name": card.name, "licence": card.licence})
    else:
        typer.echo(f"{card.name}: usable by that name")
