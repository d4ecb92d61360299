"""Similarities that are inner products of two (n, n) matrices: value = <inner(x), inner(y)>, or a function of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from simzoo.facts import MeasureSheet

# Products added up in the inputs' precision before they go to a float64 sum: more costs digits, fewer costs time.
CHUNK = 2**14
FEW = 16  # pairs of rows up to which calls cost more than their products


@dataclass(frozen=True)
class KernelInner:
    """An `inner=` of two steps: a raw kernel of all samples, and a finish that may be made again for fewer of them.

    `kernel(x, **options)` gives an (n, n) matrix whose part for some samples is the kernel of those samples;
    `finish(kernel, **options)` turns (..., m, m) kernels into matrices of which the inner product is the similarity
    (they hold the normalisation). So a half-sample needs `finish` only. Each step is given the options it names.
    `then` makes the similarity of the inner product where that is not it already (its root, say), entry by entry;
    `covers(options)` says whether the similarity with these options is of this form.
    """

    kernel: Callable[..., torch.Tensor]
    finish: Callable[..., torch.Tensor]
    then: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.clone
    covers: Callable[[Mapping[str, Any]], bool] = lambda _: True

    def __call__(self, x: Any, **options: Any) -> torch.Tensor:
        """Return the (n, n) matrix of `x`."""
        return self.finished(self.raw(x, options), options)

    @property
    def options(self) -> set[str]:
        """The options that either step knows."""
        return {name for step in (self.kernel, self.finish) for name in inspect.signature(step).parameters}

    def raw(self, x: Any, options: Mapping[str, Any]) -> torch.Tensor:
        """Return the raw kernel of `x`."""
        return self.kernel(x, **_named_by(self.kernel, options))

    def finished(self, kernel: torch.Tensor, options: Mapping[str, Any]) -> torch.Tensor:
        """Return what `finish` makes of raw kernels, or parts of them."""
        return self.finish(kernel, **_named_by(self.finish, options))


def inner_of(sheet: MeasureSheet, options: Mapping[str, Any]) -> Callable[..., Any] | None:
    """Return the `inner=` of a similarity; None where it has none with these options.

    With an option that its kernel does not know (batches) the value is no inner product of matrices that permute with
    the samples.
    """
    inner = sheet.inner
    if not isinstance(inner, KernelInner):
        return inner
    parameters = inspect.signature(sheet.function).parameters
    changed = {name for name, value in options.items() if value != parameters[name].default}
    return inner if changed <= inner.options and inner.covers(options) else None


def from_dots(sheet: MeasureSheet, products: torch.Tensor) -> torch.Tensor:
    """Return the similarities that inner products of inner matrices stand for."""
    return sheet.inner.then(products) if isinstance(sheet.inner, KernelInner) else products


def unit(matrices: torch.Tensor, traces: torch.Tensor) -> torch.Tensor:
    """Scale (..., m, m) matrices to Frobenius norm 1; what is only rounding beside the kernel's trace becomes NaN."""
    norms: torch.Tensor = torch.linalg.vector_norm(matrices, dim=-1).double().norm(dim=-1)
    norms[norms <= 8 * torch.finfo(matrices.dtype).eps * traces] = torch.nan
    return matrices / norms[..., None, None].to(matrices.dtype)


def dots(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the inner products of the rows of `a` (p, m) and `b` (q, m), as a float64 (p, q) tensor."""
    total = torch.zeros(len(a), len(b), dtype=torch.float64, device=a.device)
    whole = a.shape[1] // CHUNK * CHUNK if len(a) * len(b) <= FEW else 0
    if whole:  # all chunks in one call
        p, q = (side[:, :whole].view(len(side), -1, CHUNK).transpose(0, 1) for side in (a, b))
        total += torch.bmm(p, q.mT).double().sum(0)
    for start in range(whole, a.shape[1], CHUNK):
        total += a[:, start : start + CHUNK] @ b[:, start : start + CHUNK].T
    return total


def _named_by(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in inspect.signature(function).parameters if name in options}
