"""What every measure's fact sheet declares is tried out, in both directions. Each check takes one `Case`."""

import inspect
import re
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
import torch

from simzoo.errors import UndefinedError
from simzoo.facts import EDGE_CASES, GROUPS, MeasureSheet, geometry, similarity
from simzoo.measures.evaluate import evaluate, matrix_of
from simzoo.measures.geometry import simzoo_measures as geometries
from simzoo.measures.similarity import simzoo_measures as similarities

N, CLASSES, WIDTHS = 80, 4, (8, 6)
IMPLIED = {
    "rotation": {"permutation"},
    "linear": {"permutation", "rotation", "scale"},
    "affine": {"permutation", "rotation", "scale", "translation", "linear"},
}
PARTS = ("Formula:", "Arguments:", "Returns:", "Undefined:", "Cost:", "Departures:", "Reference:", ">>> ")


@dataclass(frozen=True)
class Case:
    """A measure with the options of one of its variants, and its sheet as that variant changes it."""

    sheet: MeasureSheet
    options: dict

    def __str__(self):
        return "-".join([self.sheet.name, *map(str, self.options.values())])

    @property
    def company(self):
        """How many more matrices of the same layer the measure wants: its views."""
        return 2 if "views" in self.sheet.needs else 0

    def sides(self, n=N, seed=0):
        """One representation or two that resemble each other, in clusters, and the labels of the clusters.

        With company a side is a stack (1 + company, n, d), so that what is done to it is done to all.
        """
        draw = np.random.default_rng(seed)
        labels = np.arange(n) % CLASSES
        x = 2 * draw.normal(size=(CLASSES, WIDTHS[0]))[labels] + draw.normal(size=(n, WIDTHS[0]))
        if self.company:
            return [x + 0.5 * draw.normal(size=(1 + self.company, *x.shape))], labels
        y = x @ draw.normal(size=WIDTHS) + draw.normal(size=(n, WIDTHS[1]))
        return [x, y] if self.sheet.kind == "similarity" else [x], labels

    def value(self, sides, labels):
        """The fields of the measure, as an array."""
        given = {"labels": labels} if "labels" in self.sheet.needs else {}
        if self.company:
            x, *others = sides[0]
            given["views"] = others
            sides = [x]
        return np.array(list(evaluate(self.sheet, *sides, **given, **self.options).values()))

    def invariant_to(self, side):
        """The groups that a side declares, with those that they contain."""
        declared = self.sheet.invariant_to[side]
        return declared.union(*(IMPLIED.get(group, ()) for group in declared))


def cases_of(measures):
    """One case for each variant of each measure."""
    for measure in measures:
        sheet = measure.sheet
        for variant in sheet.variants:
            options = {
                name: value for name, value in variant.items() if name not in {"invariant_to", "domain", "range"}
            }
            groups = variant.get("invariant_to")
            domain = (
                {**dict.fromkeys(EDGE_CASES, "value"), **variant["domain"]} if "domain" in variant else sheet.domain
            )
            sides = sheet.invariant_to if groups is None else (frozenset(groups),) * 2
            changed = replace(sheet, invariant_to=sides, domain=domain, range=variant.get("range", sheet.range))
            yield Case(changed, options)


def transformed(group, x, seed):
    """An element of the group, drawn by the seed and far from the identity, applied to `x`."""
    draw = np.random.default_rng(seed)
    d = x.shape[-1]
    rotations = [np.linalg.qr(draw.normal(size=(d, d)))[0] for _ in range(2)]
    shift = 5 * draw.normal(size=d)
    stretched = x @ rotations[0] @ np.diag(np.logspace(-1.5, 1.5, d)) @ rotations[1]
    return {
        "permutation": x[..., draw.permutation(d)],
        "rotation": x @ rotations[0],
        "scale": x * draw.uniform(2, 9),
        "translation": x + shift,
        "linear": stretched,
        "affine": stretched + shift,
    }[group]


def declared_invariances_hold(case):
    sides, labels = case.sides()
    plain = case.value(sides, labels)
    for group, seed in product(GROUPS, range(3)):
        moved = [
            transformed(group, x, 10 * seed + i) if group in case.invariant_to(i) else x for i, x in enumerate(sides)
        ]
        np.testing.assert_allclose(case.value(moved, labels), plain, rtol=1e-8, atol=1e-8, err_msg=group)


def undeclared_invariances_have_a_counterexample(case):
    sides, labels = case.sides()
    plain = case.value(sides, labels)
    for i, group in product(range(len(sides)), GROUPS):
        if group in case.invariant_to(i):
            continue
        moves = ([transformed(group, x, seed) if i == j else x for j, x in enumerate(sides)] for seed in range(5))
        changes = [np.abs(case.value(moved, labels) - plain).max() for moved in moves]
        assert max(changes) > 1e-3, f"nothing shows that side {i} is not invariant to {group}"


def symmetry_is_as_declared(case):
    sides, labels = case.sides()
    if len(sides) == 2:
        difference = abs(case.value(sides, labels) - case.value(sides[::-1], labels))
        assert (difference < 1e-8) == case.sheet.symmetric


def identical_sides_give_the_declared_value(case):
    sides, labels = case.sides()
    if len(sides) == 2:
        x = sides[0]
        for y in [x, *(transformed(group, x, 1) for group in case.invariant_to(1))]:
            assert case.value([x, y], labels) == pytest.approx(case.sheet.identical, abs=1e-6)


