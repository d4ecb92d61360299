"""The one place where commands print: human text or one JSON object on stdout, errors and progress on stderr."""

from __future__ import annotations

import functools
import json
import math
import select
import shlex
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from simzoo.errors import SimzooError, UsageError
from simzoo.storage import file_name, key_of

LONGEST_NAME = 120  # of an output folder
F = TypeVar("F", bound=Callable[..., Any])

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1, ...")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of models named without #SEED, and of resampling.")]
Out = Annotated[str, typer.Option("--out", help="Folder for what is written [default: simzoo-out/COMMAND-NAMES/].")]
NoTrain = Annotated[bool, typer.Option("--no-train", help="Fail rather than train a model.")]
Yes = Annotated[bool, typer.Option("--yes", help="Consent to more than 30 minutes of training.")]
Epochs = Annotated[
    int | None, typer.Option("--epochs", min=1, help="Shorten the training: makes another, named recipe.")
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="digits, a name under SIMZOO_DATA, a folder, tar or Parquet file, hf:OWNER/NAME [default: what the "
        "models were trained on, or digits].",
    ),
]
N = Annotated[int, typer.Option("--n", min=2, help="At most so many images.")]
Taps = Annotated[str, typer.Option("--taps", help="final, blocks, residual, logits, or globs over module names.")]
Pool = Annotated[str | None, typer.Option("--pool", help="gap, cls, flatten or grid:K [default: each model's own].")]
Augmentation = Annotated[
    str,
    typer.Option(
        "--augmentation",
        metavar="NAME[:STRENGTH]",
        help="What is done to the images, the same for every model (simzoo list augmentations).",
    ),
]
SplitSeed = Annotated[
    int | None,
    typer.Option("--split-seed", min=0, help="Divide a folder without train/ and test/ by another seed [default: 0]."),
]
GroupBy = Annotated[
    str | None,
    typer.Option(
        "--group-by",
        metavar="PATTERN",
        help="Keep images on one side whose ids agree in what this regular expression finds (its first group).",
    ),
]
TrainImages = Annotated[int | None, typer.Option("--train-images", min=2, help="Train on at most so many images.")]


def friendly(command: F) -> F:
    """Turn simzoo's errors into text (or JSON) and an exit code; a traceback only with --debug."""

    @functools.wraps(command)
    def guarded(*args: Any, debug: bool, as_json: bool, **options: Any) -> Any:
        with warnings.catch_warnings():
            if not debug:
                warnings.showwarning = _one_line
            try:
                return command(*args, debug=debug, as_json=as_json, **options)
            except SimzooError as error:
                if debug:
                    raise
                print_error(error, as_json=as_json)
                raise typer.Exit(error.exit_code) from None
            except typer.Exit:
                raise
            except Exception as error:
                if debug or _nobody_reads(error):
                    raise
                print_error(_unforeseen(error), as_json=as_json)
                raise typer.Exit(1) from None
            except KeyboardInterrupt:
                typer.echo("interrupted: what was finished is kept; run the same command to go on", err=True)
                raise typer.Exit(130) from None

    return guarded  # type: ignore[return-value]


def data_name(data: str | None, split_seed: int | None, group_by: str | None) -> str | None:
    """Return the name of the data with what --split-seed and --group-by say of it."""
    from simzoo.images.division import divided_name

    if data is None and (split_seed is not None or group_by is not None):
        raise UsageError(
            "--split-seed and --group-by say how --data is divided",
            expected="--data FOLDER beside them",
            got="no --data",
            next_step="add --data FOLDER; a training is told by its name: NAME@FOLDER+split-seed=1:RECIPE",
        )
    return None if data is None else divided_name(data, split_seed, group_by)


def emit(value: Any) -> None:
    """Print one JSON object on stdout."""
    typer.echo(json.dumps(_finite(value), default=_plain, ensure_ascii=False, allow_nan=False))


def show(renderable: Any) -> None:
    """Print something rich can render on stdout."""
    from rich.console import Console

    Console().print(renderable)


def delivered(result: Any, out: str, *, as_json: bool) -> None:
    """Save and show what `compare` or `map` found; exit 1 where rows failed."""
    folder = Path(out) if out else Path("simzoo-out") / folder_name(result.result.context["command"])
    written = result.save(folder)
    if as_json:
        emit(result.as_json(folder))
    else:
        show(result)
    wrote([path for path in written if path.parent == folder] + [folder / "figures"])
    if result.failed:
        raise typer.Exit(1)


def folder_name(command: str) -> str:
    """Return `compare-A-B` and what was asked beside the defaults, so that another question goes to another folder."""
    words = [Path(word).name.removeprefix("--") for word in shlex.split(command)[1:]]
    name = file_name("-".join(words))
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}-{key_of(command)[:8]}"


def wrote(paths: list[Any]) -> None:
    """Say on stderr what was written and where."""
    for path in paths:
        typer.echo(f"wrote {path}", err=True)


def print_error(error: SimzooError, *, as_json: bool) -> None:
    """Print an error on stderr, and with `--json` as one object on stdout."""
    notes = getattr(error, "__notes__", [])
    typer.echo("\n".join([f"error: {error}", *notes]), err=True)
    if as_json:
        parts = {"expected": error.expected, "got": error.got, "next": error.next_step}
        emit({"error": error.what, "kind": type(error).__name__, **parts})


def _unforeseen(error: Exception) -> SimzooError:
    return SimzooError(
        "simzoo met an error that it did not foresee",
        expected="an error that says what to do",
        got=f"{type(error).__name__}: {error}",
        next_step="run the same command with --debug and report what it prints; finished work is kept",
    )


def _nobody_reads(error: Exception) -> bool:
    """Whether who reads what we print has closed the pipe: no error, typer ends in silence."""
    if not isinstance(error, BrokenPipeError) or not hasattr(select, "poll"):
        return False
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError):  # no file at all
        return False


def _one_line(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)  # noqa: T201 - this is the printing place


def _finite(value: Any) -> Any:
    """Replace what JSON cannot say, such as the open end of a range, by null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    if value is None or str(value) == "<NA>":
        return None
    return value.item() if hasattr(value, "item") else str(value)
