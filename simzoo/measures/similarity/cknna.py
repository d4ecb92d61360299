"""Unbiased kernel alignment that looks at nearest neighbours only."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from simzoo.errors import UndefinedError, UsageError
from simzoo.facts import similarity
from simzoo.measures.arrays import matrix, require_samples
from simzoo.measures.derived.gram import unit_centered
from simzoo.measures.derived.neighbours import search
from simzoo.measures.derived.order import Rows, places_in
from simzoo.representations.derived import follows


class _Pairs(NamedTuple):
    """The pairs (i, j), j a neighbour of i, as ascending numbers i n + j, with their kernel values."""

    at: torch.Tensor
    values: torch.Tensor
    hsic: torch.Tensor


@similarity(
    name="cknna",
    version=1,
    range=(-float("inf"), float("inf")),
    identical=1,
    larger="more alike",
    symmetric=False,
    invariant_to={"permutation", "rotation", "scale", "translation"},
    domain={"constant": "ConstantInputError", "n < 4": "TooFewSamplesError"},
    neighbours="k",
    reference="huh2024platonic",
)
def cknna(x: Any, y: Any, *, k: int = 10) -> float:
    """Say how alike two representations are among the neighbours that they share: CKA of masked kernels.

    Formula: HSIC_1(aK, aL) / sqrt(HSIC_1(bK, bK) HSIC_1(cL, cL)), K = H x x^T H, L = H y y^T H, products of masks and
    kernels elementwise; b_ij = 1 where j is one of the k others with the largest K_ij, c of L likewise, a = b c;
    n (n - 3) HSIC_1(A, B) = tr(A B) + (1'A1)(1'B1) / ((n - 1)(n - 2)) - 2 1'AB1 / (n - 2).
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; k neighbours, n - 1 at most.
    Returns: a number without unit; 1 = equal up to rotation, scale and shift; about 0 = no neighbours shared. It may be
    negative or above 1. With k = n - 1 it is `cka_unbiased`.
    Undefined: n <= k, n < 4 (TooFewSamplesError); rows all equal (ConstantInputError); HSIC_1 of a side with itself not
    above 0, as with very few samples or rows all equally far apart at k = n - 1 (UndefinedError).
    Cost: n^2 (d + d2) multiply-adds, a top-k of 2 n rows of n and a sort of 2 n k; memory for a few rows at a time.
    Departures: features are centred before neighbours are sought, so that a shift changes nothing; ties go to the
    lowest index. The masks are not symmetric, so 1'AB1 is column sums of A times row sums of B, and swapping the sides
    changes the value a little, as it does by the published code.
    Reference: Huh et al. 2024, "The Platonic representation hypothesis" (arXiv 2405.07987).

    >>> x, y = torch.randn(2, 200, 8, generator=torch.Generator().manual_seed(0))
    >>> round(cknna(x, 3 * x), 6), abs(cknna(x, y)) < 0.1
    (1.0, True)
    """
    if k < 1:
        raise UsageError(
            "neighbours are at least one", expected="k >= 1", got=f"k = {k}", next_step="k=10, as the paper has it"
        )
    n = len(matrix(x))
    require_samples(n, max(4, k + 1), f"each needs k = {k} others, and unbiased HSIC 4 samples")
    a, b = _pairs(x, k=k), _pairs(y, k=k)
    if not min(a.hsic, b.hsic) > 0:
        raise UndefinedError(
            "unbiased HSIC among neighbours is not above 0: it has no root to divide by",
            expected="more samples, some of them nearer to each other than others",
            got=f"{float(a.hsic):.2g} of x and {float(b.hsic):.2g} of y",
            next_step="a larger k=, or mutual_knn",
        )
    shared, in_b = _found(a.at, b.at)
    return float(_hsic(a.at[shared], a.values[shared], b.values[in_b], n) / (a.hsic * b.hsic).sqrt())


def _reordered(pairs: _Pairs, order: Rows) -> _Pairs:
    n, place = len(order), places_in(order, pairs.at.device)
    at, sorting = (place[pairs.at // n] * n + place[pairs.at % n]).sort()
    return _Pairs(at, pairs.values[sorting], pairs.hsic)


@follows(_reordered)
def _pairs(x: Any, *, k: int) -> _Pairs:
    points = unit_centered(x)
    n = len(points)
    near = search(points, points, k, leave_one_out=True)
    rows, order = near.rows.sort(dim=1)
    at = (rows + n * torch.arange(n, device=rows.device)[:, None]).flatten()
    values = near.scores.gather(1, order).flatten().double()
    hsic = _hsic(at, values, values, n)
    rounding = 16 * torch.finfo(points.dtype).eps * (values @ values)
    return _Pairs(at, values, hsic if hsic > rounding else torch.zeros_like(hsic))


def _hsic(at: torch.Tensor, a: torch.Tensor, b: torch.Tensor, n: int) -> torch.Tensor:
    """Return n (n - 3) HSIC_1 of two kernels that are 0 but at the pairs `at`, where they are `a` and `b`."""
    i, j = at // n, at % n
    mutual, back = _found(j * n + i, at)
    columns, rows = (a.new_zeros(n).index_add_(0, index, part) for index, part in ((j, a), (i, b)))
    return a[mutual] @ b[back] + a.sum() * b.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (columns @ rows)


def _found(wanted: torch.Tensor, among: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return where `wanted` numbers are that are `among` ascending ones too, and where among them."""
    at = torch.searchsorted(among, wanted).clamp(max=max(len(among) - 1, 0))
    there = among[at] == wanted if len(among) else torch.zeros_like(wanted, dtype=torch.bool)
    return there.nonzero()[:, 0], at[there]
