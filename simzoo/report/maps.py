"""The maps of a table, and what they say in sentences. The rules are those of `simzoo.report.verdict`."""

from __future__ import annotations

from simzoo.report.arrangement import CLUSTERS, Agreement, Arrangement, arrange
from simzoo.report.points import points_of
from simzoo.report.words import counted, joined, numbers, p_value, with_interval
from simzoo.table.schema import Table

KNOWN = ("paradigm", "backbone")  # what a cut is held against
SIGNIFICANT = 0.05


def maps(table: Table) -> list[Arrangement]:
    """Return the maps that a table holds the numbers for."""
    clusters = int((table.context.get("map") or {}).get("clusters") or CLUSTERS)
    return [arrange(points, groups_of(table, points.names), clusters) for points in points_of(table)]


def groups_of(table: Table, names: list[str]) -> dict[str, list[str]]:
    """Return what is known of each model, by name of the fact."""
    return {fact: [str(table.models.get(name, {}).get(fact) or "unknown") for name in names] for fact in KNOWN}


def map_sentences(table: Table) -> list[str]:
    """Return what the maps say, to stand at the top of a report."""
    return [sentence for found in maps(table) for sentence in said(found)]


def said(found: Arrangement) -> list[str]:
    """Return what one map says."""
    points = found.points
    return [
        f"Map of {counted(len(points.names), 'model')} by {points.title}, cut into {_cut(found)}.",
        _tree(found),
        _stability(found),
        *(_agreement(one, len(points.names)) for one in found.agreements),
    ]


def members(found: Arrangement) -> dict[int, list[str]]:
    """Return the models of each cluster, in the order of the tree's leaves."""
    together: dict[int, list[str]] = {}
    for leaf in found.order:
        together.setdefault(found.clusters[leaf], []).append(found.points.names[leaf])
    return together


def _cut(found: Arrangement) -> str:
    parts = members(found)
    return f"{len(parts)}: {' | '.join(joined(names) for names in parts.values())}"


def _tree(found: Arrangement) -> str:
    if found.cophenetic is None:
        return "All models are equally far apart: there is nothing for a tree to keep."
    start = f"The tree keeps the distances with a cophenetic correlation of {numbers(found.cophenetic, 1.0)[0]}"
    if not found.silhouettes:
        return f"{start}; there are too few models for a silhouette."
    best = max(found.silhouettes, key=lambda count: found.silhouettes[count])
    shown = ", ".join(f"{numbers(value, 1.0)[0]} at {count}" for count, value in found.silhouettes.items())
    return f"{start}; mean silhouettes by number of clusters: {shown}, largest at {best}."


def _stability(found: Arrangement) -> str:
    if found.stability is None:
        return "How stable the cut is was not measured: the table has no values of half-samples of the images."
    halves = counted(len(found.points.halves), "half-sample")
    shown = with_interval(*found.stability)
    return f"On {halves} of the images the cut agrees with itself at an adjusted Rand index of {shown}."


def _agreement(one: Agreement, models: int) -> str:
    shown = with_interval(one.value, one.low, one.high)
    start = (
        f"With the {one.of} ({one.groups} among {models} models) its adjusted Rand index is {shown}, p {p_value(one.p)}"
    )
    if one.p < SIGNIFICANT and one.low is not None and one.low > 0:
        return (
            f"{start}: the cut follows the {one.of} in part." if one.value < 1 else f"{start}: the cut is the {one.of}."
        )
    if one.p < SIGNIFICANT and one.low is None:
        return f"{start}: more than chance, but no interval was computed."
    return f"{start}: it cannot be told from chance."
