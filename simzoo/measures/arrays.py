"""From whatever holds numbers to the one form that measures compute on: a 2-D torch tensor without NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from simzoo.errors import ConstantInputError, InputError, TooFewSamplesError, UndefinedError, ZeroRowsError
from simzoo.mkl import settle
from simzoo.representations.derived import derived
from simzoo.representations.representation import Representation


@derived
def matrix(x: Any) -> torch.Tensor:
    """Return `x` as an (n, d) tensor, float32 or float64, sharing its memory where it can.

    float32 and float64 stay what they are, half precision becomes float32, integers and booleans float64.

    >>> matrix([[1, 2], [3, 4]])
    tensor([[1., 2.],
            [3., 4.]], dtype=torch.float64)
    """
    if isinstance(x, Representation) and x.rdm:
        raise UndefinedError(
            f"{x.tap or 'this representation'} holds dissimilarities, not features",
            expected="features: n samples by d columns",
            got=f"an RDM of {len(x)} samples",
            next_step="a measure of dissimilarities: rsa, rsm_norm_difference or distance_correlation",
        )
    tensor = as_tensor(x.values if isinstance(x, Representation) else x)
    if tensor.ndim != 2:
        raise InputError(
            f"an array with {tensor.ndim} dimension{'s' * (tensor.ndim != 1)} is not a representation",
            expected="2 dimensions: n samples by d features",
            got=f"shape {tuple(tensor.shape)}",
            next_step="x.reshape(-1, 1) for one feature" if tensor.ndim < 2 else "pool it, or x.reshape(len(x), -1)",
        )
    if tensor.numel() == 0:
        raise InputError(
            "an empty array is not a representation",
            expected="one sample and one feature or more",
            got=f"shape {tuple(tensor.shape)}",
            next_step="find out why nothing is in it: a filter, an empty folder, a slice",
        )
    return usable(tensor)


def usable(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor of real, finite numbers as float32 or float64."""
    if tensor.is_complex():
        raise InputError(
            "complex numbers have no order or angle here",
            expected="real numbers",
            got=str(tensor.dtype),
            next_step="give .real and .imag as columns, or the absolute values",
        )
    tensor = tensor.to(precision_of(tensor))
    _refuse_not_finite(tensor)
    return tensor


def precision_of(tensor: torch.Tensor) -> torch.dtype:
    """Return the type in which a tensor is computed on."""
    return torch.float32 if tensor.is_floating_point() and tensor.dtype != torch.float64 else torch.float64


def held(x: Any) -> Representation:
    """Return `x` as a Representation, so that what is derived of it is made once for as long as the result lives.

    An array becomes one without ids, sharing its memory where it can.
    """
    return x if isinstance(x, Representation) else Representation(matrix(x).cpu().numpy(), ids=())


def as_tensor(x: Any) -> torch.Tensor:
    """Return whatever holds numbers as a tensor of its shape, sharing its memory where it can."""
    settle()
    if isinstance(x, torch.Tensor):
        return x.detach()
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise InputError(
            "rows of different lengths are not a representation",
            expected="n rows of d features each",
            got=str(error),
            next_step="pool or pad the rows to one length",
        ) from error
    if array.dtype.kind not in "biufc":
        raise InputError(
            "this array does not hold numbers",
            expected="floating point or integer values",
            got=f"dtype {array.dtype}",
            next_step="x.astype(float), once every entry is a number",
        )
    if array.dtype.itemsize > 8 and array.dtype.kind == "f":
        array = array.astype(np.float64)
    # torch takes neither foreign byte orders nor read-only memory: those, and only those, are copied
    native = np.require(array, dtype=array.dtype.newbyteorder("="), requirements=["C", "W"])
    return torch.from_numpy(native)


def _refuse_not_finite(x: torch.Tensor) -> None:
    if bool(torch.isfinite(x.sum())):  # cheaper than looking at each; a sum may overflow, so look then
        return
    bad = ~torch.isfinite(x.reshape(len(x), -1))
    if count := int(bad.sum()):
        raise InputError(
            f"{count} of {x.numel()} values are NaN or infinite",
            expected="finite values",
            got=f"the first in row {int(bad.any(1).nonzero()[0])}",
            next_step="find out what made them; do not replace them by zeros",
        )


def squared_norm(x: torch.Tensor) -> float:
    """Return the sum of squares of a (p, q) tensor: rows in its own precision, their total in float64."""
    return float(torch.linalg.vector_norm(x, dim=1).double().square().sum())


def unit_rows(x: torch.Tensor) -> torch.Tensor:
    """Return an (n, d) tensor with its rows scaled to norm 1; rows of norm 0 have no direction and are refused."""
    norms: torch.Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float64)
    if count := int((norms == 0).sum()):
        raise ZeroRowsError(
            f"{count} of {len(x)} rows are zero and have no direction",
            expected="rows of norm above 0, as the cosine divides by it",
            got=f"the first zero row is {int((norms == 0).nonzero()[0, 0])}",
            next_step="leave these samples out, or use metric='euclidean' where the measure has it",
        )
    return x / norms.to(x.dtype)


def require_samples(n: int, least: int, reason: str) -> None:
    """Refuse fewer than `least` samples."""
    if n < least:
        raise TooFewSamplesError(
            f"{n} sample{'s are' if n != 1 else ' is'} too few: {reason}",
            expected=f"{least} samples or more",
            got=str(n),
            next_step="give more samples (--n), or choose a measure that is defined for fewer",
        )


def require_variation(x: torch.Tensor, reason: str) -> None:
    """Refuse an array whose rows are all equal."""
    if torch.equal(x[0], x[-1]) and bool((x == x[0]).all()):
        raise ConstantInputError(
            f"all rows are equal: {reason}",
            expected="rows that differ",
            got=f"{len(x)} equal rows",
            next_step="check that this layer is not dead (a residual branch that starts at zero is)",
        )
