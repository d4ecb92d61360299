"""What a model costs to run: operations of one image, images a second."""

from __future__ import annotations

import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from simzoo.models.load import Model

TIMED = 16  # blank images at once
ROUNDS = 3  # of which the quickest counts


@torch.no_grad()
def operations(model: Model) -> int:
    """Return the floating-point operations of one image: a multiplication and an addition count as two.

    Counted by torch: convolutions, matrix products and attention. What is done elementwise is left out, as usual.
    """
    device = next((parameter.device for parameter in model.module.parameters()), torch.device("cpu"))
    counter = FlopCounterMode(display=False)
    with counter:
        model.module(torch.zeros(1, 3, model.feed.size, model.feed.size, device=device))
    return int(counter.get_total_flops())


@torch.inference_mode()
def images_per_second(model: Model) -> float:
    """Return how many blank images of the model's size pass it in a second, the best of three rounds of 16 at once."""
    device = next((parameter.device for parameter in model.module.parameters()), torch.device("cpu"))
    pixels = torch.zeros(TIMED, 3, model.feed.size, model.feed.size, device=device)
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        model.module(pixels)
        if pixels.is_cuda:
            torch.cuda.synchronize(device)
        spent.append(time.perf_counter() - start)
    return TIMED / min(spent)
