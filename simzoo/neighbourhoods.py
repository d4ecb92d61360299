"""The neighbourhood of an image, drawn: the polytope of its NNK neighbours around it, as images."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from simzoo.catalog import catalog
from simzoo.errors import InputError
from simzoo.images.find import open_data
from simzoo.images.imageset import ImageSet
from simzoo.measures.geometry.graph import nnk_graph
from simzoo.report.export import specification, write_figure
from simzoo.report.figures import inline
from simzoo.representations.representation import Representation
from simzoo.storage import file_name, make_folder

SIDE, PLACE = 48, 460  # pixels of an image in the figure, and of the figure


def neighbourhood(representation: Representation, image: int | str, folder: str | Path, k: int = 50) -> list[Path]:
    """Draw an image among its NNK neighbours; return the SVG, PNG and PDF written into the folder.

    The image lies in the middle. Each neighbour lies as far from it as its unit vector does in feature space,
    sqrt(2 - 2 cos), with its weight theta below it. Points are those of the `k` nearest that NNK does not take, as
    others stand before them. Only distances to the middle are true, since a polytope of more than three corners does
    not fit into a plane: directions go around in the order in which the first two principal axes of the neighbourhood
    show them. (The layout is ours.)

    Args:
        representation: of a data set that opens by its name (`simzoo.represent`).
        image: a row of the representation, or the id of one of its images.
        folder: where the figure goes, as NAME.svg, .png and .pdf.
        k: how many nearest neighbours are candidates.
    """
    row = _row(representation, image)
    values = np.asarray(representation.values, np.float64)
    graph = nnk_graph(values, k=k)
    theta = {other: facts["theta"] for _, other, facts in graph.out_edges(row, data=True)}
    units = values / np.linalg.norm(values, axis=1, keepdims=True)
    apart = np.sqrt(np.maximum(2 - 2 * units @ units[row], 0))
    near = [other for other in np.argsort(apart, kind="stable").tolist() if other != row][: graph.graph["k"]]
    rows = [row, *dict.fromkeys([*theta, *near])]
    images = open_data(representation.data, representation.split, catalog())
    angles = _around(units[rows[1:]], len(theta))
    places = apart[rows, None] * np.stack([np.cos([0, *angles]), np.sin([0, *angles])], axis=1)
    frame = pd.DataFrame(places, columns=["x", "y"])
    columns: dict[str, Any] = {
        "id": [representation.ids[other] for other in rows],
        "distance": apart[rows],
        "theta": [theta.get(other) for other in rows],
        "url": _pictures(images, [representation.ids[other] for other in rows[: 1 + len(theta)]], len(rows)),
    }
    name = file_name(f"neighbourhood-{representation.model}-{representation.tap}-{representation.ids[row]}")
    chart = _chart(
        frame.assign(**columns),
        f"{len(theta)} NNK neighbours of {representation.ids[row]}",
        _about(representation, graph),
    )
    return write_figure(specification(chart), make_folder(Path(folder)), name)


def _row(representation: Representation, image: int | str) -> int:
    ids = representation.ids
    if isinstance(image, str) and image in ids:
        return ids.index(image)
    if isinstance(image, str) or not 0 <= image < len(ids):
        raise InputError(
            f"the representation has no image {image!r}",
            expected=f"a row from 0 to {len(ids) - 1}, or one of its ids, such as {ids[0]!r}",
            got=repr(image),
            next_step="representation.ids lists them",
        )
    return image


def _around(units: Any, taken: int) -> list[float]:
    """Return an angle for each: those taken share out the circle, and so do the rest, in the order of the plane."""
    centred = units - units.mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    shown = np.pad(centred @ axes[:2].T, ((0, 0), (0, 2)))
    order = np.arctan2(shown[:, 1], shown[:, 0])
    angles = np.empty(len(units))
    for part in (slice(0, taken), slice(taken, None)):
        ranks = order[part].argsort(kind="stable").argsort(kind="stable")
        angles[part] = 2 * np.pi * (ranks + 0.25) / max(1, len(ranks))
    return angles.tolist()


def _pictures(images: ImageSet, ids: list[str], places: int) -> list[str | None]:
    """Return the images as data, in the order of their ids, and nothing for the rest of the places."""
    wanted, found = set(ids), {}
    for i in range(len(images)):
        if (name := images.id(i)) in wanted:
            file = BytesIO()
            images.image(i).resize((SIDE, SIDE)).save(file, "png")
            found[name] = "data:image/png;base64," + b64encode(file.getvalue()).decode()
    return [found.get(name) for name in ids] + [None] * (places - len(ids))


def _about(representation: Representation, graph: Any) -> str:
    facts = graph.graph
    return f"{representation.model}, {representation.tap}, n = {facts['n']}, k = {facts['k']}, {facts['kernel']} kernel"


def _chart(frame: pd.DataFrame, title: str, subtitle: str) -> Any:
    reach = float(frame["distance"].max()) * 1.15 or 1.0
    x, y = (alt.X("x:Q", scale=alt.Scale(domain=[-reach, reach]), axis=None), alt.Y("y:Q", axis=None))
    y = y.scale(alt.Scale(domain=[-reach, reach]))
    taken = frame[frame["theta"].notna()]
    middle = frame.iloc[:1]
    lines = alt.Chart(inline(taken.assign(x0=0.0, y0=0.0))).mark_rule(color="#aab0b8")
    thick = alt.Size("theta:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.5, 8]))
    edges = lines.encode(x=x, y=y, x2="x0:Q", y2="y0:Q", size=thick)
    text = alt.Chart(inline(taken)).mark_text(dy=SIDE // 2 + 7, fontSize=10, color="#22262b")
    weights = text.encode(x=x, y=y, text=alt.Text("theta:Q", format=".2f"))
    others = frame[frame["theta"].isna()].iloc[1:]
    dots = alt.Chart(inline(others)).mark_point(filled=True, size=18, color="#aab0b8", opacity=0.8).encode(x=x, y=y)
    shown = [
        alt.Chart(inline(part)).mark_image(width=side, height=side).encode(x=x, y=y, url="url:N", tooltip=["id:N"])
        for part, side in ((taken, SIDE), (middle, SIDE * 4 // 3))
    ]
    heading = alt.TitleParams(title, subtitle=subtitle)
    return alt.layer(edges, dots, *shown, weights).properties(width=PLACE, height=PLACE, title=heading)
