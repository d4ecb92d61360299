"""`simzoo compare`: from names (or modules) to a table, a verdict, figures and a page."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from simzoo.api import changes, ready_to_train, refuse_training, require_device, require_taps
from simzoo.catalog import catalog
from simzoo.errors import UsageError
from simzoo.grid.drive import finish
from simzoo.grid.facts import table_of
from simzoo.grid.plan import plan
from simzoo.grid.run import Run
from simzoo.grid.source import Source, common_data, sources_of, two_or_more, untrained_twins
from simzoo.grid.study import MeasureCall, Study, has_pairs_of_a_class
from simzoo.grid.work import now
from simzoo.images.find import evaluation_split
from simzoo.images.given import given
from simzoo.models.load import Model
from simzoo.progress import Progress, Silent
from simzoo.report.reading import last_values
from simzoo.report.result import Result
from simzoo.report.terminal import summary
from simzoo.report.verdict import verdict
from simzoo.representations.stored import with_features
from simzoo.table.schema import Table

DEBIASED = {"cka": "cka_unbiased"}  # what always stands beside a biased measure


@dataclass
class Comparison(Result):
    """The result of `compare`: `.table` (rows), `.matrix()`, `.plot()`, `.save(folder)`; prints as a summary."""

    result: Table
    measure: str
    models: tuple[str, ...]
    typed: tuple[str, ...]
    seconds: float

    def matrix(self, a: str | None = None, b: str | None = None, measure: str | None = None) -> pd.DataFrame:
        """Return one layers-by-layers matrix; by default the first model against the last, by the main measure."""
        a, b, measure = a or self.models[0], b or self.models[-1], measure or self.measure
        rows = self.table[(self.table["measure"] == measure) & self.table["tap_b"].notna()]
        straight = rows[(rows["model"] == a) & (rows["model_b"] == b)]
        turned = rows[(rows["model"] == b) & (rows["model_b"] == a)]
        if straight.empty and turned.empty:
            raise UsageError(
                f"there is no {measure} matrix of {a!r} and {b!r}",
                expected=f"two of {', '.join(self.models)}, and a similarity that was measured",
                got=f"{a!r}, {b!r}, {measure!r}",
                next_step=f"compare(..., measure={measure!r}) of these models",
            )
        part = straight if not straight.empty else turned
        values = part.pivot_table(index="tap", columns="tap_b", values="value", sort=False, dropna=False)
        return values if not straight.empty else values.T

    def plot(self, a: str | None = None, b: str | None = None, measure: str | None = None) -> Any:
        """Return the interactive layer-by-layer heat map of two models (an Altair chart)."""
        from simzoo.report.heatmap import heatmap
        from simzoo.report.reading import matrices

        pair = {a or self.models[0], b or self.models[-1]}
        found = [
            drawn for drawn in matrices(self.result, measure or self.measure) if {drawn.model, drawn.model_b} == pair
        ]
        if not found:
            self.matrix(a, b, measure)  # says what there is
        return heatmap(self.result, found[0])

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return what `simzoo compare --json` prints."""
        accuracy = self.table[(self.table["measure"] == "knn_accuracy") & (self.table["tap"] == "final")]
        sound = accuracy[accuracy["status"] == "ok"]
        known = dict(zip(sound["model"], sound["value"].astype(float).tolist(), strict=True))
        models = []
        for name, typed in zip(self.models, self.typed, strict=True):
            facts = self.result.models[name]
            models.append(
                {
                    "name": typed,
                    "resolved": name,
                    "knn_accuracy": known.get(name),
                    "untrained_knn_accuracy": known.get(facts["untrained"]),
                    "trained_on": facts.get("trained_on") or None,
                    "epochs": facts.get("epochs"),
                    "shortened": facts.get("shortened"),
                }
            )
        values = {
            measure: {model: score[0] for model, (_, score) in by_model.items()}
            for measure, by_model in last_values(self.result).items()
        }
        return {
            "out": str(folder),
            "models": models,
            "data": {name: value for name, value in self.result.context["data"].items() if name != "left_out"},
            "measure": self.measure,
            "rows": len(self.table),
            "failed": self.failed,
            "verdict": verdict(self.result),
            "notes": list(self.result.context["notes"]),
            "values": values,
            "seconds": round(self.seconds, 3),
        }

    def __rich__(self) -> Any:
        """Print as the verdict, a summary table and a heat map."""
        return summary(self.result)


