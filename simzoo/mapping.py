"""`simzoo map`: from names (or modules) to models as points: a tree, a plane, and how far to trust them."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Group
from rich.text import Text
from rich.tree import Tree
from torch import nn

from simzoo.api import changes, ready_to_train, refuse_training, require_device, require_taps
from simzoo.catalog import Catalog, catalog
from simzoo.errors import UndefinedError, UsageError
from simzoo.grid.drive import finish
from simzoo.grid.facts import table_of
from simzoo.grid.plan import TAKEN, plan
from simzoo.grid.run import Run
from simzoo.grid.source import Source, common_data, sources_of
from simzoo.grid.study import MeasureCall, Study
from simzoo.grid.work import now
from simzoo.images.find import evaluation_split
from simzoo.images.given import given
from simzoo.models.load import Model
from simzoo.progress import Progress, Silent
from simzoo.report.arrangement import Arrangement
from simzoo.report.maps import groups_of, maps, said
from simzoo.report.points import FEWEST
from simzoo.report.result import Result
from simzoo.report.verdict import verdict
from simzoo.report.words import numbers
from simzoo.representations.stored import with_features
from simzoo.table.schema import Table

SETTINGS = ("none", "augs", "crop", "colorjitter", "rotate")  # clean images are the semantic setting
HALVES = 20  # half-samples of the images that stability is judged by (ours)


@dataclass
class ModelMap(Result):
    """The result of `model_map`: `.table` (rows), `.clusters`, `.distances`, `.plot()`, `.save(folder)`."""

    result: Table
    typed: tuple[str, ...]
    seconds: float

    @cached_property
    def arrangement(self) -> Arrangement:
        """The tree, the plane and what they rest on."""
        found = maps(self.result)
        if not found:
            why = self.table.loc[self.table["status"] != "ok", "reason"].dropna().unique()
            raise UndefinedError(
                "there is nothing to make a map of",
                expected=f"numbers of {FEWEST} models or more",
                got=str(why[0]) if len(why) else f"{self.table['model'].nunique()} models that differ in nothing",
                next_step="simzoo table shows what was measured, and why the rest was not",
            )
        return found[0]

    @property
    def clusters(self) -> dict[str, int]:
        """The number of each model's cluster."""
        return dict(zip(self.arrangement.points.names, self.arrangement.clusters, strict=True))

    @property
    def distances(self) -> pd.DataFrame:
        """How far the models lie apart."""
        points = self.arrangement.points
        return pd.DataFrame(points.distances, index=points.names, columns=points.names)

    def plot(self, kind: str = "tree", fact: str = "paradigm") -> Any:
        """Return the tree or the plane (an Altair chart), coloured by a fact of the models: paradigm or backbone."""
        from simzoo.report import map_figures

        drawn, known = {"tree": map_figures.tree, "plane": map_figures.plane}, self._groups
        if kind not in drawn or fact not in known:
            raise UsageError(
                f"no figure {kind!r} by {fact!r}",
                expected=f"{' or '.join(drawn)}, by {' or '.join(known)}",
                got=f"{kind!r}, {fact!r}",
                next_step="plot('tree', 'paradigm')",
            )
        return drawn[kind](self.arrangement, known[fact], fact)

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return what `simzoo map --json` prints."""
        found, names = self.arrangement, self.arrangement.points.names
        groups = {fact: dict(zip(names, words, strict=True)) for fact, words in self._groups.items()}
        models = [
            {"name": name, "cluster": number} | {fact: words[name] for fact, words in groups.items()}
            for name, number in self.clusters.items()
        ]
        agreements = {
            one.of: {"value": one.value, "low": one.low, "high": one.high, "p": one.p} for one in found.agreements
        }
        stable = None if found.stability is None else dict(zip(("value", "low", "high"), found.stability, strict=True))
        return {
            "out": str(folder),
            "models": models,
            "measures": self.result.context["map"]["measures"],
            "numbers": 0 if found.points.signature is None else found.points.signature.shape[1],
            "linkage": found.linkage.tolist(),
            "order": [names[leaf] for leaf in found.order],
            "distances": found.points.distances.tolist(),
            "cophenetic_correlation": found.cophenetic,
            "silhouettes": {str(count): value for count, value in found.silhouettes.items()},
            "stability": stable,
            "half_samples": len(found.points.halves),
            "agreements": agreements,
            "plane": dict(zip(names, found.plane.tolist(), strict=True)),
            "plane_share": found.shown,
            "spanning_tree": [[names[a], names[b], apart] for a, b, apart in found.spanning],
            "communities": [[names[model] for model in part] for part in found.communities],
            "modularity": found.modularity,
            "left_out": found.points.left_out,
            "rows": len(self.table),
            "failed": self.failed,
            "verdict": verdict(self.result),
            "notes": list(self.result.context["notes"]),
            "seconds": round(self.seconds, 3),
        }

    def __rich__(self) -> Any:
        """Print as sentences and a tree."""
        sentences = [Text(f"  {sentence}") for sentence in said(self.arrangement)]
        left = [Text(f"  Left out: {reason}.") for reason in self.arrangement.points.left_out]
        notes = [Text(f"Note: {note}") for note in self.result.context["notes"]]
        return Group(Text("Map", style="bold"), *sentences, *left, Text(), _tree(self.arrangement), *notes)

    @property
    def _groups(self) -> dict[str, list[str]]:
        return groups_of(self.result, self.arrangement.points.names)


def model_map(
    *models: str | nn.Module | Model,
    measure: str | Sequence[str] = "mgm",
    data: Any = None,
    ids: Sequence[Any] | None = None,
    n: int | None = 1_000,
    images: int = 100,
    views: int = TAKEN,
    augmentations: Sequence[str] | None = None,
    taps: str = "final",
    pool: str | None = None,
    clusters: int = 3,
    resamples: int = HALVES,
    epochs: int | None = None,
    train_images: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress | None = None,
) -> ModelMap:
    """Map three models or more: as points by their geometry, or by how alike they are; compute only what is missing.

    By measures of one representation (`mgm` by default: 30 numbers), each model is the row of its values over
    `augmentations`, z-scored over the models: `n` clean images, by class where the measure takes labels, and `views`
    draws of `images` images for each augmentation. By a similarity, two models are as far apart as they are less alike
    than each is with itself, on clean images unless one augmentation is named. `resamples` half-samples of the images
    say how stable the cut into `clusters` is. The last of `taps` stands for a model.
    """
    started, shelves, progress = time.perf_counter(), catalog(), progress or Silent()
    created = now()
    sources = _enough(sources_of(models, changes(epochs, train_images), seed, shelves), clusters)
    data, shelves = with_features(common_data(sources) if data is None else data, shelves)
    data, shelves = given(data, ids, shelves)
    require_device(device)
    measures = [measure] if isinstance(measure, str) else list(measure)
    calls, alike = _calls(measures, views, shelves)
    settings = augmentations or (("none",) if alike else SETTINGS)
    study = Study(
        models=sources,
        measures=calls,
        data=data,
        split=evaluation_split(data, shelves),
        n=n,
        taps=taps,
        pool=pool,
        accuracy=False,
        resamples=resamples,
        permutations=0,
        seed=seed,
        parts=True,
    )
    studies = [_under(study, setting, n if alike else images) for setting in dict.fromkeys(settings)]
    graph = plan(studies, shelves)
    specs = [source.spec for source in sources if source.spec is not None]
    if not may_train:
        refuse_training(specs)
    require_taps(specs, taps, pool, shelves)
    for source in sources:
        if source.model is not None:
            source.model.taps(taps)  # a tap it has not is an error before others are trained
    ready_to_train(specs, device=device, yes=yes, progress=progress)
    run = Run(studies, graph, shelves, device=device, progress=progress)
    finish(run)
    table = table_of(run)
    seconds = time.perf_counter() - started
    options = {"measure": measures, "data": data, "n": n, "images": images, "views": views, "taps": taps, "pool": pool}
    options |= {"augmentations": ",".join(augmentations or ()) or None, "clusters": clusters, "resamples": resamples}
    table.context |= {"command": _command(sources, options | {"seed": seed}), "grid": "map", "report": "map"}
    table.context |= {"map": {"measures": measures, "clusters": clusters}, "measure": measures[0]}
    table.context |= {"started": created, "seconds": seconds}
    return ModelMap(table, tuple(source.typed or source.name for source in sources), seconds)


def _enough(sources: tuple[Source, ...], clusters: int) -> tuple[Source, ...]:
    if len(sources) < FEWEST:
        raise UsageError(
            "a map needs three models or more",
            expected="simzoo map A B C, of different models",
            got=", ".join(source.name for source in sources) or "none",
            next_step="simzoo compare for two; simzoo list models",
        )
    if not 2 <= clusters < len(sources):
        raise UsageError(
            "the tree cannot be cut so",
            expected=f"from 2 to {len(sources) - 1} clusters of {len(sources)} models",
            got=str(clusters),
            next_step="--clusters 2, or more models",
        )
    return sources


def _calls(measures: Sequence[str], views: int, shelves: Catalog) -> tuple[tuple[MeasureCall, ...], bool]:
    """Return the measures as calls, and whether they are one similarity."""
    sheets = [shelves.measures[name].sheet for name in measures]
    alike = [sheet.name for sheet in sheets if sheet.kind == "similarity"]
    if not sheets or (alike and len(sheets) > 1):
        raise UsageError(
            "a map is by one similarity, or by measures of one representation",
            expected="--measure cka, or --measure mgm --measure twonn",
            got=", ".join(measures) or "none",
            next_step="make two maps",
        )
    if views < 2:
        raise UsageError("views of an image differ", expected="two or more", got=str(views), next_step="--views 20")
    given_views = [{"views": views} if "views" in sheet.needs | sheet.takes else {} for sheet in sheets]
    calls = zip((sheet.name for sheet in sheets), given_views, strict=True)
    return tuple(MeasureCall(name, params) for name, params in calls), bool(alike)


def _under(study: Study, setting: str, images: int | None) -> Study:
    return study if setting == "none" else replace(study, augmentation=setting, n=images)


def _command(sources: Sequence[Source], options: dict[str, Any]) -> str:
    """Return the command that gives this map again."""
    plain: dict[str, Any] = {"measure": ["mgm"], "data": "digits", "n": 1_000, "images": 100, "views": TAKEN}
    plain |= {"taps": "final", "clusters": 3, "resamples": HALVES, "seed": 0}
    names = [source.typed if source.typed.startswith("file:") else source.name for source in sources]
    asked = {name: value for name, value in options.items() if value is not None and value != plain.get(name)}
    flags = [
        f"--{name} {shlex.quote(str(part))}"
        for name, value in asked.items()
        for part in (value if isinstance(value, list) else [value])
    ]
    return " ".join(["simzoo map", *names, *flags])


def _tree(found: Arrangement) -> Tree:
    """Return the tree for a terminal: each join with its height, the models with their clusters."""
    names, count = found.points.names, len(found.points.names)

    def grow(tree: Tree, node: int) -> None:
        if node < count:
            tree.add(Text.assemble(names[node], (f"  {found.clusters[node]}", "bold")))
            return
        left, right, height, _ = found.linkage[node - count]
        branch = tree.add(Text(f"{numbers(float(height))[0]}", style="dim"))
        grow(branch, int(left))
        grow(branch, int(right))

    whole = Tree(Text("height of each join; model, cluster", style="dim"))
    grow(whole, 2 * count - 2)
    return whole
