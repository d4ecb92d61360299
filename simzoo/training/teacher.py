"""A teacher: a copy of network and heads that follows them as an exponential moving average."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Teacher(nn.Module):
    """A copy of a network with its heads, without gradients; its norms take the statistics of its own batches.

    With momentum m a parameter becomes m x itself + (1 - m) x the student's. m goes from the option `momentum` to
    `momentum_end` (as it began, if absent) by half a cosine over the training.
    """

    def __init__(
        self,
        backbone: Callable[[Tensor], Tensor],
        *heads: nn.Module,
        options: Mapping[str, Any],
        momentum: float = 0.99,
        momentum_end: float | None = None,
    ) -> None:
        """Copy what it follows; `backbone` is the method of a model that gives features.

        `momentum` and `momentum_end` are those of a recipe that does not name them.
        """
        super().__init__()
        student: Any = backbone
        self.features: Any = copy.deepcopy(student)  # with the model whose method it is
        self.module: nn.Module = self.features.__self__.module
        self.heads = nn.Sequential(*copy.deepcopy(heads))
        self.requires_grad_(requires_grad=False).train()
        self.followed: tuple[nn.Module, ...] = (student.__self__.module, *heads)  # a tuple is no part of the state
        self.start = options.get("momentum", momentum)
        self.end = options.get("momentum_end", self.start if momentum_end is None else momentum_end)

    @torch.no_grad()
    def forward(self, pixels: Tensor) -> Tensor:
        """Return what the heads make of the features, without gradients."""
        out: Tensor = self.heads(self.features(pixels))
        return out

    def follow(self, done: int, total: int) -> None:
        """Move towards the student, after step `done` of `total`."""
        from lightly.models.utils import update_momentum
        from lightly.utils.scheduler import cosine_schedule

        momentum = cosine_schedule(done - 1, total, self.start, self.end)
        for student, mine in zip(self.followed, (self.module, *self.heads), strict=True):
            update_momentum(student, mine, momentum)


class Taught:
    """What objectives with a teacher share; options `momentum` and `momentum_end` are those of `Teacher`.

    It moves after the optimiser's step, as in the papers. lightly's examples move it before the next forward pass: the
    same but at the very first step.
    """

    teacher: Teacher

    def after_step(self, done: int, total: int) -> None:
        """Let the teacher follow."""
        self.teacher.follow(done, total)
