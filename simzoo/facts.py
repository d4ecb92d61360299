"""Fact sheets: what a part says about itself, as frozen data, and the decorators that attach them.

A decorator never registers anything: it sets `part.sheet` and returns the part unchanged. Plugins hand
their parts to simzoo through the hooks of `simzoo.hookspecs`. Each takes `waive={"check": "reason"}`: checks of
`simzoo.testing` that this part need not pass, each with a written reason, which the suite prints.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Protocol, TypeVar

from simzoo.errors import UndefinedError, UsageError

Group = Literal["permutation", "rotation", "scale", "translation", "linear", "affine"]
GROUPS: tuple[str, ...] = ("permutation", "rotation", "scale", "translation", "linear", "affine")
NEEDS: tuple[str, ...] = ("labels", "views", "logits", "classifier", "support")
TAKES: tuple[str, ...] = ("labels", "views")
EDGE_CASES: tuple[str, ...] = ("n <= d", "n < 4", "constant", "duplicates", "zero rows", "one column")

P = TypeVar("P")


class Sheeted(Protocol):
    """A part with its fact sheet attached."""

    sheet: Any


@dataclass(frozen=True)
class MeasureSheet:
    """What a measure declares; conformance, plots, grids and docs are driven by it."""

    name: str
    version: int
    kind: Literal["similarity", "geometry", "transferability"]
    range: tuple[float, float]
    larger: str
    reference: str
    identical: float | Callable[[int], float] | None = None
    symmetric: bool = False
    invariant_to: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    of: Literal["features", "logits"] = "features"
    stochastic: bool = False
    tolerance: float | None = None
    domain: Mapping[str, str | tuple[str, str]] = field(default_factory=dict)
    chance: float | Callable[..., float | None] | None = None
    variants: tuple[Mapping[str, Any], ...] = ({},)
    fields: tuple[str, ...] = ("value",)
    neighbours: str | None = None
    grows: float = 0.0
    summary: str = ""
    waive: Mapping[str, str] = field(default_factory=dict)
    inner: Callable[..., Any] | None = field(default=None, compare=False)
    grid: Callable[..., Any] | None = field(default=None, compare=False)
    by_rows: Callable[..., Any] | None = field(default=None, compare=False)
    function: Callable[..., Any] = field(default=lambda: None, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the sheet as plain data, as stored beside results: no functions, None for an end without bound."""
        left_out = {"inner", "grid", "by_rows", "function"} | ({"waive"} if not self.waive else set())
        names = [item.name for item in fields(self) if item.name not in left_out]
        plain: dict[str, Any] = {name: _plain(getattr(self, name)) for name in names}
        plain["range"] = [None if math.isinf(end) else end for end in self.range]
        plain["has_inner"] = self.inner is not None
        if callable(self.identical):
            plain["identical"] = "depends on n"
        if callable(self.chance):
            plain["chance"] = "depends on n and the options"
        return plain