def compare(
    *models: str | nn.Module | Model,
    measure: str | Sequence[str] = "cka",
    data: Any = None,
    ids: Sequence[Any] | None = None,
    n: int | None = 1_000,
    taps: str = "residual",
    pool: str | None = None,
    augmentation: str = "none",
    epochs: int | None = None,
    train_images: int | None = None,
    resamples: int | None = None,
    permutations: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two models or more, layer by layer; train what is not trained yet; compute only what is missing.

    `data=None` means `digits`, or the data set that all the models named were trained on (`NAME@DATA`). Images may be
    given instead of a name: a tensor (n, 3 or 1, h, w) or an array (n, h, w[, 3]), uint8 or from 0 to 1, a pair of one
    with labels, a data set of (image, label), a loader; `ids` are then hashes of the pixels if not given. A similarity
    gives a layers-by-layers matrix for each pair of models, a model with itself included; any other measure a value for
    each tap. With `augmentation=` (`NAME[:STRENGTH]`) all models see the same draw of it, and measures that need views
    (`invariance`, `alignment`) get two; without it those get two of `augs`. kNN accuracy,
    always of clean images, stands beside each model and beside its untrained twin.
    """
    started, shelves, progress = time.perf_counter(), catalog(), progress or Silent()
    created = now()
    sources = two_or_more(sources_of(models, changes(epochs, train_images), seed, shelves))
    data, shelves = with_features(common_data(sources) if data is None else data, shelves)
    data, shelves = given(data, ids, shelves)
    split = evaluation_split(data, shelves)
    require_device(device)
    asked = [measure] if isinstance(measure, str) else list(measure)
    names = dict.fromkeys(name for given in asked for name in (given, DEBIASED.get(given)) if name)
    study = Study(
        models=sources,
        measures=tuple(MeasureCall(name) for name in names),
        data=data,
        split=split,
        n=n,
        taps=taps,
        pool=pool,
        augmentation=augmentation,
        accuracy_only=untrained_twins(sources) if has_pairs_of_a_class(data, split, n, shelves) else (),
        resamples=resamples,
        permutations=permutations,
        seed=seed,
    )
    graph = plan(study, shelves)
    specs = [source.spec for source in sources if source.spec is not None]
    if not may_train:
        refuse_training(specs)
    require_taps(specs, taps, pool, shelves)
    for source in sources:
        if source.model is not None:
            source.model.taps(taps)  # a tap it has not is an error before others are trained
        if source.features is not None:
            source.features.taps(taps)
            _require_clean(source, augmentation)
    ready_to_train(specs, device=device, yes=yes, progress=progress)
    run = Run([study], graph, shelves, device=device, progress=progress)
    finish(run)
    table = table_of(run)
    options = {"measure": ",".join(asked), "data": data, "n": n, "taps": taps, "pool": pool, "seed": seed}
    options |= {"augmentation": augmentation, "resamples": resamples, "permutations": permutations}
    seconds = time.perf_counter() - started
    table.context |= {"command": _command(study, options), "measure": asked[0], "started": created, "seconds": seconds}
    typed = tuple(source.typed or source.name for source in sources)
    return Comparison(table, asked[0], tuple(source.name for source in sources), typed, seconds)


def _require_clean(source: Source, augmentation: str) -> None:
    if augmentation != "none":
        raise UsageError(
            f"{source.name} cannot be augmented",
            expected="--augmentation none: features are of images as they were",
            got=augmentation,
            next_step="simzoo represent MODEL --augmentation NAME writes features of augmented images",
        )


def _command(study: Study, options: dict[str, Any]) -> str:
    """Return the command that gives this table again; the names say how the models were trained, or where a card is."""
    models = [source.typed if source.typed.startswith("file:") else source.name for source in study.models]
    plain = {"measure": "cka", "data": "digits", "n": 1_000, "taps": "residual", "augmentation": "none", "seed": 0}
    asked = {name: value for name, value in options.items() if value is not None and value != plain.get(name)}
    flags = [
        f"--{name} {shlex.quote(str(part))}"
        for name, value in asked.items()
        for part in (str(value).split(",") if name == "measure" else [value])
    ]
    return " ".join(["simzoo compare", *models, *flags])
