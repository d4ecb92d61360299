"""A similarity on half of the samples, or with the samples of one side in another order, many times over.

What can be made of all samples once is made once: kernels are cut, inner matrices and what is derived are permuted.
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
from simzoo.representations.representation import Representation, reordered

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
    kernels = stacked([inner.raw(x, params) for x in everything], everything)

    def finish(rows: Rows) -> Matrix:
        some = torch.from_numpy(rows)
        cut = kernels.index_select(1, some).index_select(2, some)
        matrices = inner.finished(cut, params).flatten(1)
        products = dots(matrices[: len(xs)], matrices if itself else matrices[len(xs) :])
        values: Matrix = from_dots(sheet, products).numpy()
        return values

    return finish


def in_order(sheet: MeasureSheet, xs: Side, ys: Side, params: Mapping[str, Any]) -> Callable[[Rows], Matrix]:
    """Return a function from an order to the matrix of the similarity with the rows of `ys` in that order."""
    if inner_of(sheet, params) is None or not fits([*xs, *ys]):
        return lambda order: unchecked_matrix(sheet, xs, [reordered(y, order) for y in ys], params)
    a, n = inner_rows(sheet, xs, params), len(xs[0])
    b = a if ys is xs else inner_rows(sheet, ys, params)
    together = b.T.contiguous().view(n, n, -1)  # one entry of all layers lies together

    def permute(order: Rows) -> Matrix:
        at = torch.from_numpy(np.ascontiguousarray(order))
        permuted = together.index_select(0, at).index_select(1, at)
        values: Matrix = from_dots(sheet, dots(a, permuted.flatten(0, 1).T)).numpy()
        return values

    return permute


def _part(x: Representation, rows: Rows) -> Representation:
    """Return some rows, without ids."""
    return replace(x, values=x.some(rows), ids=(), labels=None if x.labels is None else x.labels[rows])
