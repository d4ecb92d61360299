from itertools import pairwise

import pytest
import torch
from torch import nn

from simzoo.cards import Settings
from simzoo.training.optimise import optimiser, schedule


def settings(**changes):
    return Settings(epochs=1, batch_size=8, optimizer="sgd", learning_rate=1.0, weight_decay=0.1, **changes)


def test_biases_and_norms_take_no_weight_decay():
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    decayed, plain = optimiser([network], settings()).param_groups
    assert [p.shape for p in decayed["params"]] == [(4, 3)]
    assert decayed["weight_decay"] == 0.1
    assert len(plain["params"]) == 3
    assert plain["weight_decay"] == 0


def test_frozen_parameters_are_left_out():
    network = nn.Linear(3, 4).requires_grad_(requires_grad=False)
    assert all(not group["params"] for group in optimiser([network], settings()).param_groups)


@pytest.mark.parametrize(("name", "kind"), [("sgd", torch.optim.SGD), ("adamw", torch.optim.AdamW)])
def test_the_optimiser_is_the_librarys(name, kind):
    assert isinstance(optimiser([nn.Linear(2, 2)], settings().model_copy(update={"optimizer": name})), kind)


def test_the_rate_rises_over_the_warm_up_and_falls_as_a_cosine_to_zero():
    chosen = optimiser([nn.Linear(2, 2)], settings())
    rates, wanted = [], schedule(chosen, 100, warmup=0.1)
    for _ in range(100):
        rates.append(wanted.get_last_lr()[0])
        chosen.step()
        wanted.step()
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.5, abs=1e-9)
    assert rates[99] < 1e-3
    assert all(a >= b for a, b in pairwise(rates[10:]))