@dataclass(frozen=True)
class PartSheet:
    """What an objective, a backbone, a data set, an augmentation or an executor declares."""

    name: str
    version: int
    kind: Literal["objective", "backbone", "dataset", "augmentation", "executor"]
    reference: str = ""
    summary: str = ""
    waive: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the sheet as one flat mapping."""
        left_out = {"facts"} | ({"waive"} if not self.waive else set())
        own = {item.name: _plain(getattr(self, item.name)) for item in fields(self) if item.name not in left_out}
        return own | {name: _plain(value) for name, value in self.facts.items() if name not in own}


def similarity(
    *,
    name: str,
    version: int,
    range: tuple[float, float],  # noqa: A002 - the public word of the fact sheet
    identical: float | Callable[[int], float] | None,
    larger: Literal["more alike", "less alike"],
    symmetric: bool,
    invariant_to: Iterable[str] | tuple[Iterable[str], Iterable[str]],
    reference: str,
    inner: Callable[..., Any] | None = None,
    grid: Callable[..., Any] | None = None,
    **more: Any,
) -> Callable[[P], P]:
    """Declare a similarity: one float of two representations of the same samples.

    `identical` is the value of equal sides, a function of n that gives it, or None where it depends on the
    representation. `invariant_to` is a set of groups, or two sets where the sides differ; an entry of `domain` may be
    two as well. With `inner=`, the value is the sum of the elementwise product of `inner(x, **options)` and
    `inner(y, **options)`, two (n, n) matrices that permute with the samples (or what the inner's `then` makes of the
    sum): layer grids, nulls and intervals follow from it. `grid=(xs, ys, **options)` gives a whole matrix by a cheaper
    exact route. A value that grows as a power of the number of samples says which (`grows=0.5`: as its root), so that
    half-samples are taken for what they are.
    """
    return _attach_measure(
        kind="similarity",
        name=name,
        version=version,
        range=range,
        identical=identical,
        larger=larger,
        symmetric=symmetric,
        invariant_to=_sides(name, invariant_to),
        reference=reference,
        inner=inner,
        grid=grid,
        **more,
    )


def geometry(
    *,
    name: str,
    version: int,
    range: tuple[float, float],  # noqa: A002 - the public word of the fact sheet
    larger: str,
    invariant_to: Iterable[str],
    reference: str,
    **more: Any,
) -> Callable[[P], P]:
    """Declare a measure of one representation, with labels, views or a support set where it `needs` them.

    What it `takes` (labels, views) is an input that it can do without: a grid gives it labels where the data has some,
    and several views where an augmentation is named. With `by_rows=(x, **inputs and options)`, which gives a function
    from rows to the value of these samples, half-samples share what is made of all samples once.
    """
    return _attach_measure(
        kind="geometry",
        name=name,
        version=version,
        range=range,
        larger=larger,
        invariant_to=_sides(name, invariant_to),
        reference=reference,
        **more,
    )


def transferability(
    *,
    name: str,
    version: int,
    range: tuple[float, float],  # noqa: A002 - the public word of the fact sheet
    larger: str,
    reference: str,
    invariant_to: Iterable[str] = (),
    **more: Any,
) -> Callable[[P], P]:
    """Declare a transferability score: one representation and the labels of the target data."""
    return _attach_measure(
        kind="transferability",
        name=name,
        version=version,
        range=range,
        larger=larger,
        invariant_to=_sides(name, invariant_to),
        reference=reference,
        needs={"labels", *more.pop("needs", ())},
        **more,
    )


def objective(
    *,
    name: str,
    version: int,
    backbone: str = "any",
    labels: bool = False,
    paradigm: str = "",
    reference: str = "",
    waive: Mapping[str, str] | None = None,
) -> Callable[[P], P]:
    """Declare a training objective: a class with `views`, `build` and `loss` (see `simzoo_objectives`)."""
    facts = {"backbone": backbone, "labels": labels, "paradigm": paradigm, "waive": waive or {}}
    return _attach_part("objective", name, version, reference, facts)


def backbone(*, name: str, version: int = 1, reference: str = "", **facts: Any) -> Callable[[P], P]:
    """Declare a backbone: a function that returns an `nn.Module` (see `simzoo_backbones`)."""
    return _attach_part("backbone", name, version, reference, facts)


def dataset(*, name: str, version: int = 1, reference: str = "", **facts: Any) -> Callable[[P], P]:
    """Declare a data set: a function from a split name to an image set (see `simzoo_datasets`)."""
    return _attach_part("dataset", name, version, reference, facts)


def augmentation(
    *, name: str, version: int = 1, uniforms: int = 1, colour: bool = False, reference: str = "", **facts: Any
) -> Callable[[P], P]:
    """Declare an augmentation: a class with `params(uniforms, strength)` and `apply(batch, params)`.

    `uniforms` is how many numbers in [0, 1) an image's parameters are made of, `colour` whether it works on colour,
    of which a grey image has none. The fields of the class are its settings.
    """
    return _attach_part("augmentation", name, version, reference, {"uniforms": uniforms, "colour": colour, **facts})


def executor(*, name: str, version: int = 1, **facts: Any) -> Callable[[P], P]:
    """Declare an executor: a factory of `concurrent.futures.Executor`-like objects (see `simzoo_executors`)."""
    return _attach_part("executor", name, version, "", facts)


def _attach_part(kind: Any, name: str, version: int, reference: str, facts: Mapping[str, Any]) -> Callable[[P], P]:
    waive = facts.get("waive", {})
    facts = {key: value for key, value in facts.items() if key != "waive"}

    def attach(part: P) -> P:
        part.sheet = PartSheet(name, version, kind, reference, _first_line(part), waive, facts)  # type: ignore[attr-defined]
        return part

    return attach


def _attach_measure(
    *,
    needs: Iterable[str] = (),
    takes: Iterable[str] = (),
    domain: Mapping[str, str | tuple[str, str]] | None = None,
    **given: Any,
) -> Callable[[P], P]:
    wanted, taken, cases = frozenset(needs), frozenset(takes), dict(domain or {})
    name, (low, high) = given["name"], given["range"]
    _only(name, "needs", wanted, NEEDS)
    _only(name, "takes", taken, TAKES)
    _only_known_cases(name, cases)
    for variant in given.get("variants", ()):
        _sides(name, variant.get("invariant_to", ()))
        _only_known_cases(name, variant.get("domain", {}))
    if not low < high:
        raise UsageError(
            f"measure {name!r}: its range is empty",
            expected="low < high",
            got=f"({low}, {high})",
            next_step="correct `range` in its decorator",
        )

    def attach(function: Any) -> Any:
        full = {case: cases.get(case, "value") for case in EDGE_CASES}
        declared = {"fields": _fields_of(function), "summary": _first_line(function), **given}
        function.sheet = MeasureSheet(needs=wanted, takes=taken, domain=full, function=function, **declared)
        return function

    return attach


def _fields_of(function: Any) -> tuple[str, ...]:
    function = inspect.unwrap(function)
    returned = getattr(function, "__annotations__", {}).get("return")
    returned = function.__globals__.get(returned) if isinstance(returned, str) else returned
    return tuple(getattr(returned, "_fields", ("value",)))


def _sides(name: str, groups: Any) -> tuple[frozenset[str], frozenset[str]]:
    groups = list(groups)
    per_side = len(groups) == 2 and not any(isinstance(side, str) for side in groups)
    sides = (frozenset(groups[0]), frozenset(groups[1])) if per_side else (frozenset(groups),) * 2
    for side in sides:
        _only(name, "invariant_to", side, GROUPS)
    return sides


def _only(measure: str, word: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    if extra := sorted(set(given) - set(allowed)):
        raise UsageError(
            f"measure {measure!r}: unknown word in {word}",
            expected=", ".join(allowed),
            got=", ".join(extra),
            next_step=f"correct `{word}` in its decorator",
        )


def _only_known_cases(measure: str, domain: Mapping[str, str | tuple[str, str]]) -> None:
    _only(measure, "domain", domain, EDGE_CASES)
    found = [name for entry in domain.values() for name in ([entry] if isinstance(entry, str) else entry)]
    _only(measure, "domain", found, ["value", *sorted(_error_names(UndefinedError))])


def _error_names(kind: type[UndefinedError]) -> set[str]:
    return {kind.__name__}.union(*(_error_names(narrower) for narrower in kind.__subclasses__()))


def _plain(value: Any) -> Any:
    """Return plain data: what JSON gives back unchanged, with sets in order."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(value)
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _first_line(part: Any) -> str:
    return (part.__doc__ or "").strip().split("\n")[0]
