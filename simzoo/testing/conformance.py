"""Run the checks of a part's kind, each in a guard of its own, less those that its author waives with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from simzoo.errors import ConformanceError, SimzooError

KINDS = {  # the file of checks for each kind of part; each has `checks(part)`
    "similarity": "measures",
    "geometry": "measures",
    "transferability": "measures",
    "objective": "objectives",
    "backbone": "backbones",
    "dataset": "datasets",
    "augmentation": "augmentations",
    "executor": "executors",
}


MEND = 'mend the part or its sheet; or state a reason there: waive={"check": "reason"}'


@dataclass(frozen=True)
class Check:
    """One check of one part, ready to run; `variant` is the measure's options where it has several."""

    name: str
    run: Callable[[], None]
    variant: str = ""

    def __str__(self) -> str:
        """Return its name, with the variant where there is one."""
        return f"{self.name} ({self.variant})" if self.variant else self.name


@dataclass(frozen=True)
class Result:
    """What came of one check. `reason` says why it failed, or why its author waives it."""

    check: str
    ok: bool
    reason: str = ""
    waived: bool = False

    def __str__(self) -> str:
        """Return one line, and the reason below it."""
        state = f"waived ({self.reason})" if self.waived else "ok" if self.ok else "FAIL"
        return f"{state:4}  {self.check}" + ("" if self.ok else f"\n{self.reason}")


def checks(part: Any) -> list[Check]:
    """Return the checks of a part, by its sheet's kind."""
    kind = getattr(getattr(part, "sheet", None), "kind", None)
    if kind not in KINDS:
        raise ConformanceError(
            f"there is no conformance suite for {part!r}"[:200],
            expected=f"a part made with simzoo's decorators, of kind {', '.join(KINDS)}",
            got=f"kind {kind!r}",
            next_step="put @simzoo.similarity(...), @simzoo.objective(...) ... on it",
        )
    found: list[Check] = import_module(f"simzoo.testing.{KINDS[kind]}").checks(part)
    return found


def conformance(part: Any) -> list[Result]:
    """Run every check of a part. A waiver that names no check, or gives no reason, is itself a failure."""
    found, waive = checks(part), part.sheet.waive
    return [*(_run(check, waive) for check in found), *_bad_waivers(part, {check.name for check in found})]


def require_conformance(part: Any) -> list[Result]:
    """Raise one error that lists every check that fails; return the results otherwise."""
    results = conformance(part)
    if failed := [result for result in results if not result.ok]:
        raise ConformanceError(
            f"{part.sheet.name!r} fails {len(failed)} of {len(results)} checks",
            expected="a part that does what its sheet says",
            got="\n" + "\n".join(f"{failure.check}\n{failure.reason}" for failure in failed),
            next_step=MEND,
        )
    return results


def require(holds: Any, what: str, *, expected: str, got: Any, next_step: str = MEND) -> None:
    """Raise a `ConformanceError` unless `holds`."""
    if not holds:
        raise ConformanceError(what, expected=expected, got=str(got), next_step=next_step)


def named(check: Callable[..., None]) -> str:
    """Return the name of a check: that of its function, in words."""
    return check.__name__.replace("_", " ")


def _run(check: Check, waive: Any) -> Result:
    if reason := waive.get(check.name):
        return Result(str(check), ok=True, reason=str(reason), waived=True)
    try:
        check.run()
    except SimzooError as error:
        return Result(str(check), ok=False, reason=str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a part may raise anything, and that is a result
        return Result(str(check), ok=False, reason=f"it raised {type(error).__name__}: {error}")
    return Result(str(check), ok=True)


def _bad_waivers(part: Any, known: set[str]) -> list[Result]:
    waive = part.sheet.waive
    unknown = sorted(set(waive) - known)
    silent = sorted(name for name, reason in waive.items() if not str(reason).strip())
    if not unknown and not silent:
        return []
    error = ConformanceError(
        f"{part.sheet.name!r} waives what cannot be waived so",
        expected=f"names of checks, each with a written reason; the checks are: {', '.join(sorted(known))}",
        got="; ".join([*(f"no check {name!r}" for name in unknown), *(f"no reason for {name!r}" for name in silent)]),
        next_step="correct waive= on the sheet",
    )
    return [Result("waivers have a check and a reason", ok=False, reason=str(error))]
