"""Why a training stopped: the first thing on the way from images to loss that is not finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.errors import TrainingError
from simzoo.training.prepare import Run


def not_finite(run: Run, views: list[Tensor], place: str) -> TrainingError:
    """Return the error for a loss that is not finite; `views` are normalised."""
    return TrainingError(
        f"the loss of {run.spec.name} is not finite",
        expected="a finite loss",
        got=f"{place}; {_cause(run, views)}",
        next_step="lower learning_rate in the recipe, or lengthen its warmup",
    )


def require_finite_weights(run: Run, place: str) -> None:
    """Refuse to keep weights that the last step made infinite or undefined: no later loss would tell."""
    if name := broken_weight(run):
        raise TrainingError(
            f"the weights of {run.spec.name} are not finite",
            expected="finite weights",
            got=f"{name} is not, {place}",
            next_step="lower learning_rate in the recipe, or lengthen its warmup",
        )


def broken_weight(run: Run) -> str:
    """Return the name of the first parameter or running statistic that is not finite, or nothing.

    Other buffers may be infinite on purpose, as masks of attention are.
    """
    for part in (run.model.module, run.heads):
        moving = ((name, value) for name, value in part.named_buffers() if "running_" in name)
        for name, value in (*part.named_parameters(), *moving):
            if value.is_floating_point() and not bool(value.isfinite().all()):
                return name
    return ""


def _cause(run: Run, views: list[Tensor]) -> str:
    """Say what the first thing is that is not finite."""
    if not all(bool(view.isfinite().all()) for view in views):
        return "so are the images"
    if name := broken_weight(run):
        return f"the weights are not either, first {name}: the step before was too large"
    if name := _first_layer(run.model.module, lambda: run.model.features(views[0])):
        return f"the weights are finite, the output of {name} is not"
    return "weights and features are finite: the objective's own part of it is not"


@torch.no_grad()
def _first_layer(network: nn.Module, forward: Callable[[], Tensor]) -> str:
    """Return the first layer in the order of the forward pass whose output is not finite, or nothing."""
    found: list[str] = []

    def look(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _given: Any, out: Any) -> None:
            if isinstance(out, Tensor) and not bool(out.isfinite().all()):
                found.append(name)

        return hook

    leaves = [(name, part) for name, part in network.named_modules() if name and not any(part.children())]
    handles = [part.register_forward_hook(look(name)) for name, part in leaves]
    try:
        forward()
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else ""
