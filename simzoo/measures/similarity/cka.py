"""Linear centred kernel alignment, biased and unbiased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simzoo.errors import UndefinedError
from simzoo.facts import similarity
from simzoo.measures.arrays import matrix, require_samples
from simzoo.measures.derived.gram import unit_centered_gram, unit_u_centered_gram
from simzoo.measures.derived.gram_products import GramProducts, gram_products
from simzoo.measures.derived.minibatch import minibatch_products

_UNCHANGED_BY = {"permutation", "rotation", "scale", "translation"}


def cka_grid(
    xs: Sequence[Any], ys: Sequence[Any] | None = None, *, minibatch: int | None = None
) -> npt.NDArray[np.float64]:
    """Return linear CKA of all pairs, (len(xs), len(ys)), by the cheaper of two exact routes (see `gram_products`)."""
    if minibatch is None:
        return _cosines(gram_products(xs, ys, unbiased=False))
    return _cosines(minibatch_products(xs, ys, minibatch))


def unbiased_cka_grid(xs: Sequence[Any], ys: Sequence[Any] | None = None) -> npt.NDArray[np.float64]:
    """Return unbiased linear CKA of all pairs, (len(xs), len(ys))."""
    require_samples(len(matrix(xs[0])), 4, "the unbiased estimate of HSIC divides by n (n - 3)")
    return _cosines(gram_products(xs, ys, unbiased=True))


@similarity(
    name="cka",
    version=1,
    range=(0, 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=_UNCHANGED_BY,
    domain={"constant": "ConstantInputError"},
    inner=unit_centered_gram,
    grid=cka_grid,
    reference="kornblith2019similarity",
)
def linear_cka(x: Any, y: Any, *, minibatch: int | None = None) -> float:
    """Say how alike two representations are up to rotation, scale and shift: the cosine of their centred Gram matrices.

    Formula: <HKH, HLH> / (|HKH| |HLH|) with K = x x^T, L = y y^T, H = I - 11^T / n; the same as
    |y^T H x|^2 / (|x^T H x| |y^T H y|), all norms Frobenius. With minibatch = B: the sum of HSIC_1 (see `cka_unbiased`)
    over consecutive batches of B rows, divided once by the root of the product of the sides' own sums.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order; minibatch, rows of a batch, 4 or more.
    Returns: a number without unit in [0, 1]; 1 = equal up to rotation, scale and shift; 0 = uncorrelated features.
    Biased upwards: independent Gaussian features give about d / (n + d). Read `cka_unbiased` beside it. In batches it
    is debiased, may be negative, depends on which rows are together, and nears `cka_unbiased` as batches grow.
    Undefined: rows all equal (ConstantInputError), in one batch too; one sample, a last batch of fewer than 4
    (TooFewSamplesError).
    Cost: the less of n d d2 + n (d^2 + d2^2) / 2 and n^2 (d + d2) / 2 multiply-adds; memory without an (n, n) matrix.
    Departures: none; centred in float64, multiplied in the input's precision, summed in float64. A shorter last batch
    counts by its number of pairs of rows.
    Reference: Kornblith et al. 2019, "Similarity of neural network representations revisited" (arXiv 1905.00414);
    in batches Nguyen et al. 2021, "Do wide and deep networks learn the same things?" (arXiv 2010.15327).

    >>> x = np.random.default_rng(0).normal(size=(100, 8))
    >>> round(linear_cka(x, 2 * x[:, ::-1] + 5), 6)
    1.0
    """
    return float(cka_grid([x], [y], minibatch=minibatch)[0, 0])


@similarity(
    name="cka_unbiased",
    version=1,
    range=(-float("inf"), 1),
    identical=1,
    larger="more alike",
    symmetric=True,
    invariant_to=_UNCHANGED_BY,
    domain={"constant": "ConstantInputError", "n < 4": "TooFewSamplesError"},
    chance=0.0,
    inner=unit_u_centered_gram,
    grid=unbiased_cka_grid,
    reference="song2012feature",
)
def unbiased_cka(x: Any, y: Any) -> float:
    """Say how alike two representations are, like linear CKA, but 0 in expectation where they are independent.

    Formula: HSIC_1(K, L) / sqrt(HSIC_1(K, K) HSIC_1(L, L)), K = x x^T, L = y y^T, where with diagonals set to 0
    n (n - 3) HSIC_1 = tr(K L) + (1'K1)(1'L1) / ((n - 1)(n - 2)) - 2 (K1)'(L1) / (n - 2): the inner product of
    U-centred Gram matrices.
    Arguments: x (n, d) and y (n, d2), rows = the same samples in the same order.
    Returns: a number without unit, at most 1 = equal up to rotation, scale and shift; about 0 = independent; it may be
    negative and is not clamped.
    Undefined: n < 4 (TooFewSamplesError); rows all equal (ConstantInputError).
    Cost: as `cka`: the less of n d d2 + n (d^2 + d2^2) / 2 and n^2 (d + d2) / 2 multiply-adds.
    Departures: features are centred first, which changes no value and saves digits.
    Reference: Song et al. 2012, "Feature selection via dependence maximization" (JMLR 13), eq. 5, put into CKA.

    >>> x, y = np.random.default_rng(5).normal(size=(2, 200, 50))
    >>> round(linear_cka(x, y), 2), round(unbiased_cka(x, y), 2)
    (0.2, 0.0)
    """
    return float(unbiased_cka_grid([x], [y])[0, 0])


def _cosines(products: GramProducts) -> npt.NDArray[np.float64]:
    norms = (products.of_x[:, None] * products.of_y).sqrt()
    if not bool((norms > 0).all()):
        raise UndefinedError(
            "a centred Gram matrix is zero: its cosine with another does not exist",
            expected="rows that differ in more than their own norm",
            got=f"{int((~(norms > 0)).sum())} of {norms.numel()} pairs without a norm",
            next_step="check that these layers are not dead, or give more samples",
        )
    # at most 1 by Cauchy and Schwarz: more is rounding
    cosines: npt.NDArray[np.float64] = (products.between / norms).clamp(max=1).numpy()
    return cosines
