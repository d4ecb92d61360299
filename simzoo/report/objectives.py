"""What two objectives make of the layers of one network: the numbers and the sentences of a layer-by-layer study.

The study is Grigg et al. 2021. A number is of one pair of models, or of one model, with their seeds. Two groups of them
differ where one lies wholly above the other; that rule is ours, as pairs of seeds are few and share seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from simzoo.report.reading import ACCURACY, KINDS
from simzoo.report.words import joined, numbers, sentence, with_interval
from simzoo.table.query import without_seed
from simzoo.table.schema import Table

SUPERVISED, UNTRAINED = "supervised", "untrained"
RESIDUAL = KINDS[:2]  # odd, even
PROFILES = (
    ("invariance", ("draws_unbiased", "draws"), "invariance to augmentations"),
    ("class_cka", ("unbiased", "biased"), "closeness to the class simplex"),
)
EARLY = 1 / 3  # of the depth: what counts as early layers; late ones are as many
_SAME, _TURNED, _UNDECIDED = "holds here", "the opposite here", "cannot be decided here"


@dataclass(frozen=True)
class Family:
    """Models of one backbone on one data set: the seeds of a supervised one, of one of another objective, untrained."""

    backbone: str
    objective: str
    data: str
    state: dict[str, str]  # of each model, with its seed: supervised, the objective, or untrained

    @property
    def asked(self) -> str:
        """The role of the pairs that the study is about."""
        return f"{SUPERVISED} and {self.objective}"

    @property
    def ceilings(self) -> list[str]:
        """The roles of pairs that differ in their seed alone."""
        return [f"{name}, other seed" for name in (SUPERVISED, self.objective)]

    @property
    def floors(self) -> list[str]:
        """The roles of pairs of which one is untrained."""
        return [f"{name} and {UNTRAINED}" for name in (SUPERVISED, self.objective)]

    def role(self, model: str, model_b: str) -> str:
        """Say in words what a pair of models is."""
        states = {self.state[model], self.state[model_b]}
        if len(states) == 1:
            return f"{states.pop()}, other seed"
        return " and ".join(name for name in (SUPERVISED, self.objective, UNTRAINED) if name in states)


def families(table: Table) -> list[Family]:
    """Return a family for each backbone that was trained with labels and by another objective, on each data set."""
    held: dict[str, dict[str, dict[str, list[str]]]] = {}
    for name, facts in table.models.items():
        backbone = str(facts.get("backbone") or "").split(":")[-1] + (", CIFAR stem" if _small_stem(facts) else "")
        paradigm = str(facts.get("paradigm") or "")
        state = paradigm if paradigm in {SUPERVISED, UNTRAINED} else str(facts.get("objective") or "")
        held.setdefault(backbone, {}).setdefault(state, {}).setdefault(without_seed(name), []).append(name)
    found = []
    for data, (backbone, states) in product(table.rows["data"].dropna().unique(), held.items()):
        for objective in [name for name in states if name not in {SUPERVISED, UNTRAINED, ""}]:
            chosen = {
                name: next(iter(states[name].values())) for name in (SUPERVISED, objective, UNTRAINED) if name in states
            }
            if SUPERVISED in chosen:
                members = {model: name for name, models in chosen.items() for model in models}
                found.append(Family(backbone, objective, str(data), members))
    return found


def equal_layers(table: Table, family: Family, measure: str) -> pd.DataFrame:
    """Return how alike the same layer is in two models: a row for each pair, kind and layer.

    Columns: role, model, model_b, kind, layer, depth, value; of clean images, defined values only.
    """
    rows = _of(table, family, measure, "value")
    rows = rows[(rows["augmentation"] == "none") & rows["kind"].isin(RESIDUAL) & (rows["tap"] == rows["tap_b"])]
    found = _first_setting(rows[rows["model_b"].isin(list(family.state)) & (rows["model"] != rows["model_b"])])
    roles = [family.role(*pair) for pair in zip(found["model"], found["model_b"], strict=True)]
    found = found.assign(role=roles, layer=found["tap"])
    return found[["role", "model", "model_b", "kind", "layer", "depth", "value"]].reset_index(drop=True)


def profiles(table: Table, family: Family) -> pd.DataFrame:
    """Return invariance and closeness to the class simplex of each layer: a row for each model, measure and layer.

    Columns: what, field, role (the objective), model, kind, layer, depth, value; debiased where the table has that.
    """
    parts = []
    for measure, fields, what in PROFILES:
        held = set(table.rows.loc[table.rows["measure"] == measure, "field"])
        field = next((name for name in fields if name in held), fields[0])
        own = _of(table, family, measure, field)
        own = own[own["kind"].isin([*RESIDUAL, "final"])]
        own = _first_setting(own[own["augmentation"] == "none"] if measure == "class_cka" else own)
        parts.append(own.assign(what=what, role=own["model"].map(family.state), layer=own["tap"]))
    found = pd.concat(parts)
    return found[["what", "field", "role", "model", "kind", "layer", "depth", "value"]].reset_index(drop=True)


def spread_over_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over pairs of seeds, or over seeds, with the least and the largest as `low` and `high`."""
    about = [name for name in rows.columns if name not in {"model", "model_b", "value"}]
    found = rows.groupby(about, sort=False, dropna=False)["value"].agg(["mean", "min", "max", "count"])
    return found.set_axis(["value", "low", "high", "seeds"], axis=1).reset_index()


