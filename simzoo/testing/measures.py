"""The checks of a measure: what its fact sheet declares is tried out, in both directions. Each takes one `Case`."""

from __future__ import annotations

from functools import partial
from typing import Any

from simzoo.testing.case import cases_of
from simzoo.testing.conformance import Check, named
from simzoo.testing.documentation import the_docstring_is_whole, the_example_in_the_docstring_runs
from simzoo.testing.invariances import (
    declared_invariances_hold,
    identical_sides_give_the_declared_value,
    symmetry_is_as_declared,
    the_order_of_samples_does_not_matter,
    undeclared_invariances_have_a_counterexample,
)
from simzoo.testing.values import (
    different_widths_meet,
    edge_cases_are_as_declared,
    float32_agrees_with_float64,
    inner_and_grid_agree_with_the_value,
    inputs_are_not_changed,
    randomness_is_as_declared,
    the_value_depends_on_the_input,
    values_are_in_range,
)

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


def checks(measure: Any) -> list[Check]:
    """Return every check of every variant of a measure."""
    return [Check(named(check), partial(check, case), str(case)) for case in cases_of(measure) for check in CHECKS]
