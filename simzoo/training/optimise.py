"""Optimisers and the learning-rate schedule, from the libraries, by the recipe's words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from simzoo.recipes import Settings


def optimiser(modules: Iterable[nn.Module], settings: Settings) -> torch.optim.Optimizer:
    """Return the optimiser; biases and norm parameters (one axis) take no weight decay, unless the recipe says so.

    SGD and AdamW take torch's fused steps where they can: on a CPU a quarter of the time of plain ones, which is a
    seventh of a ResNet18's training. LARS scales the steps of what decays alone, so it needs a `weight_decay` above 0,
    however small.
    """
    parameters = [parameter for module in modules for parameter in module.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {
            "params": [p for p in parameters if p.ndim <= 1],
            "weight_decay": settings.weight_decay if settings.decay == "all" else 0.0,
        },
    ]
    common: dict[str, Any] = {"lr": settings.learning_rate, "momentum": settings.momentum}
    common["nesterov"] = settings.nesterov and settings.momentum > 0
    fused = all(map(_fusible, parameters))
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, fused=fused, **common)
    if settings.optimizer == "lars":
        from lightly.utils.lars import LARS

        made: torch.optim.Optimizer = LARS(groups, trust_coefficient=settings.trust, **common)
        return made
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(settings.momentum, 0.999), fused=fused)


def _fusible(parameter: nn.Parameter) -> bool:
    """Whether a fused step is right: torch's walk memory, and would change what lies between the rows of a slice."""
    dense = parameter.is_contiguous() or (
        parameter.ndim == 4 and parameter.is_contiguous(memory_format=torch.channels_last)
    )
    return parameter.is_floating_point() and dense


def schedule(chosen: torch.optim.Optimizer, steps: int, warmup: float) -> LambdaLR:
    """Return a linear warm-up over the share `warmup` of all steps, then a cosine to zero."""
    rising = max(1, round(warmup * steps))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))

    return LambdaLR(chosen, factor)
