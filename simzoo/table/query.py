"""What is read off a table of rows: a choice of them, seeds taken together, one quantity against another."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from simzoo.errors import UsageError, unknown_name
from simzoo.table.schema import COLUMNS, DTYPES, RUN_COLUMNS

CONFIDENCE = 0.95
SEED_COLUMNS = ("seeds", "sd")  # what `over_seeds` adds to the columns of a row
ALWAYS = ("measure", "model", "value")
_CONDITION = re.compile(r"\s*(\w+)\s*(!=|>=|<=|=|>|<)\s*(.*?)\s*", re.DOTALL)
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_SEED = re.compile(r"#\d+$")
_FOUND = ("value", "low", "high", "null_mean", "p", "status", "reason", *RUN_COLUMNS)  # not what a row is about


def without_seed(name: str) -> str:
    """Return a model's name without its seed.

    >>> without_seed("resnet50-sl#1")
    'resnet50-sl'
    """
    return _SEED.sub("", name)


def choose(rows: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """Return the rows that meet all conditions: `COLUMN=GLOB`, `COLUMN!=GLOB`, `COLUMN>=NUMBER` and so on.

    Alternatives stand with `|` between them; a column without a value equals the empty text.
    """
    for condition in conditions:
        rows = rows[_meets(rows, condition)]
    return rows


def over_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for all seeds: the mean of the values and its interval, in place of `value`, `low` and `high`.

    The interval is Student's, of level 95 %, over the seeds; a single seed has none. `seeds` says how many values went
    in, `sd` how far they spread. Of a pair of models these are pairs of seeds, not independent: their interval
    is too narrow. Rows that are not `ok` are left out.
    """
    from scipy.stats import t

    sound = rows[rows["status"] == "ok"].copy()
    for name in ("model", "model_b"):
        sound[name] = sound[name].str.replace(_SEED, "", regex=True)
    about = [name for name in COLUMNS if name not in {*_FOUND, "seed", "seed_b"}]
    sound = sound.drop_duplicates([*about, "seed", "seed_b"])  # `vit-simclr` and `vit-simclr#0` are one model
    groups = sound.groupby(about, dropna=False, sort=False)
    found = groups["value"].agg(["mean", "std", "count"]).reset_index()
    reach = found["std"] / found["count"] ** 0.5 * t.ppf((1 + CONFIDENCE) / 2, (found["count"] - 1).clip(lower=1))
    found = found.rename(columns={"mean": "value", "std": "sd", "count": "seeds"})
    found["low"], found["high"] = found["value"] - reach, found["value"] + reach
    places = [name for name in COLUMNS if name in found.columns]
    return found[[*places, *SEED_COLUMNS]]


def last_layers(rows: pd.DataFrame, by: Sequence[str] = ("model",)) -> pd.DataFrame:
    """Return the rows of one representation of the layer that stands for a model: the final one, or else the deepest.

    `by` names what has one such layer: a model, or a model for each measure.
    """
    single = rows[rows["model_b"].isna() & rows["tap"].notna()]
    order = single.assign(_last=single["kind"] == "final").sort_values(["_last", "depth"], kind="stable")
    return single.merge(order[[*by, "tap"]].drop_duplicates(list(by), keep="last"), on=[*by, "tap"])


def pivot(rows: pd.DataFrame, down: Sequence[str], across: Sequence[str], value: str = "value") -> pd.DataFrame:
    """Return `value` with the quantities `down` as rows and `across` as columns; two rows in one cell are an error."""
    for name in (*down, *across, value):
        require_column(rows, name)
    twice = rows.duplicated([*down, *across])
    if twice.any():
        cells = rows.groupby([*down, *across], dropna=False)
        differing = [name for name in rows.columns if name in COLUMNS and name not in {*_FOUND, *down, *across}]
        differing = [name for name in differing if cells[name].nunique(dropna=False).gt(1).any()]
        raise UsageError(
            "several rows fall into one cell",
            expected="one row for each cell",
            got=f"{int(twice.sum()):,} too many, which differ in {', '.join(differing) or 'nothing'}",
            next_step=f"add a condition (--where {differing[0]}=...) or a level (--down ..., {differing[0]})"
            if differing
            else "leave out what was measured twice",
        )
    column = rows.set_index([*down, *across])[value]
    levels = list(range(len(down), len(down) + len(across)))
    return pd.DataFrame(column.unstack(levels, sort=False))  # noqa: PD010 - no cell holds two


def in_use(rows: pd.DataFrame) -> list[str]:
    """Return the columns that tell rows apart or say something, without those of the run."""
    known = [name for name in rows.columns if name not in RUN_COLUMNS]
    return [name for name in known if name in ALWAYS or len(rows[name].drop_duplicates()) > 1]


def require_column(rows: pd.DataFrame, name: str) -> None:
    """Refuse a column that the table does not have."""
    if name not in rows.columns:
        raise unknown_name("column", name, map(str, rows.columns), "simzoo table --help")


def _meets(rows: pd.DataFrame, condition: str) -> pd.Series:
    match = _CONDITION.fullmatch(condition)
    if not match:
        raise UsageError(
            f"{condition!r} is no condition",
            expected="COLUMN=GLOB, COLUMN!=GLOB, or COLUMN with >=, <=, > or < and a number",
            got=repr(condition),
            next_step="--where measure=cka --where 'value>=0.5'",
        )
    name, sign, wanted = match.groups()
    require_column(rows, name)
    if sign in _ORDER:
        met: pd.Series = _ORDER[sign](rows[name], _number(name, wanted)).fillna(value=False).astype(bool)
        return met
    globs = wanted.split("|")
    met = rows[name].map(lambda value: any(_equals(value, glob) for glob in globs)).astype(bool)
    return met if sign == "=" else ~met


def _equals(value: Any, glob: str) -> bool:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - NaN is what differs from itself
        return glob == ""
    if isinstance(value, str):
        return value == glob or fnmatchcase(value, glob)
    with suppress(ValueError):
        return bool(float(value) == float(glob))
    return False


def _number(name: str, text: str) -> float:
    if DTYPES.get(name, "Float64") != "string":
        with suppress(ValueError):
            return float(text)
    raise UsageError(
        f"{name!r} cannot be compared with {text!r}",
        expected="a column of numbers and a number",
        got=f"{name} {text}",
        next_step=f"--where '{name}={text}'",
    )