def accuracy_words(table: Table, family: Family) -> str:
    """Say the kNN accuracy of each model's final layer, which stands beside every figure."""
    rows = _of(table, family, ACCURACY, "value")
    found = _first_setting(rows[(rows["tap"] == "final") & (rows["augmentation"] == "none")])
    said = [
        f"{name} {joined(numbers(*own['value']))}"
        for name, own in found.groupby(found["model"].map(without_seed), sort=False)
    ]
    return f"kNN accuracy of the final layer, a number for each seed: {'; '.join(said)}." if said else ""


def findings(table: Table, family: Family, measure: str) -> list[str]:
    """Hold the study's findings against the table: what it found, whether that holds here, and by which numbers."""
    layers, of_layers = equal_layers(table, family, measure), profiles(table, family)
    asked = layers[layers["role"] == family.asked]
    seeds, floor = (layers[layers["role"].isin(roles)] for roles in (family.ceilings, family.floors))
    odd, even = ([rows[rows["kind"] == kind] for rows in (seeds, asked, floor)] for kind in RESIDUAL)
    last = layers["depth"].max()
    early, late = even[1][even[1]["depth"] <= EARLY * last], even[1][even[1]["depth"] >= (1 - EARLY) * last]
    said = [
        _claim(
            f"Seeds of one objective agree more than the two objectives do, on the mean over {kind} layers",
            ("seeds", _means(rows[0])),
            ("objectives", _means(rows[1])),
        )
        for kind, rows in zip(RESIDUAL, (odd, even), strict=True)
    ]
    said += [
        _claim(
            "Between objectives even layers are more alike than odd ones",
            ("even", _means(even[1])),
            ("odd", _means(odd[1])),
        ),
        _claim(
            "Between objectives early even layers are more alike than late ones",
            ("the first third", _means(early)),
            ("the last third", _means(late)),
        ),
        _lag(table, family, measure),
    ]
    final = of_layers[of_layers["kind"] == "final"]
    sides = ((family.objective, SUPERVISED), (SUPERVISED, family.objective))
    for (_, _, what), (high, low) in zip(PROFILES, sides, strict=True):
        own = final[final["what"] == what]
        groups = [(name, [float(value) for value in own.loc[own["role"] == name, "value"]]) for name in (high, low)]
        said.append(_claim(f"The {what} of the final layer is larger with {high} than with {low}", *groups))
    said += [
        _claim(
            f"Not of the study: on the mean over {kind} layers the two objectives are more alike than what is trained "
            "and what is not, which is the floor",
            ("objectives", _means(rows[1])),
            ("floor", _means(rows[2])),
        )
        for kind, rows in zip(RESIDUAL, (odd, even), strict=True)
    ]
    return [text for text in said if text]


def _small_stem(facts: dict[str, Any]) -> bool:
    return str(facts.get("stem") or "").startswith("3x3")


def _of(table: Table, family: Family, measure: str, field: str) -> pd.DataFrame:
    rows = table.rows
    keep = (rows["measure"] == measure) & (rows["field"] == field) & (rows["status"] == "ok")
    return rows[keep & (rows["data"] == family.data) & rows["model"].isin(list(family.state))]


def _first_setting(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the first split, augmentation, strength, draw and options, so that seeds alone differ."""
    for name in ("split", "augmentation", "strength", "draw", "params"):
        first = rows[name].iloc[0] if len(rows) else None
        rows = rows[rows[name].isna() if pd.isna(first) else rows[name] == first]
    return rows


def _means(rows: pd.DataFrame) -> list[float]:
    """Return the mean over layers for each pair of models."""
    return [float(value) for value in rows.groupby(["model", "model_b"], sort=False)["value"].mean()]


def _claim(claim: str, above: tuple[str, list[float]], below: tuple[str, list[float]]) -> str:
    (name, high), (other, low) = above, below
    if not high or not low:
        return ""
    verdict = _SAME if min(high) > max(low) else _TURNED if max(high) < min(low) else _UNDECIDED
    return f"{claim}: {verdict} ({_spread(name, high)}; {_spread(other, low)})."


def _spread(name: str, values: list[float]) -> str:
    mean, low, high = numbers(sum(values) / len(values), min(values), max(values))
    return f"{name} {mean}" + (f", from {low} to {high}" if len(values) > 1 else "")


def _lag(table: Table, family: Family, measure: str) -> str:
    """Say at which depth of the other model a layer of the supervised one finds its most alike layer."""
    rows = _of(table, family, measure, "lag")
    rows = _first_setting(rows[(rows["augmentation"] == "none") & (rows["kind"] == "even")])
    sides = rows["model"].map(family.state) + " and " + rows["model_b"].map(family.state)
    found = rows.loc[sides == family.asked, ["value", "low", "high"]].astype("float64")
    claim = (
        f"{sentence(family.objective)} lags behind {SUPERVISED}, so that an even layer of the latter finds its like "
        "deeper in the former"
    )
    if found.empty:
        turned = (sides == f"{family.objective} and {SUPERVISED}").any()
        return f"{claim}: not measured in this direction (name the {SUPERVISED} model first)." if turned else ""
    low, high = found["low"].min(skipna=False), found["high"].max(skipna=False)
    verdict = _SAME if low > 0 else _TURNED if high < 0 else _UNDECIDED
    shown = [with_interval(*(None if pd.isna(end) else end for end in row)) for row in found.itertuples(index=False)]
    return f"{claim}: {verdict} (lag as a share of the depth, pair by pair of seeds: {joined(shown)})."
