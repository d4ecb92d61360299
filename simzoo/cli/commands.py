"""The group of commands: what is typed wrongly is told as every other error is."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from simzoo.cli import output
from simzoo.errors import UsageError

_Mistyped: Any = typer.BadParameter.__mro__[1]  # click's UsageError, which typer brings along under changing names


class Commands(TyperGroup):
    """Typer's group, with wrong options and arguments as text of three parts, or one JSON object."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and end the process with its exit code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)  # noqa: FBT003 - its place in typer
        words = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(words, prog_name, complete_var, False, windows_expand_args, **extra)  # noqa: FBT003 - its place in typer
        except _Mistyped as error:
            if not words or type(error).__name__ == "NoArgsIsHelpError":
                error.show()
            else:
                output.print_error(_told(error, words), as_json="--json" in words)
            code = error.exit_code
        sys.exit(code)


def _told(error: Any, words: Sequence[str]) -> UsageError:
    usage = error.ctx.get_usage().split(":", 1)[-1].split() if error.ctx else ["simzoo", "COMMAND"]
    command = error.ctx.command_path if error.ctx else "simzoo"
    return UsageError(
        error.format_message().rstrip("."),
        expected=" ".join(usage),
        got=f"simzoo {shlex.join(words)}",
        next_step=f"{command} --help",
    )
