import numpy as np
import torch
from torch import nn

from simzoo.audit.checks import dead_channels, empty_filters, misfit


def test_channels_that_never_change_are_dead():
    values = np.random.default_rng(0).normal(size=(50, 6))
    assert dead_channels(values) == 0
    values[:, 1], values[:, 4] = 3.0, 0.0
    assert dead_channels(values) == 2
    assert dead_channels(np.ones((5, 3))) == 3


def test_layers_with_filters_of_zeros_are_named():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.Conv2d(4, 4, 1)), nn.Linear(4, 2))
    assert empty_filters(module) == []
    with torch.no_grad():
        module[1][0].weight[2] = 0
        module[2].weight[0] = 0
    assert empty_filters(module) == ["1.0", "2"]


def test_the_misfit_is_the_divergence_of_gaussians_from_what_the_norm_learnt():
    norm = nn.BatchNorm2d(1, eps=0.0)
    pixels = torch.randn(8, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    mean, variance = float(pixels.mean()), float(pixels.var(correction=1))
    norm.running_mean.fill_(mean)
    norm.running_var.fill_(variance)
    assert abs(misfit(nn.Sequential(norm), norm, pixels)) < 1e-6
    norm.running_mean.fill_(mean + 2)
    norm.running_var.fill_(4 * variance)
    expected = (variance / (4 * variance) + 4 / (4 * variance) - 1 + np.log(4)) / 2
    assert abs(misfit(nn.Sequential(norm), norm, pixels) - expected) < 1e-5
    assert not norm._forward_pre_hooks


def test_a_norm_that_never_runs_has_no_misfit():
    norm = nn.BatchNorm2d(1)
    assert misfit(nn.Identity(), norm, torch.zeros(2, 1, 4, 4)) == 0.0
