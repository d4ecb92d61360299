"""What a measure's fact sheet declares is tried out, in both directions. Each check takes one `Case`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import torch

from simzoo.errors import UndefinedError
from simzoo.facts import EDGE_CASES, GROUPS, MeasureSheet
from simzoo.measures.evaluate import evaluate, matrix_of
from simzoo.testing.conformance import Check, named, require
from simzoo.testing.documentation import the_docstring_is_whole, the_example_in_the_docstring_runs
from simzoo.testing.samples import IMPLIED, WIDTHS, Array, Sample, at_the_edge, move, sample, unmoved

EXACT = 1e-8
CLEAR = 1e-3  # what counts as a change, where a counterexample is looked for
_NO_OPTIONS = {"invariant_to", "domain", "range"}


@dataclass(frozen=True)
class Case:
    """A measure with the options of one of its variants, and its sheet as that variant changes it."""

    sheet: MeasureSheet
    options: Mapping[str, Any] = field(default_factory=dict)
    support: bool = False

    def __str__(self) -> str:
        """Return the options, as they are written."""
        return ", ".join([*(f"{key}={value!r}" for key, value in self.options.items()), *["support"] * self.support])

    def sample(self, seed: int = 0, n: int = 80) -> Sample:
        """Draw the inputs that this measure takes."""
        return sample(2 if self.sheet.kind == "similarity" else 1, seed, n)

    def value(self, given: Sample, *, seed: int = 0) -> Array:
        """Return the fields of the measure, as an array."""
        inputs: dict[str, Any] = {
            name: getattr(given, name) for name in ("labels", "views", "classifier") if name in self.sheet.needs
        }
        if self.support:
            inputs["support"] = given.support
        if self.sheet.stochastic:
            inputs["seed"] = seed
        x, *y = given.sides
        return np.array(list(evaluate(self.sheet, x, *y, **{**inputs, **self.options}).values()))

    def invariant_to(self, side: int) -> frozenset[str]:
        """Return the groups that a side declares, with those that they contain."""
        declared = self.sheet.invariant_to[side]
        return declared.union(*(IMPLIED.get(group, ()) for group in declared))

    @property
    def slack(self) -> float:
        """How far two values may lie apart that are to be equal: more than rounding where the measure approximates."""
        return EXACT + (self.sheet.tolerance or 0.0)


def cases_of(measure: Any) -> list[Case]:
    """Return one case for each variant of a measure, and one with a support set where it may take one."""
    sheet: MeasureSheet = measure.sheet
    made = []
    for variant in sheet.variants:
        options = {name: value for name, value in variant.items() if name not in _NO_OPTIONS}
        groups = variant.get("invariant_to")
        domain = {**dict.fromkeys(EDGE_CASES, "value"), **variant["domain"]} if "domain" in variant else sheet.domain
        sides = sheet.invariant_to if groups is None else (frozenset(groups),) * 2
        changed = replace(sheet, invariant_to=sides, domain=domain, range=variant.get("range", sheet.range))
        made += [Case(changed, options, support) for support in _supports(sheet)]
    return made


def checks(measure: Any) -> list[Check]:
    """Return every check of every variant of a measure."""
    return [Check(named(check), partial(check, case), str(case)) for case in cases_of(measure) for check in CHECKS]


def _supports(sheet: MeasureSheet) -> list[bool]:
    """Say whether to try a measure without a support set, with one, or both ways."""
    taken = inspect.signature(sheet.function).parameters.get("support")
    if taken is None or "support" not in sheet.needs:
        return [False]
    return [True] if taken.default is inspect.Parameter.empty else [False, True]


def declared_invariances_hold(case: Case) -> None:
    """The value stays when each side is transformed on its own, by three elements of every declared group."""
    samples = _clear_and_overlapping(case)
    plain = [case.value(given) for given in samples]
    for group, seed, (given, value) in product(GROUPS, range(3), zip(samples, plain, strict=True)):
        moves = [
            move(group, WIDTHS[i], 10 * seed + i) if group in case.invariant_to(i) else unmoved
            for i in range(len(given.sides))
        ]
        moved = case.value(given.moved(*moves))
        require(
            np.allclose(moved, value, rtol=EXACT, atol=case.slack),
            f"{case.sheet.name} declares that {group} does not change it, and it does",
            expected=f"{value} +- {case.slack:.0e} after {group}s of each declared side",
            got=moved,
            next_step=f"take {group!r} (or a group that contains it) out of invariant_to, or mend the measure",
        )


def undeclared_invariances_have_a_counterexample(case: Case) -> None:
    """Some transform of each group that a side does not declare changes the value."""
    samples = _clear_and_overlapping(case)
    plain = [case.value(given) for given in samples]
    sides = range(len(samples[0].sides))
    for i, group in product(sides, GROUPS):
        if group in case.invariant_to(i):
            continue
        changes = []
        for (given, value), seed in product(zip(samples, plain, strict=True), range(5)):
            moved = given.moved(*(move(group, WIDTHS[i], seed) if i == j else unmoved for j in sides))
            changes.append(np.abs(case.value(moved) - value).max())
        require(
            max(changes) > CLEAR + 2 * (case.sheet.tolerance or 0.0),
            f"nothing shows that side {i} of {case.sheet.name} is not invariant to {group}",
            expected=f"a change above {CLEAR:.0e} under one of 5 {group}s of 2 samples",
            got=f"changes of at most {max(changes):.1e}",
            next_step=f"declare {group!r} in invariant_to",
        )


def symmetry_is_as_declared(case: Case) -> None:
    """Swapping the sides changes the value exactly where the sheet says so."""
    given = case.sample()
    if len(given.sides) == 2:
        difference = float(np.abs(case.value(given) - case.value(replace(given, sides=given.sides[::-1]))).max())
        require(
            (difference <= case.slack) == case.sheet.symmetric,
            f"{case.sheet.name} is {'' if case.sheet.symmetric else 'not '}declared symmetric",
            expected="equal values when the sides are swapped" if case.sheet.symmetric else "different values",
            got=f"a difference of {difference:.1e}",
            next_step=f"declare symmetric={not case.sheet.symmetric}, or mend the measure",
        )


def identical_sides_give_the_declared_value(case: Case) -> None:
    """A representation against itself, and against what the declared groups make of it, has the declared value."""
    given = case.sample()
    if len(given.sides) == 2:
        x = given.sides[0]
        for group in ("", *sorted(case.invariant_to(1))):
            y = move(group, x.shape[1], 1)(x) if group else x
            found = case.value(replace(given, sides=(x, y)))
            require(
                np.allclose(found, case.sheet.identical or 0.0, rtol=1e-6, atol=1e-6 + case.slack),
                f"{case.sheet.name} of identical sides is not what the sheet says",
                expected=f"identical={case.sheet.identical}" + (f", also after a {group}" if group else ""),
                got=found,
            )


def values_are_in_range(case: Case) -> None:
    """Values lie in the declared range."""
    low, high = case.sheet.range
    for seed in range(5):
        found = case.value(case.sample(seed))
        require(
            ((low <= found) & (found <= high)).all(),
            f"{case.sheet.name} leaves its declared range",
            expected=f"values in [{low}, {high}]",
            got=found,
        )


def the_value_depends_on_the_input(case: Case) -> None:
    """Different representations have different values."""
    found = [case.value(case.sample(seed)) for seed in range(5)]
    found += [case.value(case.sample(seed).moved(*[np.tanh] * len(case.sample().sides))) for seed in range(3)]
    found += [case.value(_noisy(case.sample(seed), seed)) for seed in range(3)]
    require(
        np.ptp(np.array(found), axis=0).min() > 1e-6,
        f"{case.sheet.name} gives one value whatever it is given",
        expected="values that differ between 11 different inputs",
        got=found[0],
    )


def different_widths_meet(case: Case) -> None:
    """The sides may have different numbers of columns, either of them the more."""
    given = case.sample()
    if len(given.sides) == 2:
        x, y = given.sides
        for sides in ((x, y), (y, x), (x[:, :2], y), (x, y[:, :1])):
            case_widths = " and ".join(str(side.shape[1]) for side in sides)
            try:
                case.value(replace(given, sides=sides))
            except UndefinedError as error:
                one = sides[1].shape[1] == 1 and case.sheet.domain["one column"] == type(error).__name__
                require(one, f"{case.sheet.name} refuses {case_widths} columns", expected="a value", got=error)


def float32_agrees_with_float64(case: Case) -> None:
    """Single precision gives the same value up to 1e-4."""
    given = case.sample()
    rough = given.moved(*[lambda x: x.astype(np.float32)] * len(given.sides))
    fine = rough.moved(*[lambda x: x.astype(np.float64)] * len(given.sides))
    found, exact = case.value(rough), case.value(fine)
    require(
        np.allclose(found, exact, rtol=1e-4, atol=1e-4 + case.slack),
        f"{case.sheet.name} is not the same in float32",
        expected=f"{exact}, the value of the same numbers in float64",
        got=found,
        next_step="sum and take norms in float64",
    )


def inputs_are_not_changed(case: Case) -> None:
    """Neither arrays nor tensors are written to."""
    plain = case.sample()
    everything = (*plain.sides, plain.labels, *plain.views, *plain.support)
    kinds: tuple[Callable[[Array], Any], ...] = (np.copy, lambda x: torch.from_numpy(x.copy()))
    for kind in kinds:
        sides, views = tuple(map(kind, plain.sides)), tuple(map(kind, plain.views))
        labels, support = plain.labels.copy(), (kind(plain.support[0]), plain.support[1].copy())
        case.value(replace(plain, sides=sides, labels=labels, views=views, support=support))
        given = (*sides, labels, *views, *support)
        changed = sum(not np.array_equal(a, b) for a, b in zip(everything, given, strict=True))
        require(
            not changed,
            f"{case.sheet.name} writes to what it is given",
            expected="inputs as they were",
            got=f"{changed} changed arrays ({type(sides[0]).__name__})",
            next_step="copy before changing in place",
        )


def the_order_of_samples_does_not_matter(case: Case) -> None:
    """The same permutation of the rows on all sides leaves the value as it is."""
    given = case.sample()
    plain, moved = case.value(given), case.value(given.rows(np.random.default_rng(1).permutation(len(given.labels))))
    require(
        np.allclose(moved, plain, rtol=EXACT, atol=case.slack),
        f"{case.sheet.name} depends on the order of the samples",
        expected=f"{plain} in any common order of the rows",
        got=moved,
    )


def edge_cases_are_as_declared(case: Case) -> None:
    """Each edge case, on either side, has a value or the error that the sheet names; a required support has it too."""
    if case.support and False in _supports(case.sheet):  # the sheet speaks of leaving one out
        return
    for edge, expected in case.sheet.domain.items():
        given = case.sample(n=3 if edge == "n < 4" else 80)
        voters, known = (part[: len(given.labels)] for part in given.support)
        given = replace(given, support=(at_the_edge(edge, voters), known))
        for side in range(len(given.sides)):
            sides = [at_the_edge(edge, x) if i == side else x for i, x in enumerate(given.sides)]
            views = tuple(at_the_edge(edge, x) for x in given.views)
            try:
                found = (
                    "value" if np.isfinite(case.value(replace(given, sides=tuple(sides), views=views))).all() else ""
                )
            except UndefinedError as error:
                found = type(error).__name__
            require(
                found == expected,
                f"{case.sheet.name} on the edge case {edge!r} (side {side})",
                expected="a value" if expected == "value" else f"the error {expected}",
                got="a value" if found == "value" else f"the error {found}",
                next_step="declare it in domain=, or raise the named error of simzoo.errors",
            )


def randomness_is_as_declared(case: Case) -> None:
    """One seed always gives one value, no global generator moves, and seeds differ by no more than the tolerance."""
    given = case.sample()
    parameters = inspect.signature(case.sheet.function).parameters
    seed = parameters.get("seed")
    keyword = seed is not None and seed.kind is seed.KEYWORD_ONLY and seed.default is inspect.Parameter.empty
    require(
        keyword or not case.sheet.stochastic,
        f"{case.sheet.name} is declared stochastic and can be called without a seed",
        expected="a required keyword: `*, seed`",
        got=seed or "no parameter `seed`",
    )
    state = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002 - is it left alone?
    first, again = case.value(given), case.value(given)
    require(
        np.array_equal(first, again),
        f"{case.sheet.name} gives two values for one input" + (" and one seed" if case.sheet.stochastic else ""),
        expected=str(first),
        got=again,
        next_step="draw from a generator made of the seed" if keyword else "declare stochastic=True and take `*, seed`",
    )
    after = torch.get_rng_state(), np.random.get_state()[1]  # type: ignore[index]  # noqa: NPY002 - the same
    require(
        torch.equal(state[0], after[0]) and np.array_equal(state[1], after[1]),
        f"{case.sheet.name} draws from a global generator",
        expected="the states of torch's and numpy's generators as they were",
        got="another state",
        next_step="draw from a generator made of the seed",
    )
    if case.sheet.stochastic:
        spread = np.ptp(np.array([case.value(given, seed=seed) for seed in range(5)]), axis=0).max()
        require(
            spread <= case.slack,
            f"{case.sheet.name} differs between seeds by more than its tolerance",
            expected=f"tolerance={case.sheet.tolerance}",
            got=f"a spread of {spread:.1e} over 5 seeds",
        )


def inner_and_grid_agree_with_the_value(case: Case) -> None:
    """The routes by which grids are computed give the value of the pair."""
    given = case.sample()
    if len(given.sides) == 2 and not case.sheet.stochastic:
        x, y = given.sides
        value = case.value(given)[0]
        routes = {"grid": float(matrix_of(case.sheet, [x], [y], **case.options)[0, 0])}
        if case.sheet.inner is not None:
            a, b = (case.sheet.inner(side, **case.options) for side in given.sides)
            routes["inner"] = float((a * b).sum())
        for route, found in routes.items():
            require(
                abs(found - value) <= 1e-6 + case.slack,
                f"{route} of {case.sheet.name} does not agree with its value",
                expected=str(value),
                got=found,
            )


def _clear_and_overlapping(case: Case) -> tuple[Sample, Sample]:
    """Return a sample of classes that lie apart and one of classes that do not: an accuracy of 1 stays 1 under much."""
    return case.sample(), _noisy(case.sample(1), 1, 4)


def _noisy(given: Sample, seed: int, spread: float = 20) -> Sample:
    """Return the sample with its last side drowned in noise."""
    noise = spread * np.random.default_rng(100 + seed).normal(size=given.sides[-1].shape)
    moves = [unmoved] * (len(given.sides) - 1)
    return given.moved(*moves, lambda x: x + noise)


CHECKS = [
    declared_invariances_hold,
    undeclared_invariances_have_a_counterexample,
    symmetry_is_as_declared,
    identical_sides_give_the_declared_value,
    values_are_in_range,
    the_value_depends_on_the_input,
    different_widths_meet,
    float32_agrees_with_float64,
    inputs_are_not_changed,
    the_order_of_samples_does_not_matter,
    edge_cases_are_as_declared,
    randomness_is_as_declared,
    inner_and_grid_agree_with_the_value,
    the_docstring_is_whole,
    the_example_in_the_docstring_runs,
]
