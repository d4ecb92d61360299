"""The map of models: a tree and a plane of all that a table says of them, with how far each can be trusted."""

from __future__ import annotations

import json

import pandas as pd

from simzoo.report.arrangement import Arrangement
from simzoo.report.map_figures import plane, tree
from simzoo.report.maps import groups_of, maps, members
from simzoo.report.section import Block, Chart, DataView, Text
from simzoo.report.words import joined, numbers, p_value, with_interval
from simzoo.table.schema import Table

FACT = "paradigm"
READING = (
    "How to read it. Models that join at a small height of the tree are near each other; the dashed line is the cut. "
    "The cophenetic correlation says how well heights keep the distances (1: exactly), a silhouette how much nearer a "
    "model is to its own cluster than to the next (1: far apart, 0: between), the adjusted Rand index how far two "
    "groupings agree (1: the same, 0: as by chance). The plane is classical scaling; where it holds a small share of "
    "the distances, near points need not be near. Few models make every one of these numbers rough."
)
OURS = (
    "What is ours and not the published study's: the five settings (clean images by class, and draws of augs, crop, "
    "colorjitter and rotate), the numbers of images and of views named above, the exact solver of the graphs and its "
    "counting threshold of 1e-6, duplicates left out, the share of a tenth in affinity, the mean within an image or a "
    "class before mean and standard deviation, the plane, the spanning tree and the communities. No number here is the "
    "paper's."
)


def render(table: Table) -> list[Block]:
    """Return the maps that the table holds the numbers for; nothing where it holds none."""
    found = maps(table)
    blocks = [block for one in found for block in _one(table, one)]
    if not blocks:
        return []
    mgm = any(one.points.signature is not None for one in found) and "mgm" in set(table.rows["measure"])
    return [Text((READING,), role="note"), *blocks, *([Text((_sizes(table), OURS))] if mgm else [])]


def _one(table: Table, found: Arrangement) -> list[Block]:
    points, groups = found.points, groups_of(table, found.points.names)[FACT]
    tree_caption = (
        f"{'Ward linkage' if points.method == 'ward' else 'Average linkage'}, {points.title}: {points.about}. Squares: "
        f"{FACT}. Dashed: the cut into {max(found.clusters)}."
    )
    plane_caption = (
        f"The same distances in a plane, which holds {round(100 * found.shown)} % of their squares. Lines: the "
        f"shortest tree that joins all models. Communities by modularity ({numbers(found.modularity, 1.0)[0]}): "
        f"{_communities(found)}."
    )
    return [
        Chart(tree(found, groups, FACT), tree_caption, f"map {points.title} tree"),
        Chart(plane(found, groups, FACT), plane_caption, f"map {points.title} plane"),
        DataView(_trust(found), "What the map rests on."),
        *_signature(found),
        *([Text(tuple(f"Left out: {reason}." for reason in points.left_out), role="list")] if points.left_out else []),
    ]


def _signature(found: Arrangement) -> list[Block]:
    if found.points.raw is None:
        return []
    values = found.points.raw.rename_axis(index="model", columns=None)
    shown = values.map(lambda value: f"{value:.4g}").reset_index()
    return [DataView(shown, "The numbers themselves, before they were z-scored.")]


def _communities(found: Arrangement) -> str:
    return " | ".join(joined([found.points.names[model] for model in part]) for part in found.communities)


def _trust(found: Arrangement) -> pd.DataFrame:
    rows = [(f"cluster {number}", joined(names)) for number, names in members(found).items()]
    rows.append(("cophenetic correlation", numbers(found.cophenetic, 1.0)[0]))
    rows += [(f"mean silhouette, {count} clusters", numbers(v, 1.0)[0]) for count, v in found.silhouettes.items()]
    stable = with_interval(*found.stability) if found.stability else "not measured: no values of half-samples"
    rows.append((f"adjusted Rand of the cut over {len(found.points.halves)} half-samples", stable))
    rows += [
        (
            f"adjusted Rand with the {one.of} ({one.groups} groups)",
            f"{with_interval(one.value, one.low, one.high)}, p {p_value(one.p)}",
        )
        for one in found.agreements
    ]
    return pd.DataFrame(rows, columns=["of the map", "value"])


def _sizes(table: Table) -> str:
    rows = table.rows[table.rows["measure"] == "mgm"]
    options = json.loads(rows["params"].iloc[0])
    counts = rows.dropna(subset=["n"]).drop_duplicates(["data", "augmentation"])
    shown = ", ".join(
        f"{data} {name} {n:,}" for data, name, n in counts[["data", "augmentation", "n"]].itertuples(index=False)
    )
    said_of = {"views": "T", "k": "k", "kernel": "kernel", "solver": "solver"}
    settings = ", ".join(f"{word} = {options[name]}" for name, word in said_of.items() if name in options)
    return (
        f"Manifold graph metrics with {settings}; images (N): {shown}. Clean images: one graph for each class, of k or "
        "as many candidates as the class has; augmented images: one graph for each image, of its T views, which cap k "
        "at T - 1. Compare with other tables at equal N, T, k, kernel and solver only."
    )
