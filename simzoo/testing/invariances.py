"""What changes a measure's value and what does not is as its sheet declares, in both directions."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from simzoo.facts import GROUPS
from simzoo.testing.case import EXACT, Case
from simzoo.testing.conformance import require
from simzoo.testing.samples import Sample, move, noisy, unmoved

CLEAR = 1e-3  # what counts as a change, where a counterexample is looked for


def declared_invariances_hold(case: Case) -> None:
    """The value stays when each side is transformed on its own, by three elements of every declared group."""
    samples = _clear_and_overlapping(case)
    plain = [case.value(given) for given in samples]
    for group, seed, (given, value) in product(GROUPS, range(3), zip(samples, plain, strict=True)):
        moves = [
            move(group, side.shape[1], 10 * seed + i) if group in case.invariant_to(i) else unmoved
            for i, side in enumerate(given.sides)
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
            moved = given.moved(*(move(group, given.sides[i].shape[1], seed) if i == j else unmoved for j in sides))
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
        x, y = given.sides
        pairs = [(x, y), (x[:, : y.shape[1]], y)]  # widths that differ decide which side is which for some measures
        swapped = [[case.value(replace(given, sides=sides)) for sides in (pair, pair[::-1])] for pair in pairs]
        difference = float(np.abs(np.diff(swapped, axis=1)).max())
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
        x, identical = given.sides[0], case.sheet.identical
        declared = identical(len(x)) if callable(identical) else identical
        wanted = case.value(replace(given, sides=(x, x))) if declared is None else declared
        for group in ("", *sorted(case.invariant_to(1))):
            y = move(group, x.shape[1], 1)(x) if group else x
            found = case.value(replace(given, sides=(x, y)))
            require(
                np.allclose(found, wanted, rtol=1e-6, atol=1e-6 + case.slack),
                f"{case.sheet.name} of identical sides is not what the sheet says",
                expected=f"identical={wanted}" + (f", also after a {group}" if group else ""),
                got=found,
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


def _clear_and_overlapping(case: Case) -> tuple[Sample, Sample]:
    """Return a sample of classes that lie apart and one of classes that do not: an accuracy of 1 stays 1 under much.

    The second of two sides comes first there: each is once the wider.
    """
    overlapping = noisy(case.sample(1), 1, 4)
    if len(overlapping.sides) == 2:
        y, x = overlapping.sides
        overlapping = replace(overlapping, sides=(x, y), views=(), support=(x, overlapping.labels))
    return case.sample(), overlapping
