"""Inner products of the centred Gram matrices of many representations, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import torch

from simzoo.measures.arrays import held, matrix, squared_norm
from simzoo.measures.derived.gram import centering, unit_centered
from simzoo.measures.derived.inner import dots
from simzoo.measures.derived.order import rows_of, unchanged
from simzoo.representations.derived import follows, memory_left_to

TILE_BYTES = 2**29  # memory of the rows of all Gram matrices that are in work at once
# Centred features up to this size are held; beyond it they are centred again for every block of rows.
HELD_BYTES = 2**30
FEW = 2**12  # products of features so few that their rounding does not average out are made in float64


class GramProducts(NamedTuple):
    """Inner products of centred Gram matrices: between (p, q), and of each with itself (p,), (q,). All float64."""

    between: torch.Tensor
    of_x: torch.Tensor
    of_y: torch.Tensor


def gram_products(xs: Sequence[Any], ys: Sequence[Any] | None, *, unbiased: bool) -> GramProducts:
    """Return <K, L> for all pairs, double-centred or (`unbiased`) U-centred, by the cheaper of two exact routes.

    With K = x x^T, <K, L> = |x^T y|^2: products of features cost n d d' a pair; Gram matrices, half of each in blocks
    of rows and never whole, cost n^2 d a representation. Features wider than there are samples go by the second.
    """
    xs, ys = [held(x) for x in xs], ys if ys is None else [held(y) for y in ys]
    left, right = [matrix(x).shape[1] for x in xs], [matrix(y).shape[1] for y in ys or ()]
    n = len(matrix(xs[0]))
    pairs = sum(left) * sum(right) if ys is not None else sum(left) ** 2 / 2
    by_features = sum(d * d for d in (*left, *right)) + 2 * pairs
    by_grams = n * (sum(left) + sum(right)) + n * (len(left) + len(right)) ** 2
    route = _by_features if by_features < by_grams else _by_grams
    return route(xs, ys, unbiased=unbiased)


def _by_features(xs: Sequence[Any], ys: Sequence[Any] | None, *, unbiased: bool) -> GramProducts:
    n = len(matrix(xs[0]))
    of_x = torch.stack([_with_itself(x, unbiased=unbiased) for x in xs])
    of_y = of_x if ys is None else torch.stack([_with_itself(y, unbiased=unbiased) for y in ys])
    between = torch.empty(len(of_x), len(of_y), dtype=torch.float64)
    for i, x in enumerate(xs):
        for j, y in enumerate(xs if ys is None else ys):
            if ys is None and j <= i:
                between[i, j] = of_x[i] if i == j else between[j, i]
                continue
            a, b = unit_centered(x), unit_centered(y)
            few = a.shape[1] * b.shape[1] <= FEW
            dtype = torch.float64 if few else torch.promote_types(a.dtype, b.dtype)
            between[i, j] = squared_norm(a.to(dtype).T @ b.to(dtype))
            if unbiased:
                between[i, j] += _u_terms(_diagonal(x)[None], _diagonal(y)[None], n, by_features=True)[0, 0]
    return GramProducts(between, of_x, of_y)


@follows(unchanged)
def _with_itself(x: Any, *, unbiased: bool) -> torch.Tensor:
    features = unit_centered(x)
    product = torch.tensor(_squared_norm_of_square(features), dtype=torch.float64)
    if not unbiased:
        return product
    diagonal = _diagonal(x)[None]
    return product + _u_terms(diagonal, diagonal, len(features), by_features=True)[0, 0]


def _squared_norm_of_square(x: torch.Tensor) -> float:
    """Return |x^T x|^2; the blocks off the diagonal are computed once and counted twice."""
    if x.shape[1] < 512:
        x = x.double() if x.shape[1] ** 2 <= FEW else x
        return squared_norm(x.T @ x)
    a, b = x.tensor_split(2, dim=1)
    return _squared_norm_of_square(a) + _squared_norm_of_square(b) + 2 * squared_norm(a.T @ b)


def _by_grams(xs: Sequence[Any], ys: Sequence[Any] | None, *, unbiased: bool) -> GramProducts:
    everything = [*xs, *(ys or ())]
    readers = _row_readers(everything)
    n, dtype = len(matrix(xs[0])), readers[0](slice(0, 1)).dtype
    side = max(1, math.isqrt(min(TILE_BYTES, memory_left_to(4)) // (len(everything) * dtype.itemsize)))
    total = torch.zeros(len(everything), len(everything), dtype=torch.float64)
    for rows, columns in _pieces(n, side):
        tiles = torch.empty(len(everything), rows.stop - rows.start, columns.stop - columns.start, dtype=dtype)
        for tile, read in zip(tiles, readers, strict=True):
            features = read(rows)
            torch.matmul(features, (features if rows == columns else read(columns)).T, out=tile)
        if unbiased and rows == columns:
            tiles.diagonal(dim1=-2, dim2=-1).zero_()
        total += dots(tiles.flatten(1), tiles.flatten(1)) * (1 if rows == columns else 2)
    if unbiased:
        diagonals = torch.stack([_diagonal(x) for x in everything])
        total += _u_terms(diagonals, diagonals, n, by_features=False)
    p = len(xs)
    own = total.diagonal()
    return GramProducts(total, own, own) if ys is None else GramProducts(total[:p, p:], own[:p], own[p:])


def _pieces(n: int, side: int) -> Iterator[tuple[slice, slice]]:
    """Cut what counts of a symmetric (n, n) matrix: squares on its diagonal, and tiles right of them for both halves.

    Tiles as high as wide read least; on the diagonal smaller squares leave less that is computed twice.
    """
    for start in range(0, n, side):
        stop = min(n, start + side)
        for top in range(start, stop, height := max(256, (stop - start) // 8)):
            bottom = min(stop, top + height)
            yield slice(top, bottom), slice(top, bottom)
            if bottom < stop:
                yield slice(top, bottom), slice(bottom, stop)
        for left in range(stop, n, side):
            yield slice(start, stop), slice(left, min(n, left + side))


def _u_terms(a: torch.Tensor, b: torch.Tensor, n: int, *, by_features: bool) -> torch.Tensor:
    """Return what makes <U(K), U(L)> of <K, L>, from the diagonals (p, n) and (q, n) of centred K and L.

    Rows of a centred K sum to 0, so without its diagonal they sum to minus the diagonal. The product of features
    still holds the diagonals' own product; Gram matrices leave it out from the start, which costs no digits.
    """
    both, sums = a @ b.T, a.sum(1)[:, None] * b.sum(1)
    return sums / ((n - 1) * (n - 2)) - both * (2 / (n - 2) + by_features)


@follows(rows_of)
def _diagonal(x: Any) -> torch.Tensor:
    norms: torch.Tensor = torch.linalg.vector_norm(unit_centered(x), dim=1, dtype=torch.float64)
    return norms.square()


def _row_readers(xs: Sequence[Any]) -> list[Callable[[slice], torch.Tensor]]:
    """Return for each representation a function that gives some rows of its centred features, all of one type."""
    dtype = reduce(torch.promote_types, (matrix(x).dtype for x in xs))
    held = sum(matrix(x).nbytes for x in xs) <= min(HELD_BYTES, memory_left_to(2))

    def read(x: Any, rows: slice) -> torch.Tensor:
        features = unit_centered(x)[rows] if held else centering(x).of(matrix(x)[rows])
        return features.to(dtype)

    return [partial(read, x) for x in xs]
