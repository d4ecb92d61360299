"""One audit against another: what got worse by more than a threshold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simzoo.errors import UsageError

# what is watched, and by how much it may be worse: accuracies in shares, the rest relative to the other's value
ACCURACIES = ("top1", "top5", "knn_accuracy", "linear_accuracy")
RELATIVE = ("rankme", "participation_ratio")
TOLERANCE = 0.01  # of accuracies
RELATIVE_TOLERANCE = 0.2  # of ranks
_NUMBER = re.compile(r"^\d+ |[\d.]+%")  # that a warning says before its details: a count, a share


def regression(new: Mapping[str, Any], old: Mapping[str, Any], tolerance: float = TOLERANCE) -> list[dict[str, Any]]:
    """Return one row for each value that both have: how much it changed, what is allowed, whether it is worse.

    A value that the other has and this one lacks is worse, too.
    """
    if (new["data"], new["split"], new["n"]) != (old["data"], old["split"], old["n"]):
        raise UsageError(
            "these audits are not of the same images",
            expected=f"{old['n']} images of {old['data']} ({old['split']})",
            got=f"{new['n']} images of {new['data']} ({new['split']})",
            next_step="audit both with the same --data and --n",
        )
    rows = []
    for name in (*ACCURACIES, *RELATIVE):
        before, after = _value(old, name), _value(new, name)
        if before is None:
            continue
        allowed = tolerance if name in ACCURACIES else RELATIVE_TOLERANCE * before
        change = None if after is None else after - before
        worse = change is None or change < -allowed
        rows.append({"value": name, "old": before, "new": after, "change": change, "allowed": -allowed, "worse": worse})
    more = [warning for warning in new["warnings"] if _kind(warning) not in {_kind(known) for known in old["warnings"]}]
    rows += [
        {"value": f"new warning: {warning}", "old": None, "new": None, "change": None, "allowed": None, "worse": True}
        for warning in more
        if not warning.startswith(("nobody verified", "non-commercial"))
    ]
    return rows


def _kind(warning: str) -> str:
    opening = warning.split(":", maxsplit=1)[0].split("(", maxsplit=1)[0].strip()
    return _NUMBER.sub("", opening)


def _value(facts: Mapping[str, Any], name: str) -> float | None:
    if name in facts:
        value: float | None = facts[name]
        return value
    return next((row["value"] for row in facts["values"] if row["measure"] == name), None)
