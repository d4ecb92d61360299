"""Which numbers of a signature go with accuracy: Spearman and Pearson, with Benjamini-Hochberg over all of a task."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, pearsonr, spearmanr

from simzoo.prediction.lasso import standardised, task_score
from simzoo.prediction.pool import Pool, Target

WHOLE = "all, mean z-score"


def correlations(pool: Pool, target: Target) -> pd.DataFrame:
    """Return one row for each entry of the signature and each data set of the task, and for the task as a whole.

    Columns: entry, dataset, models, spearman, spearman_p, spearman_q, pearson, pearson_p, pearson_q. Seeds of a model
    are averaged first, as they are no independent models; q is p after Benjamini-Hochberg over all rows.
    """
    actual = target.accuracies
    centre, spread = standardised(actual.to_numpy(float))
    whole = pd.Series(task_score(actual.to_numpy(float), centre, spread), index=actual.index)
    groups = pool.groups.reindex(actual.index)
    targets = actual.assign(**{WHOLE: whole}).groupby(groups).mean()
    entries = pool.signature.table.reindex(actual.index).groupby(groups).mean()
    rows = [_row(entries[name], targets[place]) for place in [WHOLE, *actual.columns] for name in entries]
    found = pd.DataFrame([row for row in rows if row is not None])
    for kind in ("spearman", "pearson") if len(found) else ():
        found[f"{kind}_q"] = false_discovery_control(found[f"{kind}_p"].to_numpy(float))
    return found


def _row(entry: pd.Series, target: pd.Series) -> dict[str, object] | None:
    known = entry.notna() & target.notna()
    x, y = entry[known].to_numpy(float), target[known].to_numpy(float)
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    rho, r = spearmanr(x, y), pearsonr(x, y)
    found = {"spearman": rho[0], "spearman_p": rho[1], "pearson": r[0], "pearson_p": r[1]}
    about = {"entry": str(entry.name), "dataset": str(target.name), "models": len(x)}
    return about | {name: float(value) for name, value in found.items()}
