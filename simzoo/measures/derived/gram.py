"""Centred Gram matrices: of one representation, and the inner products of those of many, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import torch

from simzoo.measures.arrays import blocks, centered, column_means, held, matrix, require_samples, require_variation, squared_norm
from simzoo.measures.derived.inner import KernelInner, dots, unit
from simzoo.representations.derived import derived

TILE_BYTES = 2**29
"""Memory of the rows of all Gram matrices that are in work at once."""
HELD_BYTES = 2**30
"""Centred features up to this size are held; beyond it they are centred again for every block of rows."""

FEW = 2**12
"""Products of features so few that their rounding does not average out are made in float64."""


@derived
def unit_centered(x: Any) -> torch.Tensor:
    """Return (n, d) features, columns centred and the whole scaled to norm 1, in the input's precision.

    The scale keeps the products of very large or very small features from leaving float32.
    """
    return _scaled(matrix(x), *_moments(x))


@derived
def centered_gram(x: Any) -> torch.Tensor:
    """Return H K H / tr(H K H) of (n, d) features, K = x x^T: its part for some samples is centred again by finishing."""
    features = unit_centered(x)
    return features @ features.T


def unit_recentered(kernel: torch.Tensor) -> torch.Tensor:
    """Centre (..., m, m) kernels on both sides and scale them to norm 1."""
    rows = kernel.mean(-1, keepdim=True)
    return unit(kernel - (rows - rows.mean(-2, keepdim=True)) - rows.mT, _traces(kernel))


def unit_u_centered(kernel: torch.Tensor) -> torch.Tensor:
    """U-centre (..., m, m) kernels (Szekely and Rizzo: the diagonal is left out and becomes 0), scale them to norm 1."""
    m = kernel.shape[-1]
    require_samples(m, 4, "U-centring divides by (n - 1)(n - 2) and leaves nothing of 3")
    matrices = kernel.clone()
    matrices.diagonal(dim1=-2, dim2=-1).zero_()
    rows = matrices.sum(-1, keepdim=True) / (m - 2)
    matrices -= rows - rows.sum(-2, keepdim=True) / (m - 1)
    matrices -= rows.mT
    matrices.diagonal(dim1=-2, dim2=-1).zero_()
    return unit(matrices, _traces(kernel))


unit_centered_gram = KernelInner(centered_gram, unit_recentered)
"""<of x, of y> is linear CKA."""
unit_u_centered_gram = KernelInner(centered_gram, unit_u_centered)
"""<of x, of y> is unbiased linear CKA: HSIC_1 is <U(K), U(L)> / (n (n - 3)), and the factor cancels."""


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
            a, b = _same_type([unit_centered(x), unit_centered(y)])
            if a.shape[1] * b.shape[1] <= FEW:
                a, b = a.double(), b.double()
            between[i, j] = squared_norm(a.T @ b)
            if unbiased:
                between[i, j] += _u_terms(_diagonal(x)[None], _diagonal(y)[None], n, by_features=True)[0, 0]
    return GramProducts(between, of_x, of_y)


@derived
def _with_itself(x: Any, *, unbiased: bool) -> torch.Tensor:
    features = unit_centered(x)
    product = torch.tensor(_squared_norm_of_square(features), dtype=torch.float64)
    if not unbiased:
        return product
    diagonal = _diagonal(x)[None]
    return product + _u_terms(diagonal, diagonal, len(features), by_features=True)[0, 0]


def _squared_norm_of_square(x: torch.Tensor, least: int = 256) -> float:
    """Return |x^T x|^2; the blocks off the diagonal are computed once and counted twice."""
    if x.shape[1] < 2 * least:
        return squared_norm(x.T @ x)
    a, b = x.tensor_split(2, dim=1)
    return _squared_norm_of_square(a) + _squared_norm_of_square(b) + 2 * squared_norm(a.T @ b)


def _by_grams(xs: Sequence[Any], ys: Sequence[Any] | None, *, unbiased: bool) -> GramProducts:
    everything = [*xs, *(ys or ())]
    readers = _row_readers(everything)
    n, first = len(matrix(xs[0])), readers[0](slice(0, 1))
    height = max(1, min(n, TILE_BYTES // (len(everything) * n * first.element_size())))
    total = torch.zeros(len(everything), len(everything), dtype=torch.float64)
    for start in range(0, n, height):
        stop = min(n, start + height)
        # a Gram matrix is symmetric: what lies right of the diagonal block counts for what lies below it
        square = torch.empty(len(everything), stop - start, stop - start, dtype=first.dtype)
        beside = torch.empty(len(everything), stop - start, n - stop, dtype=first.dtype)
        for k, rows in enumerate(readers):
            features = rows(slice(start, n))
            torch.matmul(features[: stop - start], features[: stop - start].T, out=square[k])
            torch.matmul(features[: stop - start], features[stop - start :].T, out=beside[k])
        if unbiased:
            square.diagonal(dim1=-2, dim2=-1).zero_()
        total += dots(square.flatten(1), square.flatten(1)) + 2 * dots(beside.flatten(1), beside.flatten(1))
    if unbiased:
        diagonals = torch.stack([_diagonal(x) for x in everything])
        total += _u_terms(diagonals, diagonals, n, by_features=False)
    p = len(xs)
    own = total.diagonal()
    return GramProducts(total, own, own) if ys is None else GramProducts(total[:p, p:], own[:p], own[p:])


def _u_terms(a: torch.Tensor, b: torch.Tensor, n: int, *, by_features: bool) -> torch.Tensor:
    """Return what makes <U(K), U(L)> of <K, L>, from the diagonals (p, n) and (q, n) of centred K and L.

    Rows of a centred K sum to 0, so without its diagonal they sum to minus the diagonal. The product of features
    still holds the diagonals' own product; Gram matrices leave it out from the start, which costs no digits.
    """
    both, sums = a @ b.T, a.sum(1)[:, None] * b.sum(1)
    return sums / ((n - 1) * (n - 2)) - both * (2 / (n - 2) + by_features)


@derived
def _diagonal(x: Any) -> torch.Tensor:
    return unit_centered(x).double().square().sum(1)


@derived
def _moments(x: Any) -> tuple[torch.Tensor, float]:
    """Return the column means and the norm of the centred features, in float64, after refusing what does not vary."""
    features = matrix(x)
    require_samples(len(features), 2, "one sample does not vary")
    require_variation(features, "centred, they are zero and have no direction")
    return column_means(features), squared_norm(centered(features)) ** 0.5


def _scaled(features: torch.Tensor, means: torch.Tensor, norm: float) -> torch.Tensor:
    result = torch.empty_like(features)
    for rows, out in zip(blocks(features), blocks(result), strict=True):
        out.copy_((rows.double() - means) / norm)
    return result


def _row_readers(xs: Sequence[Any]) -> list[Callable[[slice], torch.Tensor]]:
    """Return for each representation a function that gives some rows of its centred features, all of one type."""
    given = [matrix(x) for x in xs]
    dtype = reduce(torch.promote_types, (x.dtype for x in given))
    if sum(x.nbytes for x in given) <= HELD_BYTES:
        held = [unit_centered(x).to(dtype) for x in xs]
        return [x.__getitem__ for x in held]
    moments = [_moments(x) for x in xs]
    return [
        lambda rows, x=x, moment=moment: _scaled(x[rows], *moment).to(dtype)  # type: ignore[misc]
        for x, moment in zip(given, moments, strict=True)
    ]


def _same_type(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    dtype = reduce(torch.promote_types, (tensor.dtype for tensor in tensors))
    return [tensor.to(dtype) for tensor in tensors]


def _traces(matrices: torch.Tensor) -> torch.Tensor:
    return matrices.diagonal(dim1=-2, dim2=-1).sum(-1, dtype=torch.float64)