def values_are_in_range(case):
    low, high = case.sheet.range
    for seed in range(5):
        sides, labels = case.sides(seed=seed)
        assert ((low <= case.value(sides, labels)) & (case.value(sides, labels) <= high)).all()


def float32_agrees_with_float64(case):
    sides, labels = case.sides()
    rough = [x.astype(np.float32) for x in sides]
    exact = case.value([x.astype(np.float64) for x in rough], labels)
    np.testing.assert_allclose(case.value(rough, labels), exact, rtol=1e-4, atol=1e-4)


def inputs_are_not_changed(case):
    sides, labels = case.sides()
    given, given_labels = [torch.from_numpy(x.copy()) for x in sides], labels.copy()
    case.value(given, given_labels)
    assert all(np.array_equal(x, y) for x, y in zip(sides, given, strict=True))
    assert np.array_equal(labels, given_labels)


def the_order_of_samples_does_not_matter(case):
    sides, labels = case.sides()
    order = np.random.default_rng(1).permutation(N)
    moved = case.value([x[..., order, :] for x in sides], labels[order])
    np.testing.assert_allclose(moved, case.value(sides, labels), rtol=1e-8, atol=1e-8)


def edge_cases_are_as_declared(case):
    for edge, expected in case.sheet.domain.items():
        sides, labels = case.sides(n=3 if edge == "n < 4" else N)
        sides[0] = _at_the_edge(edge, sides[0])
        try:
            got = "value" if np.isfinite(case.value(sides, labels)).all() else "not finite"
        except UndefinedError as error:
            got = type(error).__name__
        assert (edge, got) == (edge, expected)


def _at_the_edge(edge, x):
    copied = x.copy()
    if edge == "duplicates":
        copied[..., 1:4, :] = copied[..., :1, :]
    if edge == "zero rows":
        copied[..., :2, :] = 0
    return {
        "n <= d": np.random.default_rng(0).normal(size=(*x.shape[:-1], x.shape[-2] + 20)),
        "constant": np.full_like(x, 0.1),
        "one column": x[..., :1],
    }.get(edge, copied)


def inner_and_grid_agree_with_the_value(case):
    sides, labels = case.sides()
    if len(sides) == 2:
        value = case.value(sides, labels)[0]
        assert matrix_of(case.sheet, [sides[0]], [sides[1]], **case.options)[0, 0] == pytest.approx(value, abs=1e-6)
        if case.sheet.inner is not None:
            a, b = (case.sheet.inner(x, **case.options) for x in sides)
            assert float((a * b).sum()) == pytest.approx(value, abs=1e-6)


def the_docstring_is_whole(case):
    text = inspect.getdoc(case.sheet.function) or ""
    missing = [part for part in PARTS if part not in text]
    assert not missing
    first, blank = text.split("\n")[:2]
    assert first.endswith(".")
    assert not blank
    assert re.search(r"[A-Z][a-z]+ .*\d{4}", text.split("Reference:")[1])


CHECKS = [
    declared_invariances_hold,
    undeclared_invariances_have_a_counterexample,
    symmetry_is_as_declared,
    identical_sides_give_the_declared_value,
    values_are_in_range,
    float32_agrees_with_float64,
    inputs_are_not_changed,
    the_order_of_samples_does_not_matter,
    edge_cases_are_as_declared,
    inner_and_grid_agree_with_the_value,
    the_docstring_is_whole,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("case", [*cases_of([*similarities(), *geometries()])], ids=str)
def test_measure(case, check):
    check(case)


PAIR = {"version": 1, "larger": "less alike", "reference": "ours"}
RIGHT = {**PAIR, "name": "gap", "range": (0, 1e9), "identical": 0, "symmetric": True}


def gap(x, y):
    """Compare the total spread of two representations."""
    return float(abs(np.std(x) - np.std(y)))


WRONG = {
    declared_invariances_hold: {"invariant_to": {"permutation", "scale"}},
    undeclared_invariances_have_a_counterexample: {"invariant_to": set()},
    symmetry_is_as_declared: {"invariant_to": set(), "symmetric": False},
    identical_sides_give_the_declared_value: {"invariant_to": set(), "identical": 1},
    values_are_in_range: {"invariant_to": set(), "range": (-1, 0)},
    edge_cases_are_as_declared: {"invariant_to": set(), "domain": {"constant": "ConstantInputError"}},
    inner_and_grid_agree_with_the_value: {"invariant_to": set(), "grid": lambda xs, ys: [[5.0]]},
    the_docstring_is_whole: {"invariant_to": set()},
}


@pytest.mark.parametrize("check", WRONG, ids=lambda check: check.__name__)
def test_a_check_fails_where_the_sheet_is_wrong(check):
    wrong = similarity(**{**RIGHT, **WRONG[check]})(gap)
    with pytest.raises(AssertionError):
        check(next(cases_of([wrong])))


def test_changing_the_input_or_minding_its_order_is_found():
    @geometry(name="first", version=1, range=(-9, 9), larger="more", invariant_to=set(), reference="ours")
    def first(x):
        """Take the first number, and overwrite it."""
        value = float(x[0, 0])
        x[0, 0] = 0
        return value

    case = next(cases_of([first]))
    for check in (inputs_are_not_changed, the_order_of_samples_does_not_matter):
        with pytest.raises(AssertionError):
            check(case)
