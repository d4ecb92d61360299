"""A measure's values: in range, alike by every route and in every precision, and errors where the sheet names them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from simzoo.errors import UndefinedError
from simzoo.measures.derived.inner import from_dots, inner_of
from simzoo.measures.evaluate import matrix_of
from simzoo.representations.representation import Representation
from simzoo.testing.case import Case, support_ways
from simzoo.testing.conformance import require
from simzoo.testing.samples import Array, at_the_edge, noisy


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
    found += [case.value(noisy(case.sample(seed), seed)) for seed in range(3)]
    require(
        np.ptp(np.array(found), axis=0).min() > 1e-6,
        f"{case.sheet.name} gives one value whatever it is given",
        expected="values that differ between 11 different inputs",
        got=found[0],
    )


def different_widths_meet(case: Case) -> None:
    """The sides may have different numbers of columns, either of them the more; outputs have one for each class."""
    given = case.sample()
    if len(given.sides) == 2 and case.sheet.of == "features":
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


def edge_cases_are_as_declared(case: Case) -> None:
    """Each edge case, on either side, has a value or the error that the sheet names; a required support has it too."""
    if case.support and False in support_ways(case.sheet):  # the sheet speaks of leaving one out
        return
    for edge, declared in case.sheet.domain.items():
        given = case.sample(n=3 if edge == "n < 4" else 80)
        voters, known = (part[: len(given.labels)] for part in given.support)
        given = replace(given, support=(at_the_edge(edge, voters), known))
        for side in range(len(given.sides)):
            expected = declared if isinstance(declared, str) else declared[side]
            both = case.sheet.of == "logits"  # they have the same columns
            sides = [at_the_edge(edge, x) if both or i == side else x for i, x in enumerate(given.sides)]
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
        labels = given.labels if "labels" in case.sheet.needs else None
        held = [Representation(side, ids=(), labels=labels) for side in (x, y)]
        routes = {"grid": float(matrix_of(case.sheet, held[:1], held[1:], **case.options)[0, 0])}
        if (inner := inner_of(case.sheet, case.options)) is not None:
            a, b = (inner(side, **case.options) for side in given.sides)
            routes["inner"] = float(from_dots(case.sheet, (a * b).sum(dtype=torch.float64)))
        for route, found in routes.items():
            require(
                abs(found - value) <= 1e-6 + case.slack,
                f"{route} of {case.sheet.name} does not agree with its value",
                expected=str(value),
                got=found,
            )
