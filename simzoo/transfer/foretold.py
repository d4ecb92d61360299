"""What a pool of models that was fitted before foretells of the candidates: shown only where such a pool is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simzoo.errors import SimzooError
from simzoo.prediction.fitted import Fitted, read_fit, trust
from simzoo.progress import Progress
from simzoo.transfer.asked import Asked
from simzoo.transfer.predict import transfer_predict


def foretold(
    pool: Fitted | str | Path | None, given: Asked, *, device: str, may_train: bool, yes: bool, progress: Progress
) -> dict[str, Any]:
    """Return `about` (how far the fit can be trusted, for each task) and `rows` (one a model and task); empty: no pool.

    Predictions are rank scores; points stand beside them only where the pool holds accuracies measured on this data.
    A model whose geometry cannot be measured has a row that says why.
    """
    if pool is None:
        return {}
    how: dict[str, Any] = {"device": device, "may_train": may_train, "yes": yes, "progress": progress}
    made = pool if isinstance(pool, Fitted) else read_fit(Path(pool))
    about, rows = dict[str, str](), list[dict[str, Any]]()
    for source, typed in zip(given.models, given.typed, strict=True):
        try:
            found = transfer_predict(typed, data=given.data, pool=made, **how)
        except SimzooError as error:
            rows.append({"model": source.name, "task": "", "score": None, "points": None, "reason": error.what})
            continue
        for row in found.to_dict("records"):
            about[str(row["title"])] = trust(row)
            told = {"model": source.name, "task": str(row["title"]), "score": float(row["score"]), "reason": ""}
            rows.append({**told, "points": row["points"], "held_out": bool(row["held_out"])})
    return {"about": [f"{title}: {trust}" for title, trust in about.items()], "rows": rows}
