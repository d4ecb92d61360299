"""Call a measure by its fact sheet: one value, or the whole matrix of a similarity between many representations."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from simzoo.errors import InputError, LabelsError, UndefinedError, UsageError
from simzoo.facts import MeasureSheet
from simzoo.measures.arrays import as_tensor, held, precision_of
from simzoo.measures.derived.inner import dots, from_dots, inner_of
from simzoo.measures.options import INPUTS, require_options
from simzoo.representations.derived import memory_budget, memory_left_to
from simzoo.representations.representation import Representation, same_images

Matrix = npt.NDArray[np.float64]
INNER_BYTES = 2**30  # inner matrices are held together up to this size; beyond it a similarity is computed pair by pair


def evaluate(
    sheet: MeasureSheet,
    x: Any,
    y: Any = None,
    *,
    labels: Any = None,
    views: Any = None,
    support: Any = None,
    classifier: Any = None,
    seed: int | None = None,
    **params: Any,
) -> dict[str, float]:
    """Return the fields of a measure by name, `{"value": ...}` for a plain float, after checking what it is given.

    A field that the measure gives as None, for want of an input that it can do without, is left out.
    """
    require_options(sheet, params)
    if "labels" in sheet.needs and labels is None and isinstance(x, Representation):
        labels = x.labels
    if isinstance(support, Representation):
        support = (support, support.labels)
    if views is not None:
        views = list(views)
        require_same_samples([x, *views])
    given = {"labels": labels, "views": views, "support": support, "classifier": classifier, "seed": seed}
    inputs = inputs_of(sheet, given)
    if sheet.kind == "similarity":
        if y is None:
            raise UsageError(
                f"measure {sheet.name!r} compares two representations",
                expected="x and y",
                got="x only",
                next_step=f"measure({sheet.name!r}, x, y)",
            )
        require_same_samples([x, y])
        result = sheet.function(x, y, **inputs, **params)
    elif y is not None:
        raise UsageError(
            f"measure {sheet.name!r} is of one representation",
            expected="x only",
            got="x and y",
            next_step=f"measure({sheet.name!r}, x)",
        )
    else:
        result = sheet.function(x, **inputs, **params)
    return told(sheet, result)


def told(sheet: MeasureSheet, result: Any) -> dict[str, float]:
    """Return what a measure gave, by field; what is no finite number is outside of its domain."""
    values = result if isinstance(result, tuple) else (result,)
    given = {name: value for name, value in zip(sheet.fields, values, strict=True) if value is not None}
    fields = {name: float(value) for name, value in given.items()}
    if not fields:
        raise _not_finite(sheet, "None")
    if bad := {name: value for name, value in fields.items() if not math.isfinite(value)}:
        raise _not_finite(sheet, f"{bad}")
    return fields


def matrix_of(
    sheet: MeasureSheet, xs: Sequence[Any], ys: Sequence[Any] | None = None, *, memory: int | None = None, **params: Any
) -> Matrix:
    """Return a similarity between all `xs` and all `ys` (or `xs` themselves), (len(xs), len(ys)).

    By the measure's own grid; else as one product of its inner matrices; else pair by pair, half of them where the
    measure is symmetric and `ys` is None. What is derived of an x or a y is derived once, as far as `memory` holds it:
    the bytes to use beside the representations, about (2 GiB if not given).
    """
    if memory is not None:
        with memory_budget(memory):
            return matrix_of(sheet, xs, ys, **params)
    require_options(sheet, params)
    if not len(xs) or (ys is not None and not len(ys)):
        raise UsageError(
            "there is nothing to compare",
            expected="one representation or more",
            got="an empty list",
            next_step=f"pairwise({sheet.name!r}, [x, ...])",
        )
    require_same_samples([*xs, *(() if ys is None else ys)])
    left = [held(x) for x in xs]
    right = None if ys is None or ys is xs else [held(y) for y in ys]
    return unchecked_matrix(sheet, left, right, params)


def unchecked_matrix(
    sheet: MeasureSheet,
    left: Sequence[Representation],
    right: Sequence[Representation] | None,
    params: Mapping[str, Any],
) -> Matrix:
    """Return the matrix of `matrix_of`, of representations that are known to fit, in whatever order their rows are."""
    if sheet.grid is not None:
        values: Matrix = np.asarray(sheet.grid(left, right, **params), dtype=np.float64)
    elif inner_of(sheet, params) is not None and fits([*left, *(right or ())]):
        a = inner_rows(sheet, left, params)
        b = a if right is None else inner_rows(sheet, right, params)
        values = from_dots(sheet, dots(a, b)).numpy()
    else:
        values = _pair_by_pair(sheet, left, right, params)
    if not np.isfinite(values).all():
        raise _not_finite(sheet, f"{int((~np.isfinite(values)).sum())} of {values.size} values are not numbers")
    return values


def inner_rows(sheet: MeasureSheet, xs: Sequence[Representation], params: Mapping[str, Any]) -> torch.Tensor:
    """Return the inner matrices of `xs`, flattened, as the rows of one tensor."""
    if sheet.inner is None:
        raise UsageError(
            f"measure {sheet.name!r} is no inner product",
            expected="inner= in its sheet",
            got="none",
            next_step="use matrix_of, which asks first",
        )
    return stacked([sheet.inner(x, **params).flatten() for x in xs], xs)


def stacked(parts: Sequence[torch.Tensor], xs: Sequence[Representation]) -> torch.Tensor:
    """Stack what was made of `xs` in the widest of their types."""
    dtype = reduce(torch.promote_types, (precision_of(as_tensor(x.values)) for x in xs))
    return torch.stack([part.to(dtype) for part in parts])


def fits(xs: Sequence[Representation]) -> bool:
    """Whether one (n, n) matrix of each of `xs` can be held at once."""
    limit = min(INNER_BYTES, memory_left_to(2))
    return sum(len(x) ** 2 * precision_of(as_tensor(x.values)).itemsize for x in xs) <= limit


def require_same_samples(everything: Sequence[Any]) -> None:
    """Refuse representations whose rows are not the same samples, as far as ids and shapes can tell."""
    first = everything[0]
    for other in everything[1:]:
        if isinstance(first, Representation) and isinstance(other, Representation):
            same_images(first, other)
        a, b = np.shape(first), np.shape(other)
        if len(a) == len(b) == 2 and a[0] != b[0]:
            raise InputError(
                "the rows are not the same samples",
                expected="equally many rows",
                got=f"{a[0]} and {b[0]} rows",
                next_step="give both for the same samples, in the same order",
            )


def inputs_of(sheet: MeasureSheet, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that the measure takes; a missing one is an error where it has no default for it."""
    parameters = inspect.signature(sheet.function).parameters
    wanted = {name: value for name, value in given.items() if value is not None}
    if extra := [name for name in wanted if name not in parameters]:
        raise UsageError(
            f"measure {sheet.name!r} takes no {' and no '.join(extra)}",
            expected=f"inputs: {', '.join(name for name in INPUTS if name in parameters) or 'none but the features'}",
            got=", ".join(extra),
            next_step=f"leave it out (simzoo show {sheet.name})",
        )
    for name in INPUTS:
        if name in parameters and name not in wanted and parameters[name].default is inspect.Parameter.empty:
            kind = {"labels": LabelsError, "support": UndefinedError}.get(name, UsageError)
            raise kind(
                f"measure {sheet.name!r} needs {name}",
                expected=f"{name}=...",
                got="none",
                next_step=f"give {name}= (simzoo show {sheet.name})"
                + (", or take data with a train split" if name == "support" else ""),
            )
    return wanted


