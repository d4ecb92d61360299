"""How alike models are as wholes: a cell for each pair, measure and setting, with the reason where it has no value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

from simzoo.report.grid import bases, laid_out, together
from simzoo.table.schema import Table

GAPS = ("failed", "undefined", "skipped", "absent")
WHOLE = "all layers"
_KEYS = ["variant", "measure", "model", "model_b", "setting"]
_VALUES = ["value", "low", "high", "null", "p", "seeds"]


def alike(table: Table) -> pd.DataFrame:
    """Return the cells of all pair measures: `value`, `low`, `high`, `null`, `p`, `seeds`, `status`, `note`.

    The value is the matrix's summary `match` for each kind of layers. Where a measure has none, it is that of the final
    layers, or else the mean over all pairs of layers, without an interval. Pairs that were measured in another setting
    or by another measure, and not here, are `absent`.
    """
    pairs = table.rows[table.rows["model_b"].notna() & (table.rows["field"] != "lag")]
    raw = laid_out(table, pairs)
    summary = (raw["field"] == "match") & raw["tap"].isna()
    summed = raw.loc[summary & (raw["status"] == "ok") & (pairs["model"] != pairs["model_b"]), "variant"]
    # most rows are layers of measures that have a summary: these are left out
    found = laid_out(table, together(table, pairs[summary | ~raw["variant"].isin(summed)]))
    found = found.rename(columns={"null_mean": "null"})
    matched = found[(found["field"] == "match") & found["tap"].isna()]
    rest = found[found["tap"].notna() & ~found["variant"].isin(matched["variant"])]
    final = rest[(rest["kind"] == "final") & (rest["kind_b"] == "final")]
    whole = rest[~rest["variant"].isin(final["variant"])].groupby(_KEYS, sort=False)
    mean = whole.agg(value=("value", "mean"), seeds=("seeds", "max")).reset_index().assign(kind=WHOLE)
    columns = [*_KEYS, "kind", *_VALUES]
    parts = [part.reindex(columns=columns) for part in (matched, final, mean)]
    cells = pd.concat([part.astype(dict.fromkeys(_VALUES, "float64")) for part in parts]).assign(status="ok", note="")
    return pd.concat([cells, _gaps(table, raw, cells)], ignore_index=True)


def _gaps(table: Table, raw: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return a cell for every pair of models, measure, setting and kind that the grid spans and that holds no value."""
    pairs = list(raw[["model", "model_b"]].drop_duplicates().itertuples(index=False, name=None))
    bad = raw[raw["status"] != "ok"]
    bad = bad.assign(reason=bad["reason"].fillna("no reason was given"), rank=bad["status"].map(GAPS.index))
    first = bad.sort_values("rank", kind="stable").drop_duplicates(_KEYS)
    why = {tuple(row[:5]): row[5:] for row in first[[*_KEYS, "status", "reason"]].itertuples(index=False, name=None)}
    held = set(cells[[*_KEYS, "kind"]].itertuples(index=False, name=None))
    kinds = {str(name): list(dict.fromkeys(part)) for name, part in cells.groupby("variant", sort=False)["kind"]}
    rows = []
    for (variant, measure), own in raw.groupby(["variant", "measure"], sort=False):
        for kind, setting, (a, b) in product(kinds.get(str(variant), [WHOLE]), own["setting"].unique(), pairs):
            key = (variant, measure, a, b, setting)
            if (*key, kind) not in held and (a != b or key in why):  # a pair of one model exists only by its seeds
                status, reason = why.get(key, ("absent", "not in this table"))
                rows.append((*key, kind, *[None] * len(_VALUES), status, f"{status}: {reason}"))
    missing = pd.DataFrame(rows, columns=[*_KEYS, "kind", *_VALUES, "status", "note"])
    known = missing["model"].isin(bases(table)) & missing["model_b"].isin(bases(table))
    return missing[known].astype(dict.fromkeys(_VALUES, "float64"))


def square(cells: pd.DataFrame, names: Sequence[str], shown: Sequence[str]) -> pd.DataFrame:
    """Return the cells of one measure as whole squares, both halves from the one value measured, in model order."""
    turned = cells.rename(columns={"model": "model_b", "model_b": "model"})[list(cells.columns)]
    both = pd.concat([cells, turned]).drop_duplicates(["setting", "model", "model_b"])
    full = pd.DataFrame(list(product(shown, names, names)), columns=["setting", "model", "model_b"], dtype=object)
    found = full.merge(both, on=["setting", "model", "model_b"], how="left")
    found = found[found["status"].notna() | (found["model"] != found["model_b"])]
    place = {name: at for at, name in enumerate(names)}
    return found.assign(
        status=found["status"].fillna("absent"),
        note=found["note"].fillna("absent: not in this table"),
        i=found["model"].map(place),
        j=found["model_b"].map(place),
    ).reset_index(drop=True)
