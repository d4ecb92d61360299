"""`simzoo transfer baselines` and `fit`: from tables to what predicts transfer, and how far to trust it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Group
from rich.text import Text

from simzoo.errors import UsageError
from simzoo.prediction.baselines import DRAWS
from simzoo.prediction.baselines import baselines as published_baselines
from simzoo.prediction.claims import claim
from simzoo.prediction.downstream import downstream
from simzoo.prediction.fit import PERMUTATIONS, judged
from simzoo.prediction.fitted import FILE, Fitted, fitted, last_fit, write_fit
from simzoo.prediction.pool import PUBLISHED, pool_of
from simzoo.prediction.signature import plain
from simzoo.progress import Progress, Silent
from simzoo.registries import references
from simzoo.report.prediction_verdict import FIT
from simzoo.report.result import Result
from simzoo.report.verdict import verdict
from simzoo.table.files import read_table
from simzoo.table.schema import COLUMNS, RUN_COLUMNS, Table

SOURCES = ("ericsson2021well", "shao2022not")  # of the published accuracies, and of the second fine-tuning


def transfer_baselines(draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return what published accuracies say of published accuracies, one baseline a row.

    Columns: predictor, target, pool, models, datasets, weighted_tau (mean over data sets), low, high (95 % interval
    over `draws` draws of models and of data sets), kendall, spearman, pearson, regret.

    >>> found = transfer_baselines(draws=20).set_index(["predictor", "target", "pool"])
    >>> float(found.loc[("ImageNet top-1", "linear", "13 SSL models"), "weighted_tau"].round(3))
    0.774
    """
    return published_baselines(downstream(), draws, seed)


@dataclass
class TransferFit(Result):
    """The result of `transfer_fit`: `.scores`, `.verdict`, `.correlations`, `.fitted` (for `transfer_predict`)."""

    result: Table
    fitted: Fitted

    @property
    def found(self) -> dict[str, Any]:
        """Everything that was found, as plain data."""
        found: dict[str, Any] = self.result.context[FIT]
        return found

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The scores of held-out models: one row for each task, pool and predictor."""
        rows = [
            {"task": one["task"], "pool": one["pool"], "models": one["groups"], **score}
            for one in self.found["tasks"]
            for score in one["scores"]
        ]
        return pd.DataFrame(rows)

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """The correlation of each number of the signature with each accuracy."""
        return pd.DataFrame(
            [{"task": name, **row} for name, rows in self.found["correlations"].items() for row in rows]
        )

    @property
    def verdict(self) -> list[str]:
        """What all of it says, in sentences."""
        return verdict(self.result)

    def save(self, folder: str | Path) -> list[Path]:
        """Write `table.parquet`, `report.html`, `figures/*` and `pool.json`, the fit; return what was written."""
        return [*super().save(folder), write_fit(self.fitted, Path(folder) / FILE)]

    def keep(self) -> Path:
        """Make this the fit that `predict` takes when none is named."""
        return write_fit(self.fitted, last_fit())

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return what `simzoo transfer fit --json` prints."""
        return {"out": str(folder), "pool": str(folder / FILE), "verdict": self.verdict, **self.found}

    def __rich__(self) -> Any:
        """Print as sentences."""
        return Group(Text("Verdict", style="bold"), *(Text(f"  {sentence}") for sentence in self.verdict))


def transfer_fit(
    *tables: Table | str | Path,
    measures: Sequence[str] | None = None,
    on: str | None = None,
    targets: Sequence[str] | None = None,
    draws: int = DRAWS,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    progress: Progress | None = None,
) -> TransferFit:
    """Learn accuracy from geometry on a grid's table, and judge it on models that were left out.

    Args:
        tables: tables of grids, their files, or the folders that hold them; of several all rows count, as where one
            holds the geometry and another the accuracies.
        measures: what the signature is made of; by default `mgm`, or every measure of one representation.
        on: the image set that signatures were measured on; by default the one the table has most of them on.
        targets: accuracies of the table (`linear_probe`, `knn_accuracy`, ...), or `published`: the eight tasks of the
            registry's tables; by default what the table has, else what was published.
        draws: draws of models and of data sets for intervals.
        permutations: how often accuracies are dealt anew for the null.
        seed: of draws and permutations.
        progress: told of every fit.
    """
    given = _together([table if isinstance(table, Table) else read_table(_file(Path(table))) for table in tables])
    pool = pool_of(given, measures=measures, data=on, targets=targets)
    found = judged(pool, progress or Silent(), draws=draws, permutations=permutations, seed=seed)
    source = ["TABLE" if isinstance(table, Table) else str(table) for table in tables]
    options = {"measures": measures, "on": on, "targets": targets}
    command = _command(
        source, options, {"resamples": (draws, DRAWS), "permutations": (permutations, PERMUTATIONS), "seed": (seed, 0)}
    )
    claims = {one["task"]: claim(one).words for one in found["tasks"] if one["pool"] == "all"}
    context = given.context | {FIT: found, "command": command, "grid": "transfer-fit", "report": "transfer"}
    if any(target.kind == PUBLISHED for target in pool.targets):
        known = references()
        context["references"] = dict(given.context.get("references") or {}) | {key: known[key] for key in SOURCES}
    kept = Table(given.rows, given.sheets, given.models, {key: context[key] for key in context if key != "map"})
    return TransferFit(kept, fitted(pool, found, claims, command))


def _together(tables: Sequence[Table]) -> Table:
    """Return the rows of all tables as one table; a model named with seed 0 and without is one model."""
    if not tables:
        raise UsageError(
            "there is nothing to learn from",
            expected="the table of a grid, or several",
            got="none",
            next_step="simzoo grid run, then simzoo transfer fit TABLE",
        )
    if len(tables) == 1:
        return tables[0]
    rows = pd.concat([table.rows for table in tables], ignore_index=True)
    rows = rows.assign(model=rows["model"].map(plain))
    sheets = {name: sheet for table in tables for name, sheet in table.sheets.items()}
    models = {plain(name): facts for table in tables for name, facts in table.models.items()}
    notes = list(dict.fromkeys(note for table in tables for note in table.context.get("notes") or ()))
    datasets = {one.get("name"): one for table in tables for one in table.context.get("datasets") or ()}
    cited = {key: text for table in tables for key, text in dict(table.context.get("references") or {}).items()}
    context = {**tables[0].context, "notes": notes, "datasets": list(datasets.values()), "references": cited}
    about = [name for name in COLUMNS if name not in RUN_COLUMNS]
    return Table(rows.drop_duplicates(about, ignore_index=True), sheets, models, context)


def _file(path: Path) -> Path:
    path = path.expanduser()
    return path / "table.parquet" if path.is_dir() else path


def _command(source: Sequence[str], options: dict[str, Any], numbers: dict[str, tuple[int, int]]) -> str:
    words = ["simzoo transfer fit", *map(shlex.quote, source)]
    for name, value in options.items():
        if value:
            words += [f"--{name}", shlex.quote(value if isinstance(value, str) else ",".join(value))]
    return " ".join([*words, *(f"--{name} {value}" for name, (value, plain) in numbers.items() if value != plain)])
