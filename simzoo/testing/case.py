"""What one check of a measure is given: the measure with the options of one variant, and samples to call it on."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from simzoo.facts import EDGE_CASES, MeasureSheet
from simzoo.measures.evaluate import evaluate
from simzoo.testing.samples import IMPLIED, Array, Sample, answering, sample

EXACT = 1e-8
_NO_OPTIONS = {"invariant_to", "domain", "range", "identical"}


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
        sides = 2 if self.sheet.kind == "similarity" else 1
        return answering(sides, seed, n) if self.sheet.of == "logits" else sample(sides, seed, n)

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
        told = {name: variant.get(name, getattr(sheet, name)) for name in ("range", "identical")}
        changed = replace(sheet, invariant_to=sides, domain=domain, **told)
        made += [Case(changed, options, support) for support in support_ways(sheet)]
    return made


def support_ways(sheet: MeasureSheet) -> list[bool]:
    """Say whether to try a measure without a support set, with one, or both ways."""
    taken = inspect.signature(sheet.function).parameters.get("support")
    if taken is None or "support" not in sheet.needs:
        return [False]
    return [True] if taken.default is inspect.Parameter.empty else [False, True]
