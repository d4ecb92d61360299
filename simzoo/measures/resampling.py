"""A similarity on half of the samples, or with the samples of one side in another order, many times over.

What can be made of all samples once is made once: kernels are cut, inner matrices are permuted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from simzoo.facts import MeasureSheet
from simzoo.measures.derived.inner import KernelInner, dots, from_dots, inner_of
from simzoo.measures.evaluate import Matrix, fits, inner_rows, stacked, unchecked_matrix
from simzoo.representations.representation import Representation

Rows = npt.NDArray[np.intp]
Side = Sequence[Representation]


def halves(n: int, count: int, generator: np.random.Generator) -> list[Rows]:
    """Return `count` random halves of n samples, each without repetition and in order."""
    return [np.sort(generator.permutation(n)[: n // 2]) for _ in range(count)]


def halved(sheet: MeasureSheet, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options for half the samples: half as many neighbours of half as many samples are as near."""
    if sheet.neighbours is None:
        return dict(params)
    default = inspect.signature(sheet.function).parameters[sheet.neighbours].default
    return {**params, sheet.neighbours: max(1, params.get(sheet.neighbours, default) // 2)}


def on_part(sheet: MeasureSheet, xs: Side, ys: Side, params: Mapping[str, Any]) -> Callable[[Rows], Matrix]:
    """Return a function from rows to the matrix of the similarity on these rows alone."""
    everything, itself = [*xs, *(() if ys is xs else ys)], ys is xs
    inner = inner_of(sheet, params)
    if not isinstance(inner, KernelInner) or not fits(everything):
        return lambda rows: unchecked_matrix(
            sheet, [_part(x, rows) for x in xs], None if itself else [_part(y, rows) for y in ys], params
        )
    kernels = stacked([inner.raw(x, params).flatten() for x in everything], everything)
    n = len(everything[0])

    def finish(rows: Rows) -> Matrix:
        cut = kernels.index_select(1, _entries(rows, n)).view(-1, len(rows), len(rows))
        matrices = inner.finished(cut, params).flatten(1)
        products = dots(matrices[: len(xs)], matrices if itself else matrices[len(xs) :])
        values: Matrix = from_dots(sheet, products).numpy()
        return values

    return finish


def in_order(sheet: MeasureSheet, xs: Side, ys: Side, params: Mapping[str, Any]) -> Callable[[Rows], Matrix]:
    """Return a function from an order to the matrix of the similarity with the rows of `ys` in that order."""
    if inner_of(sheet, params) is None or not fits([*xs, *ys]):
        return lambda order: unchecked_matrix(sheet, xs, [_part(y, order) for y in ys], params)
    a = inner_rows(sheet, xs, params)
    b = (a if ys is xs else inner_rows(sheet, ys, params)).T.contiguous()  # one entry of all layers lies together
    n = len(xs[0])

    def permute(order: Rows) -> Matrix:
        values: Matrix = from_dots(sheet, dots(a, b.index_select(0, _entries(order, n)).T)).numpy()
        return values

    return permute


def _part(x: Representation, rows: Rows) -> Representation:
    """Return some rows, without ids: in another order they do not name the samples they stand beside."""
    return replace(x, values=x.some(rows), ids=(), labels=None if x.labels is None else x.labels[rows])


def _entries(rows: Rows, n: int) -> torch.Tensor:
    """Return where the entries (i, j) of all `rows` lie in a flattened (n, n) matrix."""
    return torch.from_numpy((rows[:, None] * n + rows).ravel())
