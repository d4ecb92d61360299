"""What a layers-by-layers matrix says in one number: how well layers find a match, and how much later they find it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from simzoo.representations.representation import Representation

Matrix = npt.NDArray[np.float64]


def summaries(
    xs: Sequence[Representation], ys: Sequence[Representation], larger: str
) -> dict[tuple[str, str], Callable[[Matrix], float]]:
    """Return the statistics of a matrix by `(field, kind)`, for each kind of tap that both models have twice or more.

    `match`: the mean over x's layers of the best value among y's layers of the same kind (the largest similarity or the
    smallest distance). `lag`: the mean over x's layers of the relative depth of that best layer in y minus the layer's
    own, from -1 to 1; positive: y reaches the like state later. In layers only where both have equally many.
    """
    best = np.argmax if larger == "more alike" else np.argmin
    found: dict[tuple[str, str], Callable[[Matrix], float]] = {}
    for kind in ("odd", "even", "block", "other"):
        rows = [i for i, x in enumerate(xs) if x.kind == kind]
        columns = [j for j, y in enumerate(ys) if y.kind == kind]
        if len(rows) < 2 or len(columns) < 2:
            continue
        depths = np.array([xs[i].depth for i in rows]), np.array([ys[j].depth for j in columns])

        def match(matrix: Matrix, rows: list[int] = rows, columns: list[int] = columns) -> float:
            part = matrix[np.ix_(rows, columns)]
            return float(np.take_along_axis(part, best(part, axis=1)[:, None], axis=1).mean())

        def lag(
            matrix: Matrix,
            rows: list[int] = rows,
            columns: list[int] = columns,
            depths: tuple[Matrix, Matrix] = depths,
        ) -> float:
            part = matrix[np.ix_(rows, columns)]
            return float((depths[1][best(part, axis=1)] - depths[0]).mean())

        found["match", kind], found["lag", kind] = match, lag
    return found
