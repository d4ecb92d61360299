"""`simzoo transfer score`: all transferability scores of some models on the training images of a labelled set."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from simzoo.catalog import Catalog
from simzoo.errors import UsageError
from simzoo.grid.drive import finish
from simzoo.grid.facts import table_of
from simzoo.grid.plan import plan
from simzoo.grid.run import Run
from simzoo.grid.study import MeasureCall, Study
from simzoo.grid.work import now
from simzoo.models.load import Model
from simzoo.progress import Progress, Silent
from simzoo.report.candidates import scores_of
from simzoo.report.candidates_rows import score_table
from simzoo.report.candidates_text import score_lines
from simzoo.report.result import Result
from simzoo.table.schema import Table
from simzoo.transfer.asked import TRAIN, Asked, asked


@dataclass
class TransferScores(Result):
    """The result of `transfer_scores`: `.table` (rows), `.scores` (models x scores), `.save(folder)`."""

    result: Table
    seconds: float

    @property
    def scores(self) -> pd.DataFrame:
        """The scores, a row a model and a column a measure; NaN where there is none."""
        return scores_of(self.result)

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return what `simzoo transfer score --json` prints."""
        rows = self.table.to_dict("records")
        missing = [
            {"model": row["model"], "measure": row["measure"], "status": row["status"], "reason": row["reason"]}
            for row in rows
            if row["status"] != "ok"
        ]
        return {
            "out": str(folder),
            "data": {name: value for name, value in self.result.context["data"].items() if name != "left_out"},
            "scores": {str(model): dict(row) for model, row in self.scores.iterrows()},
            "missing": missing,
            "rows": len(self.table),
            "failed": self.failed,
            "notes": list(self.result.context["notes"]),
            "seconds": round(self.seconds, 3),
        }

    def __rich__(self) -> Any:
        """Print as a table, and what has no value with why."""
        from rich.console import Group
        from rich.text import Text

        return Group(score_table(self.scores), *(Text(line) for line in score_lines(self.result)))


def transfer_scores(
    *models: str | nn.Module | Model,
    data: Any,
    measures: Sequence[str] = (),
    ids: Sequence[Any] | None = None,
    n: int | None = None,
    epochs: int | None = None,
    train_images: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    may_train: bool = True,
    yes: bool = False,
    progress: Progress | None = None,
) -> TransferScores:
    """Score models on the training images of a labelled data set (all, or at most `n`); compute only what is missing.

    Without `measures` these are all transferability scores: of the pooled final features, and of a model's own head
    where it has one. A model that cannot be loaded costs its own rows.
    """
    started, created, progress = time.perf_counter(), now(), progress or Silent()
    common: dict[str, Any] = {"ids": ids, "n": n, "seed": seed, "device": device}
    common |= {"epochs": epochs, "train_images": train_images, "may_train": may_train, "yes": yes}
    given = asked(models, data, least=1, progress=progress, **common)
    study = score_study(given, chosen(measures, given.shelves), n=n, seed=seed)
    run = Run([study], plan([study], given.shelves, isolate=True), given.shelves, device=device, progress=progress)
    run.isolate = True
    finish(run)
    table, seconds = table_of(run), time.perf_counter() - started
    words = ["simzoo", "transfer", "score", *given.typed, "--data", given.data]
    words += ["--measures", ",".join(measures)] if measures else []
    words += ["--n", str(n)] if n is not None else []
    words += ["--seed", str(seed)] if seed else []
    table.context |= {"command": shlex.join(words), "grid": "scores", "report": "scores", "scores": True}
    table.context |= {"measure": [call.name for call in study.measures], "started": created, "seconds": seconds}
    return TransferScores(table, seconds)


def score_study(given: Asked, calls: Sequence[MeasureCall], *, n: int | None, seed: int) -> Study:
    """Return the study of scores: one representation of the training images for each model."""
    return Study(
        models=given.models,
        measures=tuple(calls),
        data=given.data,
        split=TRAIN,
        n=n,
        taps="final",
        accuracy=False,
        seed=seed,
    )


def chosen(measures: Sequence[str], shelves: Catalog, *, heads: bool = True) -> tuple[MeasureCall, ...]:
    """Return the measures that were named, or all transferability scores; `heads`: also those of a model's own head."""
    everything = [entry.sheet for entry in shelves.measures.values() if entry.sheet.kind == "transferability"]
    if not measures:
        return tuple(MeasureCall(sheet.name) for sheet in everything if heads or sheet.of != "logits")
    sheets = [shelves.measures[name].sheet for name in dict.fromkeys(measures)]
    if bad := [sheet.name for sheet in sheets if sheet.kind == "similarity" or {"views"} & sheet.needs]:
        raise UsageError(
            f"{', '.join(bad)} {'is' if len(bad) == 1 else 'are'} no score of one representation",
            expected=f"measures of features and labels, such as {', '.join(sheet.name for sheet in everything[:4])}",
            got=", ".join(bad),
            next_step="simzoo list measures; simzoo compare for similarities, simzoo map for views",
        )
    return tuple(MeasureCall(sheet.name) for sheet in sheets)
