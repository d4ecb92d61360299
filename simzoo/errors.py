"""Every error a user can meet: what happened, what was expected, what came, and the next step.

The text is part of the interface and is tested as text. `exit_code` is what the command line returns.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SimzooError(Exception):
    """Base of all errors that are meant to be read by a person."""

    exit_code = 1

    def __init__(
        self, what: str, *, expected: str | None = None, got: str | None = None, next_step: str | None = None
    ) -> None:
        """Keep the parts apart (`--json` prints them) and join them into one text."""
        self.what, self.expected, self.got, self.next_step = what, expected, got, next_step
        parts = (("expected", expected), ("got", got), ("next", next_step))
        super().__init__("\n".join([what, *(f"  {label}: {text}" for label, text in parts if text)]))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by parts, so that an error crosses a process boundary whole."""
        return (_rebuild, (type(self), self.what, self.expected, self.got, self.next_step))


def _rebuild(
    kind: type[SimzooError], what: str, expected: str | None, got: str | None, next_step: str | None
) -> SimzooError:
    return kind(what, expected=expected, got=got, next_step=next_step)


class UsageError(SimzooError):
    """The request itself is wrong: nothing was run."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that no catalog holds."""


class NameClashError(UsageError):
    """Two sources bring one name."""


class PluginError(SimzooError):
    """A plugin did not load, or a hook of it raised."""


class ConformanceError(SimzooError):
    """A part does not do what it declares, or what every part of its kind must."""


class CardError(UsageError):
    """A card or recipe does not validate."""


class DataError(SimzooError):
    """Images cannot be read, found or matched."""


class MismatchError(DataError):
    """Two representations do not hold the same images in the same order."""


class ModelError(SimzooError):
    """A module of somebody's own cannot be built, copied or run."""


class WeightsError(SimzooError):
    """A weight file is missing, damaged, unsafe, or does not fit its backbone."""


class TapError(UsageError):
    """A tap, preset or pooling that this model does not have."""


class TrainingError(SimzooError):
    """Training cannot start, or went wrong."""


class WorkerError(SimzooError):
    """A process that did work died."""


class DamagedFileError(SimzooError):
    """A file of the store does not match its checksum."""


class InputError(UsageError):
    """An array that no measure accepts: wrong shape, wrong type, not finite."""


class UndefinedError(SimzooError):
    """The measure's declared domain excludes this input: a row `undefined`, not a failure."""


class TooFewSamplesError(UndefinedError):
    """Fewer samples than the measure is defined for."""


class ConstantInputError(UndefinedError):
    """All rows are equal, so nothing varies."""


class DuplicateRowsError(UndefinedError):
    """Too many rows coincide."""


class ZeroRowsError(UndefinedError):
    """Rows of norm zero, where the measure needs directions."""


class LabelsError(UndefinedError):
    """Labels are missing, or a class has too few samples."""


def damaged(what: str, got: str) -> DamagedFileError:
    """Build the error for a file of the store that is not as simzoo wrote it."""
    return DamagedFileError(
        what,
        expected="the file as simzoo wrote it",
        got=got,
        next_step="run the command again: it is set aside and made again (simzoo cache verify lists all such files)",
    )


def close_to(name: str, names: Iterable[str]) -> str:
    """Return what is added to a message where a name is like known ones: "; did you mean cka?", or nothing.

    >>> close_to("ckaa", ["cka", "procrustes"]), close_to("rsa", ["cka", "procrustes"])
    ('; did you mean cka?', '')
    """
    close = difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def unknown_name(kind: str, name: str, known: Iterable[str], next_step: str | None = None) -> UnknownNameError:
    """Build the error for an unknown name, with the closest names that exist.

    >>> print(unknown_name("measure", "ckaa", ["cka", "procrustes"]))
    unknown measure 'ckaa'
      expected: one of 2 known measures; did you mean cka?
      got: 'ckaa'
      next: simzoo list measures
    """
    names = sorted(set(known))
    plural = kind if kind.endswith("s") or kind == "data" else f"{kind}s"
    many = f"one of {len(names)} known {plural}{close_to(name, names)}"
    return UnknownNameError(
        f"unknown {kind} {name!r}",
        expected=f"{names[0]}, the only known {kind}" if len(names) == 1 else many,
        got=repr(name),
        next_step=next_step or f"simzoo list {plural}",
    )
