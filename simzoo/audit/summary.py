"""An audit in words: the verdict, and the tables of terminal and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NAMES = {
    "top1": "top-1 of its own head",
    "top5": "top-5 of its own head",
    "knn_accuracy": "kNN accuracy",
    "linear_accuracy": "linear probe",
}


def verdict(facts: Mapping[str, Any]) -> list[str]:
    """Return what is to be said first, in sentences."""
    n, where = facts["n"], f"{facts['data']} ({facts['split']})"
    said = [f"{facts['model']} on {n:,} images of {where}."]
    known = [f"{NAMES[name]} {accuracy(facts, name)}" for name in NAMES if facts[name] is not None]
    if known:
        chance = facts["chance"]
        said.append("; ".join(known) + (f" (chance {chance:.2g})." if chance else "."))
    else:
        said.append("No accuracy could be measured: " + "; ".join(sorted(set(facts["undefined"].values()))) + ".")
    rank = _of(facts, "rankme")
    if rank is not None:
        said.append(
            f"Its {facts['d']} features use about {rank:.0f} directions of {min(facts['n'], facts['d'])} (RankMe)."
        )
    moved = {name: value for name, value in facts["invariance"].items() if value is not None}
    if moved:
        least, most = min(moved, key=lambda name: moved[name]), max(moved, key=lambda name: moved[name])
        said.append(
            f"It is moved least by {most} (invariance {moved[most]:.2f}), most by {least} ({moved[least]:.2f})."
        )
    if facts["relatives"]:
        near = facts["relatives"][0]
        said.append(f"Its nearest relative in the store is {near['model']} (unbiased CKA {near['cka']:.2f}).")
    count = len(facts["warnings"])
    said.append(f"{count} warning{'s' if count != 1 else ''}." if count else "No warnings.")
    return said


def accuracy(facts: Mapping[str, Any], name: str) -> str:
    """Return an accuracy in percent with its interval, or why there is none."""
    if facts[name] is None:
        return f"undefined: {facts['undefined'].get(name, '')}"
    low, high = facts["intervals"].get(name, (None, None))
    return f"{facts[name]:.1%}" + (f" [{low:.1%}, {high:.1%}]" if low is not None else "")


def accuracy_rows(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the accuracies as rows of text."""
    return [{"accuracy": said, "value": accuracy(facts, name)} for name, said in NAMES.items()]


def value_rows(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the geometry and invariances as rows of text."""
    rows = [
        {
            "measure": row["measure"] + ("" if row["field"] == "value" else f", {row['field']}"),
            "value": f"undefined: {row['reason']}" if row["value"] is None else f"{row['value']:.4g}",
            "larger means": row["larger"],
        }
        for row in facts["values"]
    ]
    shown = {name: "undefined" if value is None else f"{value:.3f}" for name, value in facts["invariance"].items()}
    return rows + [
        {"measure": f"invariance to {name}", "value": value, "larger means": "moved less"}
        for name, value in shown.items()
    ]


def identity_rows(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what the model is, how it is fed, how fast and how large it is, as rows of text."""
    identity, speed, memory, feed = facts["identity"], facts["speed"], facts["memory"], facts["identity"]["feed"]
    licence = identity.get("licence") or "not stated"
    terms = " (NON-COMMERCIAL USE ONLY)" if identity["non_commercial"] else ""
    rows = {
        "backbone": identity.get("backbone") or "a module of one's own",
        "trained on": identity.get("trained_on") or "not stated",
        "licence": f"{licence}{terms}",
        "source": identity.get("source") or "not stated",
        "parameters": f"{facts['parameters']:,}",
        "weights": f"{facts['load']['tensors']} tensors, {'all' if facts['load']['finite'] else 'NOT all'} finite, "
        f"none missing or left over; {memory['weights_mib']:.1f} MiB",
        "fed": f"{feed['size']} px, centre {feed['crop']:.0%}, {feed['interpolation']}, mean {_three(feed['mean'])}, "
        f"std {_three(feed['std'])}, as said by {feed['by']}",
        "speed": f"{speed['images_per_second']:.0f} images a second ({speed['ms_per_image']:.1f} ms each) on "
        f"{speed['device']}, {speed['batch']} at once",
        "memory": f"{memory['peak_mib']:,.0f} MiB at most, Python and libraries included",
        "learnt from": f"{facts['train_images']:,} training images (kNN, linear probe)"
        if facts["train_images"]
        else "",
    }
    return [{"what": name, "value": str(value)} for name, value in rows.items() if value]


def time_rows(seconds: Mapping[str, float]) -> list[dict[str, str]]:
    """Return where the time went."""
    return [{"part": part, "seconds": f"{spent:.1f}"} for part, spent in seconds.items()]


def regression_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a regression check as rows of text."""
    return [
        {
            "value": row["value"],
            **{name: "-" if row[name] is None else f"{row[name]:.4g}" for name in ("old", "new", "change", "allowed")},
            "": "WORSE" if row["worse"] else "ok",
        }
        for row in rows
    ]


def _of(facts: Mapping[str, Any], measure: str) -> float | None:
    return next((row["value"] for row in facts["values"] if row["measure"] == measure), None)


def _three(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.3g}" for number in numbers)
