"""Multinomial logistic regression with an L2 penalty, solved along a path of penalties until it is near for certain.

By Newton steps, each of them found by conjugate gradients, or by factorising the curvature where these take longer.
From one penalty to the next the optimum moves little, so each descent begins where the line through the last two ends.
In principal directions the curvature is near to diagonal, so that its diagonal makes a good preconditioner; but for few
directions, whose classes overlap, it does not, and the curvature is small.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

NEARNESS = 1e-4  # the distance to the optimum that is certain at the end, as a share of the norm of the weights
ROUNDING = 1e-14  # of the terms of a gradient: what is left then is rounding
NEWTON_STEPS, INNER_STEPS = 200, 500
LARGEST = 2**26  # numbers of a curvature that is factorised, and of what it is added up from
DENSE_ADVANTAGE = 8  # how much sooner one large product is done than the same work in steps of conjugate gradients
NEGLIGIBLE = 1e-13  # principal directions with less than this share of the largest variance are left out


class Linear(NamedTuple):
    """A linear classifier: the scores of (n, d) samples are x @ weight + bias, (n, classes)."""

    weight: Tensor
    bias: Tensor

    def scores(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return x.double() @ self.weight + self.bias


@dataclass(frozen=True)
class Principal:
    """Samples in their principal directions, (n, r) in float64, and the way back from there.

    The penalty does not change under a rotation, and no optimum has a part where no sample has one.
    """

    coordinates: Tensor
    centre: Tensor
    directions: Tensor

    def linear(self, weights: Tensor) -> Linear:
        """Return what (r + 1, classes) weights are in the columns of the samples."""
        weight = self.directions @ weights[:-1]
        return Linear(weight, weights[-1] - self.centre @ weight)


def principal(x: Tensor) -> Principal:
    """Return (n, d) samples in their principal directions, found from the smaller product of x with itself."""
    centre = x.double().mean(0)
    centred = x.double() - centre
    n, d = centred.shape
    squares, vectors = torch.linalg.eigh(centred.T @ centred if d <= n else centred @ centred.T)
    kept = squares > NEGLIGIBLE * squares[-1]
    squares, vectors = squares[kept], vectors[:, kept]
    directions = vectors if d <= n else centred.T @ vectors / squares.sqrt()
    return Principal(centred @ directions, centre, directions)


def fit(
    z: Tensor, labels: Tensor, classes: int, decays: Iterable[float], start: Tensor | None = None
) -> Iterator[Tensor]:
    """Yield for each decay, best given from strong to weak, the weights (r + 1, classes) that minimise

        sum_i -log softmax(z_i W + b)_{label i} + decay / 2 |W|^2,

    b in the last row, of mean 0, as any constant may be added to it. Every class needs a sample. With two classes |W|^2
    counts twice: that makes it the penalty of the one vector w_1 - w_0 of the binary form, as in scikit-learn. `start`
    is where the first descent begins.
    """  # noqa: D415 - the sentence goes on in the formula
    problem = _Problem.of(z, labels, classes)
    weights = z.new_zeros(z.shape[1] + 1, classes) if start is None else _balanced(start)
    before = at = _Point(weights, problem.design @ weights, 0.0)
    for decay in decays:
        penalty = (2 if classes == 2 else 1) * decay
        same = problem.at(at.weights, at.logits, penalty)
        ahead = problem.at(2 * at.weights - before.weights, 2 * at.logits - before.logits, penalty)
        before, at = at, problem.solved(min(same, ahead, key=lambda point: point.loss), penalty)
        yield torch.cat([at.weights[:-1], at.weights[-1:] - at.weights[-1].mean()])


def _balanced(weights: Tensor) -> Tensor:
    """Return weights without what all classes share: no optimum has any of it, and no gradient of weights without."""
    return weights - weights.mean(1, keepdim=True)


class _Point(NamedTuple):
    weights: Tensor
    logits: Tensor
    loss: float


@dataclass(frozen=True)
class _Problem:
    design: Tensor  # (n, r + 1), the last column 1
    squared: Tensor
    target: Tensor  # one-hot labels
    penalised: Tensor  # 1, and 0 for the intercepts
    size: float  # the logits that a weight of 1 makes, as a root of a sum of squares

    @classmethod
    def of(cls, z: Tensor, labels: Tensor, classes: int) -> _Problem:
        design = torch.cat([z, torch.ones_like(z[:, :1])], dim=1)
        target = torch.nn.functional.one_hot(labels, classes).to(z)
        penalised = torch.ones_like(design[:1].T)
        penalised[-1] = 0
        return cls(design, design.float().square(), target, penalised, float(z.norm(dim=0).max()))

    def at(self, weights: Tensor, logits: Tensor, penalty: float) -> _Point:
        errors = logits.logsumexp(1) - (logits * self.target).sum(1)
        return _Point(weights, logits, float(errors.sum() + penalty / 2 * weights[:-1].square().sum()))

    def solved(self, at: _Point, penalty: float) -> _Point:
        """Take Newton steps until the optimum is near: the penalty makes it lie within |gradient| / penalty.

        Nothing bounds the intercepts so, and under a strong penalty logits are small beside them: their gradient counts
        for as much as it moves the logits.
        """
        n = len(self.design)
        intercept = max(1.0, 10 * penalty / (self.size * n**0.5))
        counts = torch.where(self.penalised > 0, 1.0, intercept)
        rounding = ROUNDING * n**0.5 * float(self.design.norm()) * intercept
        for _ in range(NEWTON_STEPS):
            probabilities = at.logits.softmax(1)
            gradient = self.design.T @ (probabilities - self.target) + penalty * self.penalised * at.weights
            left = float((counts * gradient).norm())
            enough = max(NEARNESS * penalty * float(at.weights[:-1].norm()), rounding)
            if left <= enough:
                break
            share = max(0.3 * enough / left, min(0.1, left**0.5))
            step = self._newton(probabilities, gradient, penalty, counts, share * left)
            further = self._along(at, step, float((gradient * step).sum()), penalty)
            if further is None:  # nothing lies lower that rounding would let us see
                break
            at = further
        return at

    def _newton(self, probabilities: Tensor, gradient: Tensor, penalty: float, counts: Tensor, enough: float) -> Tensor:
        """Solve curvature @ step = -gradient to a residual of `enough`: by steps, or at once where these are many."""
        n, size = len(self.design), gradient.numel()
        as_long = round((size + size**2 / (3 * n)) / 4 / DENSE_ADVANTAGE)  # steps take 4 n size, the other n size^2 ...
        most = INNER_STEPS if size**2 > LARGEST else min(INNER_STEPS, as_long)
        step, left = self._by_steps(probabilities, gradient, penalty, counts, enough, most)
        if left <= enough or most == INNER_STEPS:
            return step
        at_once = self._at_once(probabilities, gradient, penalty)
        if at_once is None:
            at_once, _ = self._by_steps(probabilities, gradient, penalty, counts, enough, INNER_STEPS)
        return at_once

    def _at_once(self, probabilities: Tensor, gradient: Tensor, penalty: float) -> Tensor | None:
        """Factorise the curvature: sum_i x_i x_i^T (x) (diag p_i - p_i p_i^T), and the penalty; None where it is flat.

        A constant may be added to the weights of all classes: that direction, of which neither gradient nor optimum has
        anything, is filled in.
        """
        rows, classes = gradient.shape
        size = gradient.numel()
        square = gradient.new_zeros(size, size)
        at_once = max(1, LARGEST // size)
        for start in range(0, len(self.design), at_once):
            part = slice(start, start + at_once)
            crossed = (self.design[part, :, None] * probabilities[part, None]).flatten(1)
            square.addmm_(crossed.T, crossed, alpha=-1)
        curvature = square.view(rows, classes, rows, classes)
        for c in range(classes):
            curvature[:, c, :, c] += self.design.T @ (probabilities[:, c : c + 1] * self.design)
        filled = self.squared.sum(0).double() / classes**2  # for each row, since the penalty may be below rounding
        for row in range(rows):
            curvature[row, :, row] += filled[row]
        square.diagonal().add_((penalty * self.penalised).expand_as(gradient).flatten())
        factor, failed = torch.linalg.cholesky_ex(square)
        if bool(failed):
            return None
        return torch.cholesky_solve(-gradient.flatten()[:, None], factor).view_as(gradient)

    def _by_steps(  # noqa: PLR0917 - those of _newton
        self, probabilities: Tensor, gradient: Tensor, penalty: float, counts: Tensor, enough: float, most: int
    ) -> tuple[Tensor, float]:
        """Return what at most so many preconditioned conjugate gradients come to, and the residual that is left."""
        spread = (probabilities * (1 - probabilities)).float()
        scale = 1 / ((self.squared.T @ spread).double() + penalty * self.penalised).clamp(min=1e-30)
        step = torch.zeros_like(gradient)
        residual = -gradient
        direction = _balanced(scale * residual)
        fit = float((residual * direction).sum())
        left = math.inf
        for _ in range(most):
            moved = probabilities * (self.design @ direction)
            moved -= probabilities * moved.sum(1, keepdim=True)
            curved = self.design.T @ moved + penalty * self.penalised * direction
            length = fit / float((direction * curved).sum())
            step += length * direction
            residual -= length * curved
            left = float((counts * residual).norm())
            if left <= enough:
                break
            scaled = _balanced(scale * residual)
            fit, old = float((residual * scaled).sum()), fit
            direction = scaled + fit / old * direction
        return step, left

    def _along(self, at: _Point, step: Tensor, slope: float, penalty: float) -> _Point | None:
        """Return the first point on the way, halved again and again, that lies clearly lower."""
        ahead = self.design @ step
        for share in (0.5**halvings for halvings in range(30)):
            point = self.at(at.weights + share * step, at.logits + share * ahead, penalty)
            if point.loss <= at.loss + 1e-4 * share * slope + 1e-13 * abs(at.loss):
                return point
        return None
