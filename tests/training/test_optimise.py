import copy
from itertools import pairwise

import lightly.utils.lars
import pytest
import torch
from torch import nn

from simzoo.recipes import Settings
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


def test_biases_and_norms_decay_where_the_recipe_says_so():
    decayed, plain = optimiser([nn.Linear(3, 4)], settings(decay="all")).param_groups
    assert decayed["weight_decay"] == plain["weight_decay"] == 0.1


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("name", ["sgd", "lars"])
def test_nesterov_is_the_recipes(name, nesterov):
    chosen = optimiser([nn.Linear(3, 4)], settings(nesterov=nesterov).model_copy(update={"optimizer": name}))
    assert {group["nesterov"] for group in chosen.param_groups} == {nesterov}
    still = settings(nesterov=nesterov, momentum=0.0).model_copy(update={"optimizer": name})
    assert not any(group["nesterov"] for group in optimiser([nn.Linear(3, 4)], still).param_groups)


def test_a_step_of_lars_is_that_of_the_paper_for_weights_and_of_sgd_for_biases():
    torch.manual_seed(0)
    layer = nn.Linear(3, 4)
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    given = settings(momentum=0.0, trust=0.02).model_copy(update={"optimizer": "lars"})
    chosen = optimiser([layer], given)
    layer(torch.randn(5, 3)).square().mean().backward()
    gradient = layer.weight.grad.clone()
    chosen.step()
    rate = 0.02 * weight.norm() / (gradient.norm() + 0.1 * weight.norm())
    assert torch.allclose(layer.weight, weight - rate * (gradient + 0.1 * weight), atol=1e-6)
    assert torch.allclose(layer.bias, bias - layer.bias.grad, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "kind"), [("sgd", torch.optim.SGD), ("adamw", torch.optim.AdamW), ("lars", lightly.utils.lars.LARS)]
)
def test_the_optimiser_is_the_librarys(name, kind):
    assert isinstance(optimiser([nn.Linear(2, 2)], settings().model_copy(update={"optimizer": name})), kind)


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_fused_step_is_the_plain_one(name):
    given = settings(momentum=0.9).model_copy(update={"optimizer": name, "learning_rate": 0.01})
    plain = {
        "sgd": lambda groups: torch.optim.SGD(groups, lr=0.01, momentum=0.9, nesterov=True, fused=False),
        "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.999), foreach=False, fused=False),
    }[name]
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    theirs = copy.deepcopy(ours)
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in theirs.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    images = torch.randn(5, 3)
    for network, chosen in ((ours, optimiser([ours], given)), (theirs, plain(groups))):
        for _ in range(20):
            chosen.zero_grad()
            network(images).square().mean().backward()
            chosen.step()
        assert chosen.defaults["fused"] is (network is ours)
    for mine, wanted in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "weight",
    [lambda: torch.randn(8, 8)[:, ::2], lambda: torch.randn(8, 4, 3, 3)[:, :3], lambda: torch.randn(8, 3) + 0j],
    ids=["every other column", "fewer channels", "complex"],
)
@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_weights_that_fused_steps_would_spoil_take_plain_ones(name, weight):
    layer = nn.Module()
    layer.weight = nn.Parameter(weight())
    chosen = optimiser([layer], settings().model_copy(update={"optimizer": name, "learning_rate": 0.01}))
    assert not chosen.defaults["fused"]
    before = layer.weight.abs().sum().item()
    for _ in range(5):
        chosen.zero_grad()
        layer.weight.abs().square().sum().backward()
        chosen.step()
    assert layer.weight.abs().sum().item() < before


def test_weights_whose_channels_come_last_take_fused_steps():
    layer = nn.Conv2d(4, 8, 3).to(memory_format=torch.channels_last)
    assert optimiser([layer], settings()).defaults["fused"]


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
