"""What two objectives make of the layers of one network: the numbers and the sentences of the layer-by-layer study.

A number is of one pair of models, or of one model, with their seeds. Two groups of them differ where one lies wholly
above the other; that rule is ours, as pairs of seeds are few and share seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from simzoo.report.reading import ACCURACY, KINDS
from simzoo.report.words import joined, numbers
from simzoo.table.query import without_seed
from simzoo.table.schema import Table

SUPERVISED, UNTRAINED = "supervised", "untrained"
RESIDUAL = KINDS[:2]  # odd, even
PROFILES = (
    ("invariance", ("draws_unbiased", "draws"), "invariance to augmentations"),
    ("class_cka", ("unbiased", "biased"), "closeness to the class simplex"),
)
EARLY = 1 / 3  # of the depth: what counts as early layers; late ones are as many


@dataclass(frozen=True)
class Family:
    """The models of one backbone, with their seeds: a supervised one, those of one other objective, untrained ones."""

    backbone: str
    objective: str
    state: dict[str, str]  # of each model: its objective, or "untrained"

    def role(self, model: str, model_b: str) -> str:
        """Say in words what a pair of models is."""
        states = [self.state[model], self.state[model_b]]
        return f"{states[0]}, other seed" if states[0] == states[1] else " and ".join(sorted(states, key=self._place))

    @property
    def roles(self) -> list[str]:
        """The roles of all pairs: two ceilings, what is asked, and the floors."""
        both = [SUPERVISED, self.objective]
        ceilings = [f"{name}, other seed" for name in both]
        return [*ceilings, " and ".join(both), *(f"{name} and {UNTRAINED}" for name in both)]

    def _place(self, state: str) -> int:
        return [SUPERVISED, self.objective, UNTRAINED].index(state)


def families(table: Table) -> list[Family]:
    """Return a family for each backbone that was trained with labels and by another objective."""
    states: dict[str, dict[str, str]] = {}
    for name, facts in table.models.items():
        backbone = str(facts.get("backbone") or "").split(":")[-1] + (", CIFAR stem" if _small_stem(facts) else "")
        paradigm = str(facts.get("paradigm") or "")
        known = paradigm if paradigm in {SUPERVISED, UNTRAINED} else str(facts.get("objective") or "")
        if backbone and known:
            states.setdefault(backbone, {})[name] = known
    return [
        Family(backbone, objective, {name: own for name, own in held.items() if own in {*_ENDS, objective}})
        for backbone, held in states.items()
        if SUPERVISED in held.values()
        for objective in dict.fromkeys(held.values())
        if objective not in _ENDS
    ]


def equal_layers(table: Table, family: Family, measure: str) -> pd.DataFrame:
    """Return how alike the same layer is in two models: a row for each pair, kind and layer.

    Columns: role, model, model_b, kind, layer, depth, value; of clean images, defined values only.
    """
    rows = table.rows
    keep = (rows["measure"] == measure) & (rows["field"] == "value") & (rows["status"] == "ok")
    keep &= (rows["augmentation"] == "none") & rows["kind"].isin(RESIDUAL) & (rows["tap"] == rows["tap_b"])
    keep &= rows["model"].isin(list(family.state)) & rows["model_b"].isin(list(family.state))
    found = rows[keep & (rows["model"] != rows["model_b"])]
    roles = [family.role(*pair) for pair in zip(found["model"], found["model_b"], strict=True)]
    found = found.assign(role=roles, layer=found["tap"])
    return found[["role", "model", "model_b", "kind", "layer", "depth", "value"]].reset_index(drop=True)


def profiles(table: Table, family: Family) -> pd.DataFrame:
    """Return invariance and closeness to the class simplex of each layer: a row for each model, measure and layer.

    Columns: what, role (the objective), model, kind, layer, depth, value; the debiased form where the table has it.
    """
    rows = table.rows[table.rows["model"].isin(list(family.state)) & table.rows["model_b"].isna()]
    parts = []
    for measure, fields, what in PROFILES:
        own = rows[(rows["measure"] == measure) & (rows["status"] == "ok") & rows["kind"].isin([*RESIDUAL, "final"])]
        field = next((name for name in fields if (own["field"] == name).any()), None)
        own = own[own["field"] == field]
        if measure == "class_cka":
            own = own[own["augmentation"] == "none"]
        parts.append(own.assign(what=what, role=own["model"].map(family.state), layer=own["tap"]))
    found = pd.concat(parts)
    return found[["what", "role", "model", "kind", "layer", "depth", "value"]].reset_index(drop=True)


def over_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over pairs of seeds, or over seeds, with the least and the largest as `low` and `high`."""
    about = [name for name in rows.columns if name not in {"model", "model_b", "value"}]
    found = rows.groupby(about, sort=False, dropna=False)["value"].agg(["mean", "min", "max", "count"])
    return found.set_axis(["value", "low", "high", "seeds"], axis=1).reset_index()


