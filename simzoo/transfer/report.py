"""`simzoo transfer report`: which of several models to fine-tune for a labelled set of images, and how sure that is."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text
from torch import nn

from simzoo.errors import SimzooError, UsageError
from simzoo.grid.drive import finish
from simzoo.grid.facts import table_of
from simzoo.grid.plan import plan
from simzoo.grid.run import Run
from simzoo.grid.study import MeasureCall, Study
from simzoo.grid.work import now
from simzoo.models.load import Model
from simzoo.prediction.fitted import Fitted, read_fit
from simzoo.progress import Progress, Silent
from simzoo.report.candidates import (
    MAIN,
    PROBES,
    accuracies_of,
    candidates,
    cost_of,
    groups_of,
    main_measure,
    pairs_of,
    scores_of,
)
from simzoo.report.candidates_rows import candidate_rows, tuning_lines
from simzoo.report.candidates_text import candidate_sentences
from simzoo.report.result import Result
from simzoo.table.schema import Table
from simzoo.transfer.asked import Asked, asked
from simzoo.transfer.cost import images_per_second, operations
from simzoo.transfer.foretold import foretold
from simzoo.transfer.scores import chosen, score_study
from simzoo.transfer.tuning import fine_tuned

HALVES = 400  # half-samples of the test images, of which every image was judged once (ours)


@dataclass
class TransferReport(Result):
    """The result of `transfer_report`: `.table` (rows), `.best`, `.verdict`, `.save(folder)`."""

    result: Table
    seconds: float

    @property
    def failed(self) -> int:
        """How many rows failed, and how many models that were to be fine-tuned were not."""
        return super().failed + sum("reason" in one for one in self.result.context["candidates"]["finetuned"])

    @property
    def best(self) -> str | None:
        """The model to fine-tune first, None where no accuracy could be measured."""
        return candidates(self.result)[0] if main_measure(self.result) else None

    @property
    def verdict(self) -> list[str]:
        """Which model, how sure, at what cost, in sentences."""
        return candidate_sentences(self.result)

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return what `simzoo transfer report --json` prints."""
        table, measure = self.result, main_measure(self.result)
        pairs = pairs_of(table, measure) if measure else []
        context = table.context["candidates"]
        return {
            "out": str(folder),
            "best": self.best,
            "verdict": self.verdict,
            "data": {name: value for name, value in table.context["data"].items() if name != "left_out"},
            "ordered_by": measure,
            "models": [self._model(name) for name in candidates(table)],
            "groups": groups_of(list(accuracies_of(table, measure)), pairs) if measure else [],
            "pairs": [vars(one) | {"told_apart": one.apart} for one in pairs],
            "finetuned": context["finetuned"],
            "finetuned_pairs": context["finetuned_pairs"],
            "predicted": context["predicted"],
            "rows": len(self.table),
            "failed": self.failed,
            "notes": list(table.context["notes"]),
            "seconds": round(self.seconds, 3),
        }

    def __rich__(self) -> Any:
        """Print as the verdict, and a table of the models."""
        rows, grid = candidate_rows(self.result, MAIN), Grid(box=None, pad_edge=False)
        for name in rows:
            grid.add_column(str(name), overflow="fold")
        for row in rows.fillna("-").itertuples(index=False):
            grid.add_row(*(Text(str(cell)) for cell in row))
        told = [Padding(Text(sentence), (0, 0, 0, 2)) for sentence in self.verdict]
        tuned = [Text(line) for line in tuning_lines(self.result)]
        notes = [Text(f"Note: {note}") for note in self.result.context["notes"]]
        return Group(Text("Verdict", style="bold"), *told, Text(), grid, *([Text(), *tuned] if tuned else []), *notes)

    def _model(self, name: str) -> dict[str, Any]:
        facts, scores = self.result.models.get(name, {}), scores_of(self.result)
        measured = {measure: accuracies_of(self.result, measure).get(name) for measure in PROBES}
        return {
            "name": name,
            **{measure: found and found._asdict() for measure, found in measured.items()},
            **cost_of(self.result, name),
            "licence": facts.get("licence") or None,
            "scores": dict(scores.loc[name]) if name in scores.index else {},
        }


