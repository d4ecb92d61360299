"""`simzoo grid run` and `simzoo grid plan`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from simzoo.cli import output
from simzoo.progress import Bars
from simzoo.storage import file_name, key_of

app = typer.Typer(
    help="Measure a whole grid: models x augmentations x data x measures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Source = Annotated[
    str | None, typer.Argument(metavar="[GRID]", help="A grid file, or the name of a grid (simzoo list grids).")
]
Workers = Annotated[int, typer.Option("--workers", min=1, help="How many blocks run at once.")]

# the words of a grid (simzoo.cards.Grid) that have a flag, in the order of --help
WORDS: dict[str, Any] = {
    "models": Annotated[str | None, typer.Option("--models", help="Names and globs, with commas.")],
    "measures": Annotated[str | None, typer.Option("--measures", help="Names and globs, with commas; '*' is all.")],
    "augmentations": Annotated[str | None, typer.Option("--augmentations", help="NAME[:STRENGTH], with commas.")],
    "data": Annotated[str | None, typer.Option("--data", help="Data sets, with commas.")],
    "taps": Annotated[str | None, typer.Option("--taps", help="final, blocks, residual, logits, or globs.")],
    "pool": output.Pool,
    "n": Annotated[int | None, typer.Option("--n", min=2, help="At most so many images [default: 1000].")],
    "seeds": Annotated[
        str | None, typer.Option("--seeds", metavar="FIRST-LAST", help="Seeds of models named without one.")
    ],
    "draws": Annotated[int | None, typer.Option("--draws", min=1, help="Draws of each augmentation [default: 1].")],
    "pairs": Annotated[str | None, typer.Option("--pairs", help="all, cross or first: which pairs of models.")],
    "epochs": output.Epochs,
    "train_images": output.TrainImages,
    "resamples": Annotated[int | None, typer.Option("--resamples", min=0, help="Half-samples for intervals.")],
    "permutations": Annotated[int | None, typer.Option("--permutations", min=0, help="Permutations for the null.")],
    "seed": Annotated[int | None, typer.Option("--seed", help="Seed of draws and of resampling.")],
}
LISTS = ("models", "measures", "augmentations", "data")


def of_words(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for each of a grid's words, after its first parameter; it takes them as `words`."""
    first, *rest = inspect.signature(command, eval_str=True).parameters.values()
    flags = [inspect.Parameter(name, first.kind, default=None, annotation=kind) for name, kind in WORDS.items()]
    own = [parameter for parameter in rest if parameter.name != "words"]

    @functools.wraps(command)
    def called(*args: Any, **given: Any) -> None:
        words = {name: given.pop(name) for name in WORDS}
        words |= {name: _listed(words[name]) for name in LISTS}
        command(*args, words=words, **given)

    # typer reads the flags off the signature
    called.__signature__ = inspect.Signature([first, *flags, *own])  # type: ignore[attr-defined]
    return called


def _listed(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(word.strip() for word in text.split(",") if word.strip())


@app.command("run")
@output.friendly
@of_words
def run(
    grid: Source = None,
    *,
    words: dict[str, Any],
    executor: Annotated[
        str | None,
        typer.Option("--executor", metavar="NAME[:ADDRESS]", help="What runs the blocks (simzoo list executors)."),
    ] = None,
    workers: Workers = 1,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0.1, help="Seconds after which a measure is stopped.")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove representations when nothing in the grid needs them any more.")
    ] = False,
    out: output.Out = "",
    device: output.Device = "cpu",
    no_train: output.NoTrain = False,
    yes: output.Yes = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Run a grid: compute what is missing, write one table, one page and its figures."""
    from simzoo.grids import run_grid

    result = run_grid(
        grid,
        executor=executor,
        workers=workers,
        timeout=timeout,
        prune=prune,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=Bars(),
        **words,
    )
    # of flags alone the models are the name: another question about them goes to another folder
    name = f"grid-{result.name}"[: output.LONGEST_NAME] + ("" if grid else f"-{key_of(words)[:8]}")
    folder = Path(out) if out else Path("simzoo-out") / file_name(name)
    written = result.save(folder)
    if as_json:
        output.emit(result.as_json(folder))
    else:
        output.show(result)
    if written:
        output.wrote([path for path in written if path.parent == folder] + [folder / "figures"])
    else:
        typer.echo(f"{folder} holds this table and its page already", err=True)
    if result.failed:
        raise typer.Exit(1)


@app.command("plan")
@output.friendly
@of_words
def plan(
    grid: Source = None,
    *,
    words: dict[str, Any],
    workers: Workers = 1,
    graphml: Annotated[str, typer.Option("--graphml", metavar="FILE", help="Write the graph of blocks.")] = "",
    device: output.Device = "cpu",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Show what a grid will do: how many blocks, what is done, and about how long the rest will take."""
    from simzoo.grids import plan_grid

    found = plan_grid(grid, device=device, workers=workers, **words)
    if as_json:
        output.emit(found.as_json())
    else:
        output.show(found)
    if graphml:
        output.wrote([found.write_graphml(Path(graphml))])