def accuracy_words(table: Table, family: Family) -> str:
    """Say the kNN accuracy of each model's final layer, which stands beside every figure."""
    rows = table.rows
    keep = (rows["measure"] == ACCURACY) & (rows["tap"] == "final") & (rows["status"] == "ok")
    found = rows[keep & (rows["augmentation"] == "none") & rows["model"].isin(list(family.state))]
    said = [
        f"{name} {joined(numbers(*own['value']))}"
        for name, own in found.groupby(found["model"].map(without_seed), sort=False)
    ]
    return f"kNN accuracy of the final layer, a number a seed: {'; '.join(said)}." if said else ""


def findings(table: Table, family: Family, measure: str) -> list[str]:
    """Hold the study's findings against the table: what it says, what is found here, and whether they agree."""
    layers, of_layers = equal_layers(table, family, measure), profiles(table, family)
    asked = f"{SUPERVISED} and {family.objective}"
    both = _means(layers[layers["role"] == asked])
    last = layers["depth"].max()
    evens = layers[(layers["role"] == asked) & (layers["kind"] == "even")]
    early, late = evens[evens["depth"] <= EARLY * last], evens[evens["depth"] >= (1 - EARLY) * last]
    said = [
        _claim(
            f"seeds of one objective agree more than the two objectives do, {kind} layer by {kind} layer",
            ("seeds", _means(layers[layers["role"].isin(family.roles[:2]) & (layers["kind"] == kind)])),
            ("objectives", _means(layers[(layers["role"] == asked) & (layers["kind"] == kind)])),
        )
        for kind in RESIDUAL
    ]
    if both:
        odd = _means(layers[(layers["role"] == asked) & (layers["kind"] == "odd")])
        even = _means(layers[(layers["role"] == asked) & (layers["kind"] == "even")])
        said.append(_claim("between objectives even layers are more alike than odd ones", ("even", even), ("odd", odd)))
        said.append(
            _claim(
                "between objectives early even layers are more alike than late ones",
                ("the first third", _means(early)),
                ("the last third", _means(late)),
            )
        )
    said.append(_lag(table, family, measure))
    final = of_layers[of_layers["kind"] == "final"]
    for (_, _, what), (high, low) in zip(
        PROFILES, ((family.objective, SUPERVISED), (SUPERVISED, family.objective)), strict=True
    ):
        own = final[final["what"] == what]
        groups = [(name, [float(value) for value in own.loc[own["role"] == name, "value"]]) for name in (high, low)]
        said.append(_claim(f"{what} of the final layer is larger with {high} than with {low}", *groups))
    return [text for text in said if text]


_ENDS = (SUPERVISED, UNTRAINED)
_SAME, _TURNED, _UNDECIDED = ": the same", ": the other way round", ": not to be told apart"


def _small_stem(facts: dict[str, Any]) -> bool:
    return str(facts.get("stem") or "").startswith("3x3")


def _means(rows: pd.DataFrame) -> list[float]:
    """Return the mean over layers for each pair of models."""
    return [float(value) for value in rows.groupby(["model", "model_b"], sort=False)["value"].mean()]


def _claim(claim: str, above: tuple[str, list[float]], below: tuple[str, list[float]]) -> str:
    (name, high), (other, low) = above, below
    if not high or not low:
        return ""
    verdict = _SAME if min(high) > max(low) else _TURNED if max(high) < min(low) else _UNDECIDED
    return f"The study found: {claim}. Here: {_spread(name, high)}, {_spread(other, low)}{verdict}."


def _spread(name: str, values: list[float]) -> str:
    mean, low, high = numbers(sum(values) / len(values), min(values), max(values))
    return f"{name} {mean}" + (f" ({low} to {high})" if len(values) > 1 else "")


def _lag(table: Table, family: Family, measure: str) -> str:
    """Say at which depth of the other model a layer of the supervised one finds its most alike layer."""
    rows = table.rows
    keep = (rows["measure"] == measure) & (rows["field"] == "lag") & (rows["kind"] == "even") & (rows["status"] == "ok")
    keep &= rows["model"].map(family.state).eq(SUPERVISED) & rows["model_b"].map(family.state).eq(family.objective)
    found = rows[keep & (rows["augmentation"] == "none")]
    if found.empty:
        return ""
    least, most = float(found["low"].min()), float(found["high"].max())
    verdict = _SAME if least > 0 else _TURNED if most < 0 else _UNDECIDED
    shown = [
        f"{value} [{low}, {high}]"
        for value, low, high in (numbers(*row) for row in found[["value", "low", "high"]].itertuples(index=False))
    ]
    return (
        f"The study found: {family.objective} lags behind {SUPERVISED}, so that a layer of the latter finds its like "
        "deeper in the former. Here the lag of even layers, as a share of the depth, pair by pair of seeds: "
        f"{joined(shown)}{verdict}."
    )
