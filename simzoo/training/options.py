"""A recipe's options, and whether the objective that is given them asks for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simzoo.errors import TrainingError, close_to


class Options(Mapping[str, Any]):
    """The options as they are, which remember what was asked of them; who goes through them asks for all."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Hold the options; nothing was asked yet."""
        self.given = given
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        """Return one, which counts as asked for whether it is there or not."""
        self.asked.add(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        """Go through their names."""
        return iter(self.given)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.given)

    def require_asked(self, recipe: str, objective: str) -> None:
        """Refuse options that nobody asked for: a misspelt word would leave the objective at its default in silence."""
        unasked = sorted(set(self.given) - self.asked)
        if not unasked:
            return
        hint = close_to(unasked[0], self.asked - set(self.given)) if len(unasked) == 1 else ""
        raise TrainingError(
            f"recipe {recipe!r} gives objective {objective!r} options that it does not ask for",
            expected=", ".join(sorted(self.asked)) + hint if self.asked else "no options",
            got=", ".join(unasked),
            next_step=f"mend the options of [objectives.{objective}], or of [default], in the recipe",
        )
