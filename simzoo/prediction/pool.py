"""A pool: models with their signatures, their accuracies on tasks, and what else is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simzoo.cards import Card
from simzoo.errors import UsageError
from simzoo.prediction.downstream import card_names, downstream
from simzoo.prediction.signature import ACCURACIES, Signature, signature
from simzoo.prediction.tasks import SECOND, TASKS, accuracies, imagenet, second_finetuning
from simzoo.registries import cards
from simzoo.table.query import last_layers, without_seed
from simzoo.table.schema import Table

FEWEST = 6  # models of a pool, seeds of one counted once (ours): below, leaving one out leaves nothing to learn from
PUBLISHED = "published"
_FIELDS = ("value", "accuracy")  # of a measure with several numbers


@dataclass(frozen=True)
class Target:
    """One task: the accuracy of models (rows) on its data sets (columns), in percent.

    `kind` says what was measured: `published`, or the measure of the accuracies. `second` are other accuracies of the
    same models on the same data sets, where somebody measured them again; `scores` are scores of representation and
    labels of each data set, by name of the measure.
    """

    name: str
    title: str
    kind: str
    accuracies: pd.DataFrame
    scores: Mapping[str, pd.DataFrame]
    second: pd.DataFrame | None = None


@dataclass(frozen=True)
class Pool:
    """Models with everything that a fit needs. `groups` are the models without their seeds: left out together.

    `supervised` says which were trained with labels, `top1` their published ImageNet top-1, as far as it is known.
    """

    signature: Signature
    groups: pd.Series
    supervised: pd.Series
    top1: pd.Series
    targets: tuple[Target, ...]

    @property
    def models(self) -> list[str]:
        """The names of the models."""
        return [str(name) for name in self.groups.index]


def pool_of(
    table: Table,
    *,
    measures: Sequence[str] | None = None,
    data: str | None = None,
    targets: Sequence[str] | None = None,
) -> Pool:
    """Make a pool of a grid's table.

    The signatures are those of `simzoo.prediction.signature.signature` (of `measures`, on `data`). `targets` names what
    is predicted: accuracies that the table holds (`linear_probe`, `knn_accuracy`, ...), or `published` for the eight
    tasks of the registry's tables; by default the accuracies where there are some, else what was published.
    """
    found = signature(table.rows, table.sheets, measures, data)
    names = [str(name) for name in found.table.index]
    groups = pd.Series([without_seed(name) for name in names], index=names)
    _require_enough(groups, found)
    held = [name for name in ACCURACIES if (table.rows["measure"] == name).any()]
    wanted = list(targets or held or [PUBLISHED])
    made = [
        target
        for name in wanted
        for target in _targets(name, table, names)
        if len({without_seed(str(model)) for model in target.accuracies.index}) >= FEWEST
    ]
    if not made:
        raise UsageError(
            "the pool has no accuracies to learn from",
            expected=f"rows of {', '.join(ACCURACIES)} in the table, or models with published results",
            got=f"{', '.join(wanted)}: fewer than {FEWEST} of {len(names)} models have it",
            next_step="simzoo grid run ... --measures mgm,linear_probe, or name models that have published results",
        )
    facts = {name: table.models.get(name, {}) for name in names}
    supervised = pd.Series([_paradigm(facts[name], name) == "supervised" for name in names], index=names)
    return Pool(found, groups, supervised, _top1(names), tuple(made))


def _require_enough(groups: pd.Series, found: Signature) -> None:
    if groups.nunique() < FEWEST:
        left = f"; left out: {'; '.join(found.left_out[:3])}" if found.left_out else ""
        raise UsageError(
            "too few models to learn from",
            expected=f"{FEWEST} models or more with a whole signature, seeds of one model counted once",
            got=f"{groups.nunique()}{left}",
            next_step="measure more models: simzoo grid run --models A,B,C,...",
        )


def _targets(name: str, table: Table, models: Sequence[str]) -> list[Target]:
    return _published(models) if name == PUBLISHED else _measured(name, table, models)


def _published(models: Sequence[str]) -> list[Target]:
    """Return the eight tasks of the study for the models that it has, by name or alias of their cards."""
    results = downstream()
    cards_of = card_names()
    mine = {cards_of[plain]: name for name in models if (plain := without_seed(name)) in cards_of}
    theirs = {str(name): mine[card] for name, card in _joined(results) if card in mine}
    second = second_finetuning(results)
    made = []
    for task in TASKS:
        known = task.unit * accuracies(results, task)
        known = known[known.index.isin(theirs)].rename(index=theirs)
        again = second[second.index.isin(theirs)].rename(index=theirs) if task.name == SECOND else None
        made.append(Target(task.name, task.title, PUBLISHED, known, {}, again))
    return made


def _joined(results: pd.DataFrame) -> list[tuple[str, str]]:
    joined = results[["model", "card"]].dropna().drop_duplicates()
    return list(joined.itertuples(index=False, name=None))


def _measured(name: str, table: Table, models: Sequence[str]) -> list[Target]:
    """Return the accuracies that the table holds, a column for each data set, images as they are, the final layer."""
    rows = table.rows[(table.rows["status"] == "ok") & (table.rows["augmentation"] == "none")]
    rows = rows[rows["model"].isin(models) & rows["field"].isin(_FIELDS)]
    keys = ["model", "data", "measure", "field", "params"]
    sound = last_layers(rows, keys).drop_duplicates(keys, keep="last")
    known = _by_data(sound[sound["measure"] == name])
    if known.empty:
        return []
    labelled = [
        str(other)
        for other in sound["measure"].unique()
        if table.sheets.get(str(other), {}).get("kind") == "transferability" and other not in ACCURACIES
    ]
    scores = {other: _by_data(sound[sound["measure"] == other]) for other in labelled}
    whole = {other: scored for other, scored in scores.items() if set(scored.columns) & set(known.columns)}
    return [Target(name, f"measured {name.replace('knn', 'kNN').replace('_', ' ')}", name, 100 * known, whole)]


def _by_data(rows: pd.DataFrame) -> pd.DataFrame:
    """Return models x data sets; of several options of a measure the first."""
    rows = rows[rows["params"] == rows["params"].iloc[0]] if len(rows) else rows
    found = rows.pivot_table(index="model", columns="data", values="value", sort=False, observed=True)
    return found.astype("float64").rename_axis(index=None, columns=None)


def _card(name: str) -> Card | None:
    known = card_names()
    plain = without_seed(name)
    return cards().get(known[plain]) if plain in known else None


def _paradigm(facts: Mapping[str, Any], name: str) -> str:
    card = _card(name)
    return str(facts.get("paradigm") or (card.paradigm if card else ""))


def _top1(models: Sequence[str]) -> pd.Series:
    """Return published ImageNet top-1: as the study lists it, else as the card does (linear probe, or its own head)."""
    listed = imagenet(downstream())
    cards_of = card_names()
    by_card = {cards_of[str(name)]: float(value) for name, value in listed.items() if name in cards_of}
    found: dict[str, float] = {}
    for name in models:
        card = _card(name)
        if card is None:
            continue
        scores = card.imagenet
        own = (scores.linear if scores.linear is not None else scores.top1) if scores else None
        value = by_card.get(card.name, own)
        if value is not None:
            found[name] = value
    return pd.Series(found, dtype="float64").reindex(list(models))