def _pair_by_pair(
    sheet: MeasureSheet, xs: Sequence[Representation], ys: Sequence[Representation] | None, params: Mapping[str, Any]
) -> Matrix:
    half = ys is None and sheet.symmetric
    others = xs if ys is None else ys
    values = np.empty((len(xs), len(others)))
    for i, j in _cells(range(len(xs)), range(len(others))):
        if not half or i <= j:
            values[i, j] = sheet.function(xs[i], others[j], **params)
    return np.triu(values) + np.triu(values, 1).T if half else values


def _cells(rows: range, columns: range) -> Iterator[tuple[int, int]]:
    """Walk a matrix by halves of halves: whatever number of what is derived can be kept, little is derived again."""
    if len(rows) == len(columns) == 1:
        yield rows[0], columns[0]
        return
    tall = len(rows) >= len(columns)
    middle = (len(rows) if tall else len(columns)) // 2
    for part in (slice(None, middle), slice(middle, None)):
        yield from _cells(rows[part], columns) if tall else _cells(rows, columns[part])


def _not_finite(sheet: MeasureSheet, got: str) -> UndefinedError:
    return UndefinedError(
        f"measure {sheet.name!r} is undefined for this input",
        expected="finite values",
        got=got,
        next_step=f"simzoo show {sheet.name} says where it is defined",
    )
