"""Non-negative quadratic programs, many at once: min over theta >= 0 of theta' K theta / 2 - b' theta, in float64.

Each program has k unknowns; K (B, k, k) is symmetric and positive semidefinite, b (B, k).
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import nnls

SLOPE = 1e-11  # a gradient above -SLOPE counts as not negative
RESIDUAL = 1e-8  # the residual above which a solution is looked for by another way
WEIGHT = 1e-6  # a theta above this counts, and the greedy scheme keeps it
ROUNDS = 60
TINY = 1e-15
PATIENCE = 3  # rounds without progress before one variable at a time is exchanged


def exact(kernel: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the optimum theta (B, k) by block pivoting from the full support.

    Programs where K is singular there, or that cycle, go to an active set, which adds one variable at a time and so
    never makes a singular support; what rounding leaves of them goes to scipy.
    """
    theta, solved = _pivoted(kernel, target)
    if not bool(solved.all()):
        left = (~solved).nonzero()[:, 0]
        some, aim = kernel[left], target[left]
        found = _added(some, aim)
        for row in (residual(some, aim, found) > RESIDUAL).nonzero()[:, 0].tolist():
            found[row] = _by_scipy(some[row], aim[row])
        theta[left] = found
    return theta


def greedy(kernel: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the theta (B, k) of the published scheme: solve on the support, drop all that are not positive, repeat.

    What was dropped never comes back, so that the result is no optimum in general.
    """
    support = target > WEIGHT
    while True:
        theta, _, whole = _on_support(kernel, target, support)
        if not bool(whole.all()):
            ridge = WEIGHT * torch.eye(kernel.shape[1], dtype=kernel.dtype, device=kernel.device)
            theta = torch.where(whole[:, None], theta, _on_support(kernel + ridge, target, support)[0])
        kept = support & (theta > WEIGHT)
        if torch.equal(kept, support):
            return theta
        support = kept


def residual(kernel: torch.Tensor, target: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """Return how far each theta is from optimal, (B,): the largest of -theta, -g and |theta g|, g = K theta - b."""
    slope = (kernel @ theta[:, :, None])[:, :, 0] - target
    return torch.stack([-theta, -slope, (theta * slope).abs()]).amax((0, 2)).nan_to_num(nan=torch.inf)


def _pivoted(kernel: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """From the full support, exchange all infeasible variables at once, or the last of them where that does not help.

    (Block pivoting with Murty's rule.) Returns theta, and whether it was found: not where the support became singular
    or the rounds ran out.
    """
    theta, support = torch.zeros_like(target), torch.ones_like(target, dtype=torch.bool)
    solved = torch.zeros(len(target), dtype=torch.bool, device=target.device)
    left = torch.arange(len(target), device=target.device)
    fewest, patience = torch.full_like(left, target.shape[1] + 1), torch.full_like(left, PATIENCE)
    for _ in range(ROUNDS):
        here = support[left]
        found, slope, whole = _on_support(kernel, target, here, left)
        wrong = torch.where(here, found < 0, slope < -SLOPE)
        count = wrong.sum(1)
        whole &= (slope * here).abs().amax(1) < RESIDUAL / 10
        done = whole & (count == 0)
        theta[left[done]], solved[left[done]] = found[done], True
        on = whole & ~done
        left, here, wrong, count = left[on], here[on], wrong[on], count[on]
        if not len(left):
            break
        better = count < fewest[on]
        patience = torch.where(better, PATIENCE, patience[on] - 1)
        fewest = torch.where(better, count, fewest[on])
        last = wrong.cumsum(1).eq(count[:, None]) & wrong
        support[left] = here ^ torch.where((patience >= 0)[:, None], wrong, last)
    return theta, solved


def _added(kernel: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Let in the variable of steepest descent, step towards the solution on the support, and drop what reaches 0.

    (Lawson and Hanson.) The gradient is 0 on the support, so that a variable with a slope depends on none in it.
    """
    theta, support = torch.zeros_like(target), torch.zeros_like(target, dtype=torch.bool)
    left = torch.arange(len(target), device=target.device)
    inside = torch.zeros_like(left, dtype=torch.bool)  # on its way to the solution on its support
    some, aim = kernel, target
    for _ in range(ROUNDS * target.shape[1]):
        slope = (some @ theta[left, :, None])[:, :, 0] - aim
        least, entering = slope.masked_fill(support[left], torch.inf).min(1)
        on = inside | (least < -SLOPE)
        if not bool(on.all()):
            left, inside, entering, some, aim = left[on], inside[on], entering[on], some[on], aim[on]
        if not len(left):
            break
        new = (~inside).nonzero()[:, 0]
        support[left[new], entering[new]] = True
        here, now = support[left], theta[left]
        wanted, _, whole = _on_support(some, aim, here)
        short = here & (wanted <= 0)
        step = torch.where(short, now / (now - wanted).clamp_min(TINY), torch.inf).amin(1)
        inside = step < 1
        now = torch.where(inside[:, None], now + step[:, None] * (wanted - now), wanted)
        kept = here & ~(inside[:, None] & ((short & (now <= TINY)) | (now < 0)))
        theta[left], support[left] = now * kept, kept
        on = whole & (step > 0)  # a variable that cannot enter is rounding
        if not bool(on.all()):
            left, inside, some, aim = left[on], inside[on], some[on], aim[on]
    return theta


def _on_support(
    kernel: torch.Tensor, target: torch.Tensor, support: torch.Tensor, which: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the solutions of K theta = b on each support, 0 elsewhere, K theta - b, and whether K is definite there.

    `which` says of which programs the supports are; without, of all.
    """
    width = max(1, int(support.sum(1).max()))
    which = torch.arange(len(target), device=target.device) if which is None else which
    aim = target if len(which) == len(target) else target[which]
    order = support.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :width]
    inside = support.gather(1, order)
    if width == support.shape[1] and len(which) == len(kernel) and bool(inside.all()):
        rows = square = kernel
    else:
        rows = kernel[which[:, None], order]
        square = rows.gather(2, order[:, None].expand(-1, width, -1))
        square *= inside[:, :, None] & inside[:, None]
        square.diagonal(dim1=1, dim2=2).masked_fill_(~inside, 1)
    factor, info = torch.linalg.cholesky_ex(square)
    whole = info == 0
    if not bool(whole.all()):
        factor[~whole] = torch.eye(width, dtype=factor.dtype, device=factor.device)
    values = torch.cholesky_solve((aim.gather(1, order) * inside)[:, :, None], factor)[:, :, 0] * inside
    slope = (values[:, None] @ rows)[:, 0] - aim  # K is symmetric: its rows are its columns
    return torch.zeros_like(aim).scatter_(1, order, values), slope, whole


def _by_scipy(kernel: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return scipy's optimum of one program, solved again on its support where that is nearer to optimal.

    Its least squares want a factor: that of the Gram matrix with the target beside it, which is whole where K is
    singular.
    """
    k = len(target)
    whole = np.ones((k + 1, k + 1))  # the corner of the target with itself does not matter, as long as it is enough
    whole[1:, 1:], whole[0, 1:], whole[1:, 0] = kernel.cpu(), target.cpu(), target.cpu()
    values, vectors = np.linalg.eigh(whole)
    columns = np.sqrt(values.clip(0))[:, None] * vectors.T
    found = torch.from_numpy(nnls(columns[:, 1:], columns[:, 0], maxiter=100 * k)[0]).to(target.device)
    again = _on_support(kernel[None], target[None], (found > 0)[None])[0]
    both = torch.cat([found[None], again])
    return both[residual(kernel.expand(2, -1, -1), target.expand(2, -1), both).argmin()]