def transfer_report(
    *models: str | nn.Module | Model,
    data: Any,
    measures: Sequence[str] = (),
    finetune: int = 0,
    recipe: str = "finetune",
    pool: Fitted | str | Path | None = None,
    ids: Sequence[Any] | None = None,
    n: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress | None = None,
) -> TransferReport:
    """Say which of two models or more to fine-tune for a labelled data set; compute only what is missing.

    Measured are, on the test images, the accuracies of a linear probe and of nearest neighbours that learn from the
    training images, with intervals and paired differences; the nearest class mean and few-shot episodes; on the
    training images the transferability scores of the features (`measures` names others); and what each model costs.
    `n` bounds the images of either side, all if not given. `finetune=TOP` fine-tunes the best TOP by `recipe`, whose
    `epochs` may be changed. `pool` is what `simzoo transfer fit` wrote: what it foretells from geometry then stands
    beside what was measured. A model that cannot be loaded costs its own rows.
    """
    started, created, progress = time.perf_counter(), now(), progress or Silent()
    common: dict[str, Any] = {"ids": ids, "n": n, "seed": seed, "device": device, "may_train": may_train, "yes": yes}
    if pool is not None and not isinstance(pool, Fitted):
        pool = str(pool)
        read_fit(Path(pool))  # one that is not there is an error before any work
    if finetune and not may_train:
        raise UsageError(
            "fine-tuning is training",
            expected="--finetune or --no-train",
            got="both",
            next_step="leave one of them out",
        )
    given = asked(models, data, least=2, progress=progress, **common)
    studies = _studies(given, chosen(measures, given.shelves, heads=False), n=n, seed=seed)
    run = Run(studies, plan(studies, given.shelves, isolate=True), given.shelves, device=device, progress=progress)
    run.isolate = True
    finish(run)
    table = table_of(run)
    _note_costs(table, given, device)
    table.context["candidates"] = {"models": [source.name for source in given.models], "device": device}
    order = list(accuracies_of(table, main_measure(table) or ""))
    how: dict[str, Any] = {"n": n, "epochs": epochs, "seed": seed, "device": device, "yes": yes, "progress": progress}
    tuned = fine_tuned(given, order[:finetune], recipe, **how)
    told = foretold(pool, given, device=device, may_train=may_train, yes=yes, progress=progress)
    table.context["candidates"] |= {**tuned, "predicted": told}
    seconds = time.perf_counter() - started
    options = {"measures": ",".join(measures), "finetune": finetune or None, "n": n}
    options |= {"pool": pool if isinstance(pool, str | Path) else None}
    options |= {"recipe": recipe if finetune and recipe != "finetune" else None}
    options |= {"epochs": epochs if finetune else None, "seed": seed or None}
    words = [f"--{name} {shlex.quote(str(value))}" for name, value in options.items() if value]
    named = shlex.join(["simzoo", "transfer", "report", *given.typed, "--data", given.data])
    table.context |= {"command": " ".join([named, *words]), "grid": "transfer", "report": "transfer"}
    table.context |= {"measure": list(MAIN), "started": created, "seconds": seconds}
    return TransferReport(table, seconds)


def _studies(given: Asked, calls: Sequence[MeasureCall], *, n: int | None, seed: int) -> list[Study]:
    """Return the studies: scores of the training images, then accuracies on the test images."""
    scores = score_study(given, calls, n=n, seed=seed)
    halves = replace(
        scores,
        measures=tuple(map(MeasureCall, MAIN)),
        split=given.split,
        support=None,
        resamples=HALVES,
        parts=True,
    )
    others = tuple(MeasureCall(name) for name in PROBES if name not in MAIN)
    return [scores, replace(halves, measures=others, resamples=0, parts=False), halves]


def _note_costs(table: Table, given: Asked, device: str) -> None:
    """Add to the facts of each model what it costs; one that cannot be loaded or run has none, and its rows say why."""
    for source in given.models:
        if source.features is not None:
            continue
        try:
            model = source.load(given.shelves, device)
            found = {"parameters": model.parameters, "flops": operations(model)}
            table.models[source.name] |= {**found, "images_per_second": images_per_second(model)}
        except (SimzooError, RuntimeError, MemoryError):
            continue
